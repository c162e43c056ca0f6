"""The judge of smoke requests, before any user meets the new version."""

from delivery.judge.sequential import SequentialJudge
from delivery.judgement import Verdict
from delivery.slo import load_slo
from delivery.smoke import Answer

JUDGE = SequentialJudge(load_slo("order"))


def smoke(*answers, version="v2"):
    return JUDGE.smoke([Answer("/orders", *answer) for answer in answers], version)


def test_smoke_needs_every_answer_right():
    good = (200, "v2", 0.01)
    assert smoke(*[good] * 50).verdict is Verdict.PASSED
    assert smoke(*[good] * 49, (500, "v2", 0.01)).verdict is Verdict.FAILED
    assert "version v1 answered instead of v2" in smoke(*[good] * 49, (200, "v1", 0.01)).reason
    assert "no answer (refused)" in smoke(good, (0, "", 0.0, "refused")).reason
    assert smoke().verdict is Verdict.INCONCLUSIVE


def test_smoke_forgives_a_cold_start_and_no_more():
    good, late = (200, "v2", 0.01), (200, "v2", 0.4)
    assert smoke(*[good] * 47, *[late] * 3).verdict is Verdict.PASSED
    assert smoke(*[late] * 50).verdict is Verdict.FAILED
