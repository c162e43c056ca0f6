"""What the judge promises, by simulation: few false alarms, quick findings, and no promotion beyond the margin.

Rates come with the bound of Clopper and Pearson, so that none holds by luck; the seeds are fixed.
"""

import math

import numpy as np
import pytest
from tests.unit.delivery.judge.worlds import BASELINE, World, evidence

from delivery.judge.bets import on_both, on_errors
from delivery.judge.binomial import upper_bound
from delivery.judge.harm import Wealth
from delivery.judge.measures import FEW_ERRORS
from delivery.judge.safety import log_payments
from delivery.judge.sequential import SequentialJudge
from delivery.judgement import Verdict
from delivery.slo import load_slo

SLO = load_slo("order")
JUDGE = SequentialJudge(SLO)
ALPHA, BETA = SLO.analysis.alpha, SLO.analysis.beta
SURE = 0.05


def walk(world, scrapes, alpha):
    """Return the canary requests until errors have rolled back, None if they never do."""
    wealth, seen = Wealth(on_errors()), 0
    for each in (world.block() for _ in range(scrapes)):
        sides = each.candidate, each.reference
        wealth.block(*[(side.requests - side.errors, side.errors) for side in sides])
        seen += each.candidate.requests
        if wealth.reached(alpha):
            return seen
    return None


@pytest.mark.parametrize(("share", "weight"), [(0.001, 10), (0.01, 10), (0.01, 50), (0.2, 5)])
def test_false_alarms_stay_under_alpha(share, weight):
    # Ten times the alpha of a release, so that some hundred walks tell.
    alpha, walks = 0.1, 250
    worlds = [World(seed, rate=100, weight=weight, new=share, old=share) for seed in range(walks)]
    alarms = sum(walk(world, 80, alpha) is not None for world in worlds)
    assert upper_bound(alarms, walks, SURE) <= alpha


def test_a_judge_that_counts_each_look_for_itself_would_be_caught():
    """The same walks, with a test at level alpha at each scrape: what the promise is worth."""
    alpha, walks, alarms = 0.1, 100, 0
    for seed in range(walks):
        world, bad = World(seed, rate=100, weight=50, new=0.05, old=0.05), np.zeros(2)
        requests = np.zeros(2)
        for each in world.blocks(80):
            bad += each.candidate.errors, each.reference.errors
            requests += each.candidate.requests, each.reference.requests
            pooled = bad.sum() / requests.sum()
            spread = math.sqrt(max(pooled * (1 - pooled), 1e-9) * (1 / requests).sum())
            if (bad[0] / requests[0] - bad[1] / requests[1]) / spread > 1.2816:
                alarms += 1
                break
    assert alarms > 3 * alpha * walks


def test_the_whole_judge_leaves_sound_releases_alone():
    releases = 60
    findings = [
        JUDGE.examine(evidence(World(seed, weight=25, new=0.005, old=0.005).blocks(30))) for seed in range(releases)
    ]
    assert sum(finding.verdict is Verdict.FAILED for finding in findings) == 0


def bound(weight, new, old):
    """Return the canary requests that theory asks for at least (see docs/judge.md)."""

    def divergence(share, pooled):
        pairs = ((share, pooled), (1 - share, 1 - pooled))
        return sum(of * math.log(of / to) for of, to in pairs if of)

    pooled = weight * new + (1 - weight) * old
    gain = weight * divergence(new, pooled) + (1 - weight) * divergence(old, pooled)
    return weight * math.log(1 / ALPHA) / gain


@pytest.mark.parametrize(
    ("rate", "weight", "new", "old"),
    [(500, 10, 0.05, 0.001), (50, 10, 0.2, 0.001), (500, 50, 0.05, 0.01), (200, 2, 1.0, 0.001), (500, 1, 0.05, 0.001)],
)
def test_errors_are_found_with_hardly_more_requests_than_theory_asks_for(rate, weight, new, old):
    found = [walk(World(seed, rate=rate, weight=weight, new=new, old=old), 500, ALPHA) for seed in range(240)]
    assert None not in found
    assert sum(found) / len(found) <= 1.6 * bound(weight / 100, new, old) + rate * weight / 100


def test_errors_beside_times_are_found_with_little_more():
    requests = []
    for seed in range(40):
        world, wealth, seen = World(seed, weight=10, new=0.05, old=0.001), Wealth(on_both(BASELINE)), 0
        while not wealth.reached(ALPHA):
            each = world.block()
            seen += each.candidate.requests
            wealth.block(*[_joint(side, world.chance) for side in (each.candidate, each.reference)])
        requests.append(seen)
    assert sum(requests) / len(requests) <= 2.0 * bound(0.1, 0.05, 0.001) + 20


def _joint(side, chance):
    """Return a side's latency classes without its failed requests, and these as one class more."""
    failed = chance.multivariate_hypergeometric(side.timed, side.errors)
    return (*(np.array(side.timed) - failed).tolist(), side.errors)


@pytest.mark.parametrize(("slower", "scrapes"), [(0.2, 60), (0.5, 20), (1.0, 8)])
def test_slower_versions_are_found(slower, scrapes):
    worlds = [World(seed, weight=25, slower=slower) for seed in range(15)]
    found = [JUDGE.examine(evidence(world.blocks(scrapes))).verdict for world in worlds]
    assert found.count(Verdict.FAILED) >= 14


def promoted(new, old, releases, scrapes=100):
    """Return how many releases prove at any of their scrapes that they fail at most half a point more often."""
    count = 0
    for seed in range(releases):
        chance = np.random.default_rng(seed)
        requests = np.full((scrapes, 2), 250)
        bad = chance.binomial(requests, (new, old)).astype(float)
        logs = np.cumsum(log_payments(bad, requests.astype(float), 0.005, FEW_ERRORS))
        count += bool(logs.max() >= -math.log(BETA))
    return count


def test_a_canary_that_fails_half_as_often_again_is_not_promoted():
    releases = 400
    assert upper_bound(promoted(0.015, 0.01, releases), releases, SURE) <= BETA


def test_the_budget_is_no_proof_and_a_sound_canary_has_one():
    assert promoted(0.01, 0.01, 60) >= 57
