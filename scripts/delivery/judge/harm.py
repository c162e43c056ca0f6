"""Evidence of harm, by betting: the wealth of one who bets, scrape after scrape, that the new version is worse.

Within a block the requests are taken as they are, and only which of them were the new version's is left to chance. Is
the new version no worse, each bet is fair: on average it pays 1, whatever the rate of errors, the weight, and what
happened in the blocks before. So the wealth is a nonnegative martingale that begins at 1, and by Ville's inequality
the chance that it ever reaches 1/alpha is at most alpha, however often somebody looks. What it asks for is that the
labels of a block are exchangeable: that both versions took their requests from the same users at the same time.

A new version that is better earns less still. Of one of its requests, put weight b in place of a < b: what is paid
grows by b/a, and what it is divided by by no more, for it is P + x Q in the weight x. So payments fall where the new
version's requests move to classes of less weight, and the mean, 1 for an equal version, with them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from delivery.judge.bets import Bets
from delivery.judge.normaliser import Array, log_mean

# Kept back for harm that begins late, when the bets have lost their stakes; and how much of it each block puts back.
CASH = 0.2
PUT_BACK = 1e-3
# Blocks whose factors are kept: a release of an hour at one scrape a second, on both kinds of evidence.
REMEMBERED = 8192


class Wealth:
    """What became of 1 that was divided between bets, and some cash; all of it in logarithms.

    Args:
        bets: what is bet on.

    Attributes:
        log: logarithm of the wealth now.
        highest: logarithm of the most it has ever been after a block.
    """

    def __init__(self, bets: Bets) -> None:
        self._bets = bets
        self._shares = np.log(np.array(bets.shares))
        self._placed = self._shares + math.log1p(-CASH)
        self._cash = math.log(CASH)
        self.log = 0.0
        self.highest = 0.0

    def block(self, candidate: Sequence[int], reference: Sequence[int], tempering: float = 1.0) -> float:
        """Take in one block and return the logarithm of the wealth after it.

        Without requests on one side there is nothing to compare, and the wealth stays what it is.

        Args:
            candidate: the new version's requests by class.
            reference: the stable version's.
            tempering: the logarithm of what the block pays is divided by this, at least 1. Where errors come in bursts
                they are so many times less telling. It only lowers what a block pays on average, so alpha holds.

        Raises:
            ValueError: a side has other classes than the bets.
        """
        if sum(candidate) and sum(reference):
            self._pay(log_factors(self._bets, tuple(candidate), tuple(reference)), tempering)
        return self.log

    def mixed_block(
        self, candidate: Sequence[int], reference: Sequence[int], most: float, tempering: float = 1.0
    ) -> float:
        """Take in a block in which the weight changed and return the logarithm of the wealth after it.

        Labels are not exchangeable in it, but each request was the new version's with a chance of at most the largest
        weight, whatever became of it. A bet of weight phi >= 1 on its class then pays at most 1 on average if divided
        by 1 + most (phi - 1) for each request of the class, whosever it was.

        Args:
            candidate: the new version's requests by class.
            reference: the stable version's.
            most: the largest weight, as a share.
            tempering: see `block`.

        Raises:
            ValueError: a bet gives a class less weight than 1, for which this does not hold.
        """
        weights, counts = np.array(self._bets.weights), np.array(candidate, float)
        if (weights < 0).any():
            raise ValueError("a block of two weights can only be bet on by classes that are worse than others")
        whole = counts + np.array(reference, float)
        self._pay(weights @ counts - np.log1p(most * np.expm1(weights)) @ whole, tempering)
        return self.log

    def reached(self, alpha: float) -> bool:
        """Tell whether the wealth has ever reached 1/alpha."""
        return self.highest >= -math.log(alpha)

    def _pay(self, paid: Array, tempering: float) -> None:
        self._placed = self._placed + paid / max(1.0, tempering)
        self.log = float(np.logaddexp(np.logaddexp.reduce(self._placed), self._cash))
        self.highest = max(self.highest, self.log)
        self._put_back()

    def _put_back(self) -> None:
        self._placed = np.logaddexp(self._placed, self._shares + self._cash + math.log(PUT_BACK))
        self._cash += math.log1p(-PUT_BACK)


@lru_cache(maxsize=REMEMBERED)
def log_factors(bets: Bets, candidate: tuple[int, ...], reference: tuple[int, ...]) -> Array:
    """Return for each bet the logarithm of what a block pays; on average over who is who, each pays exactly 1.

    Raises:
        ValueError: a side has other classes than the bets, or a count is negative.
    """
    if {len(candidate), len(reference)} != {len(bets.weights[0])} or min(candidate + reference) < 0:
        raise ValueError(f"{len(bets.weights[0])} counts a side are bet on, not {candidate} beside {reference}")
    weights, counts = np.array(bets.weights), np.array(candidate, float)
    whole = counts + np.array(reference, float)
    seen = whole > 0
    # All of a kind, or all of one version: nothing can be told from that, and the division must not blur it.
    if seen.sum() < 2 or not 0 < counts.sum() < whole.sum():
        factors = np.zeros(len(weights))
    else:
        weights, counts, whole = weights[:, seen], counts[seen], whole[seen]
        factors = weights @ counts - log_mean(weights, whole, int(counts.sum()))
    factors.flags.writeable = False
    return factors
