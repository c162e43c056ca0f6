"""Worlds in which a judge is tried: a baseline, and blocks in which both versions do as they are told."""

import itertools

import numpy as np

from delivery.judge.evidence import Baseline, Block, Demand, Evidence, Side

# Bounds at the baseline's quantiles, the objective's threshold, and beyond all that was ever seen.
BASELINE = Baseline(
    bounds=(0.01, 0.02, 0.03, 0.04, 0.05, 0.08, 0.12, 0.25),
    shares=(0.25, 0.25, 0.25, 0.15, 0.05, 0.04, 0.009, 0.001, 0.0),
    requests=4000,
    seconds=20.0,
)
LAST = Demand(errors=0.005, slow=0.05, typical=0.05, tail=0.01)
FIRST = Demand(errors=0.5, slow=0.5, typical=0.5, tail=0.5)


def side(requests, errors=0, slow=0, timed=True):
    """Return a side whose requests take as long as the baseline's, the slow ones longer than the threshold."""
    if not timed:
        return Side(requests, errors, ())
    edges = [round((requests - slow) * share) for share in itertools.accumulate(BASELINE.shares)]
    classes = [high - low for low, high in itertools.pairwise([0, *edges])]
    return Side(requests, errors, (*classes[:-1], classes[-1] + slow))


def block(candidate, reference, number=0, weight=10):
    return Block(candidate, reference, float(number), float(number + 1), weight)


def evidence(blocks, demand=LAST, baseline=BASELINE):
    return Evidence(tuple(blocks), baseline, demand)


class World:
    """Two versions beside each other, scrape by scrape.

    Args:
        seed: of all that happens by chance.
        rate: requests a scrape.
        weight: percent of them on the new version.
        new: share of the new version's requests that fail.
        old: of the stable version's.
        slower: share of the new version's requests that move to the next slower class.
    """

    def __init__(self, seed, rate=200, weight=10, new=0.001, old=0.001, slower=0.0):
        self.chance = np.random.default_rng(seed)
        self.rate, self.weight, self.slower = rate, weight, slower
        self.new, self.old = new, old
        self.number = -1

    def block(self):
        self.number += 1
        candidates = int(self.chance.binomial(self.rate, self.weight / 100))
        shares = np.array(BASELINE.shares)
        moved = np.append(0.0, shares[:-1]) + np.append(np.zeros(len(shares) - 1), shares[-1])
        new = self._side(candidates, self.new, self.slower * moved + (1 - self.slower) * shares)
        return block(new, self._side(self.rate - candidates, self.old, shares), self.number, self.weight)

    def blocks(self, count):
        return [self.block() for _ in range(count)]

    def _side(self, requests, failing, shares):
        errors = int(self.chance.binomial(requests, failing))
        return Side(requests, errors, tuple(self.chance.multinomial(requests, shares).tolist()))
