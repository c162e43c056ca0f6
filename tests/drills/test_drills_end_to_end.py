"""The drills as they are, on the embedded cluster: both strategies, and each way of being bad at least once.

`make demo` runs all eight of them; here those that between them go through every step.
"""

import pytest

pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize("drill", ["blue-green", "canary"])
def test_a_sound_release_is_promoted_without_one_failed_request(perform, drill):
    done = perform(drill, "sound")
    assert (done.ruling.verdict, done.record.outcome) == ("Passed", "Promoted"), done.ruling.reason


@pytest.mark.parametrize(("drill", "twin"), [("canary", "errors"), ("canary", "crash"), ("blue-green", "slow")])
def test_a_bad_release_is_rolled_back_in_time(perform, drill, twin):
    done = perform(drill, twin)
    assert (done.ruling.verdict, done.record.outcome) == ("Passed", "RolledBack"), done.ruling.reason
