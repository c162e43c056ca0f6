"""Errors that both versions have from the moment of a shift on are the canary's fault only to who mixes two weights."""

import random

from delivery.counters.beside import Beside
from delivery.counters.blocks import Blocks
from delivery.counters.tally import Increase, Tally
from delivery.journal.shift import Shift
from delivery.judge.bets import on_errors
from delivery.judge.evidence import Baseline
from delivery.judge.harm import Wealth
from delivery.slo import load_slo

ALPHA = load_slo("order").analysis.alpha / 2
BASELINE = Baseline((0.25,), (0.95, 0.05), 1000, 20.0, allowed=(0.25,))
SCRAPE, RATE, RELEASES = 1.0, 100, 200
STEPS = (10, 50)


def release(dice, *, mixes):
    """Return whether a release is rolled back in which no request is worse with the canary than with stable.

    Somewhere within a scrape the weight changes, and all requests fail for three seconds from one of the changes on.
    """
    changes = [(3 + 5 * step + dice.random(), weight) for step, weight in enumerate(STEPS)]
    failing = dice.choice(changes)[0]
    gathered = Blocks(Beside([Shift(at - 0.02, at + 0.02, weight) for at, weight in changes], BASELINE, 0.0))
    for scrape in range(13):
        requests = [scrape + place / RATE for place in range(round(RATE * SCRAPE))]
        gathered.take(Increase("g1", scrape, scrape + SCRAPE, served(requests, changes, failing, dice)))
    wealth = Wealth(on_errors())
    for block in gathered.closed:
        sides = [(side.requests - side.errors, side.errors) for side in (block.candidate, block.reference)]
        if block.mixed and mixes:
            wealth.mixed_block(*sides, block.weight / 100)
        else:
            wealth.block(*sides)
    return wealth.reached(ALPHA)


def served(requests, changes, failing, dice):
    counts = {"canary": [0, 0], "stable": [0, 0]}
    for at in requests:
        weight = max((weight for change, weight in changes if change <= at), default=0)
        side = counts["canary" if dice.random() < weight / 100 else "stable"]
        side[0] += 1
        side[1] += failing <= at < failing + 3
    return {track: Tally(*numbers) for track, numbers in counts.items()}


def rolled_back(*, mixes=True):
    dice = random.Random(1)
    return sum(release(dice, mixes=mixes) for _ in range(RELEASES))


def test_what_both_versions_have_is_blamed_on_nobody():
    # 1 of 200 is what alpha allows on average; as many as 6 would come once in a thousand times.
    assert rolled_back() <= 5


def test_who_takes_a_mix_for_one_weight_blames_the_canary():
    assert rolled_back(mixes=False) > RELEASES / 4
