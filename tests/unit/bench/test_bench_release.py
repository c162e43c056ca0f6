"""Real releases: what they cost is read off the users' requests, and the fixed thresholds decide as they should."""

import pytest

from bench import harm, released
from bench.harm import Course, Harm
from bench.released import FIXED, OURS, Released
from bench.rivals.flagger import Flagger
from bench.rivals.threshold import ThresholdJudge
from delivery.judge.evidence import Baseline, Block, Demand, Evidence, Side
from delivery.judgement import Outcome, Verdict
from drills.probes import Sample

BASELINE = Baseline(bounds=(0.1, 0.5, 1.0), shares=(0.9, 0.1, 0.0, 0.0), requests=1000, seconds=10.0)
DEMAND = Demand(0.0, 0.0, 0.0, 0.0)
FAST, SLOW = (20, 0, 0, 0), (10, 0, 10, 0)


def sample(due, version, error=None):
    return Sample(due, 5.0, 200, version, "", "GET", "/orders", "order", 0.0, error)


def evidence(seconds, errors=0, timed=FAST, sound_after=None):
    """Return a block a second, of 20 canary requests each, from second 100 on."""
    blocks = []
    for second in range(seconds):
        bad = errors if sound_after is None or second < sound_after else 0
        blocks.append(Block(Side(20, bad, timed), Side(180, 0, FAST), 100.0 + second, 101.0 + second, 10))
    return Evidence(tuple(blocks), BASELINE, DEMAND)


def test_harm_counts_from_the_first_failure():
    samples = [sample(9.0, "v2"), sample(10.0, "v2"), sample(10.5, "v2", "status 500"), sample(11.2, "v2")]
    assert harm.of(Course(10.0, 11.5, "v2"), samples) == Harm(hurt=1, met=3, detect=1.0, back=0.7)


def test_without_failures_it_counts_from_the_first_user_who_met_it():
    samples = [sample(10.0, "v1"), sample(10.4, "v2"), sample(20.4, "v2")]
    assert harm.of(Course(10.0, 21.4, "v2"), samples) == Harm(hurt=0, met=2, detect=11.0, back=10.0)


def test_a_request_without_an_answer_is_somebody_hurt():
    samples = [sample(10.1, None, "no answer"), sample(10.2, "v2")]
    assert harm.of(Course(10.0, 11.0, "v2"), samples).hurt == 1


def test_a_release_that_nobody_met_tells_nothing():
    with pytest.raises(ValueError, match="v2"):
        harm.of(Course(10.0, 11.0, "v2"), [sample(10.1, "v1")])


def judge():
    return ThresholdJudge(Flagger(10, 2, 10))


def test_fixed_thresholds_look_once_an_interval():
    fixed = judge()
    assert fixed.examine(evidence(9)).verdict is Verdict.INCONCLUSIVE
    assert fixed.examine(evidence(10)).verdict is Verdict.PASSED
    assert fixed.examine(evidence(11)).verdict is Verdict.INCONCLUSIVE
    assert fixed.examine(evidence(20)).verdict is Verdict.PASSED


@pytest.mark.parametrize("bad", [{"errors": 4}, {"errors": 20}, {"timed": SLOW}], ids=["some fail", "all fail", "slow"])
def test_fixed_thresholds_roll_back_at_the_look_after_the_last_bad_one(bad):
    fixed = judge()
    said = [fixed.examine(evidence(seconds, **bad)).verdict for seconds in (10, 20, 29, 30)]
    assert said == [Verdict.INCONCLUSIVE] * 3 + [Verdict.FAILED]


def test_failed_looks_of_earlier_weights_count():
    fixed = judge()
    assert fixed.examine(evidence(30, errors=4, sound_after=10)).verdict is Verdict.PASSED


def test_without_any_traffic_it_waits():
    assert judge().examine(Evidence((), BASELINE, DEMAND)).verdict is Verdict.INCONCLUSIVE


def ended(outcome=Outcome.ROLLED_BACK, hurt=0, detect=1.0, back=1.0):
    return Released(outcome, "harm", {}, 5.0, Harm(hurt, 20, detect, back))


def found(**changed):
    """Return releases that reach every target, but for those that are named."""
    good = {"100 % errors": ended(hurt=10), "20 % errors": ended(), "+50 % latency": ended(detect=30.0)}
    good["sound"] = ended(Outcome.PROMOTED)
    ours = {(name, OURS): [each] for name, each in good.items()}
    return {**ours, **{(name, OURS): [good[name], each] for name, each in changed.items()}}


def missed(releases):
    return [target.what for target in released.targets(releases) if not target.reached]


def test_good_releases_reach_every_target():
    assert missed(found()) == []


@pytest.mark.parametrize(
    ("name", "release", "what"),
    [
        ("100 % errors", ended(hurt=11), "hurt users"),
        ("20 % errors", ended(back=3.1), "all back within 3 s"),
        ("+50 % latency", ended(detect=31.0), "within 30 s"),
        ("sound", ended(), "Promoted"),
        ("20 % errors", ended(Outcome.PROMOTED), "RolledBack"),
    ],
)
def test_the_worst_release_decides_a_target(name, release, what):
    [said] = missed(found(**{name: release}))
    assert what in said


def test_the_fixed_thresholds_have_no_targets():
    assert missed({**found(), ("sound", FIXED): [ended()]}) == []


def test_the_table_has_the_median_and_the_worst():
    [row] = released.grid({("20 % errors", OURS): [ended(hurt=hurt) for hurt in (1, 2, 9)]}, 200.0).rows
    assert row[:3] == ["20 % errors, this judge", "0 promoted, 3 rolled back", "2 (9)"]
