"""Evidence of safety, by betting against harm: is the new version's share of bad requests delta above the stable one's?

Before each block one bets that both versions have the same share p of bad requests, as far as the past tells. The
opponent may choose any pair with q_new = q_old + delta, and gets the nearest one (Kullback and Leibler, weighted by
the requests of each side). The block pays the likelihood of the bet over that of the opponent.

Why no version beyond delta can make money of this. Let A = (p - q_new) / (q_new (1 - q_new)) <= 0 for one of n new
requests and B likewise for one of m old; being nearest means n A + m B = 0. If the true shares are r_new >= r_old +
delta, the mean payment is (1 + (r_new - q_new) A)^n (1 + (r_old - q_old) B)^m, and its logarithm at most
n A (r_new - q_new) + m B (r_old - q_old) = n A (r_new - r_old - delta) <= 0.

What follows, and what does not. A version that is beyond delta in every block proves otherwise with a chance of at
most beta, however often somebody looks, and whatever the shares are and however they drift from block to block.
Requests of a block have to end badly independently of each other; for errors in bursts the evidence is tempered. A
version that was sound and turns bad keeps the credit of its good time: evidence of harm has to find it. And each
demand is a promise of its own: five steps make five of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from delivery.judge.normaliser import Array

# Halvings of the interval in which the nearest opponent is looked for.
HALVINGS = 60
# A demand beyond this is taken for it: whatever is allowed, some answers have to be seen before a step passes.
LARGEST = 0.9


@dataclass(frozen=True)
class Prior:
    """What is thought of the share of bad requests before there is a past: as if so many had been seen.

    Attributes:
        share: of them that were bad.
        requests: how many, more than none.
    """

    share: float
    requests: float


def log_proof(bad: Array, requests: Array, delta: float, prior: Prior, tempering: Array | float = 1.0) -> float:
    """Return the logarithm of the odds against a new version that is worse by delta or more.

    Args:
        bad: for each block, oldest first, the bad requests of the new version and of the stable one.
        requests: all requests, likewise. A block with none on one side says nothing.
        delta: what is to be excluded; at 0 nothing can be.
        prior: what the first bet rests on.
        tempering: of each block, or of all; the logarithm is divided by this, at least 1.
    """
    return float(log_payments(bad, requests, delta, prior, tempering).sum())


def log_payments(bad: Array, requests: Array, delta: float, prior: Prior, tempering: Array | float = 1.0) -> Array:
    """Return the logarithm of what each block pays; their sums are the odds after each. See `log_proof`."""
    payments, seen = np.zeros(len(requests)), (requests > 0).all(axis=1)
    if delta <= 0 or not seen.any():
        return payments
    bet = _bets(bad, requests, prior)[seen]
    bad, good = bad[seen], (requests - bad)[seen]
    opponent = _nearest(bet, requests[seen], min(delta, LARGEST))
    paid: Array = bad * np.log(bet[:, None] / opponent) + good * np.log((1 - bet[:, None]) / (1 - opponent))
    payments[seen] = paid.sum(axis=1)
    return payments / np.maximum(tempering, 1.0)


def _bets(bad: Array, requests: Array, prior: Prior) -> Array:
    """Return for each block the share of bad requests of both sides in the blocks before it."""
    before = np.cumsum(bad.sum(axis=1)) - bad.sum(axis=1)
    seen = np.cumsum(requests.sum(axis=1)) - requests.sum(axis=1)
    return np.asarray((before + prior.share * prior.requests) / (seen + prior.requests))


def _nearest(bet: Array, requests: Array, delta: float) -> Array:
    """Return for each block the pair of shares, delta apart, that is nearest to the bet: where n A + m B is 0."""
    low, high = np.zeros_like(bet), np.minimum(bet, 1 - delta)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        below = requests[:, 0] * _pull(bet, middle + delta) + requests[:, 1] * _pull(bet, middle) > 0
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.stack([high + delta, high], axis=1)


def _pull(bet: Array, share: Array) -> Array:
    return np.asarray((bet - share) / (share * (1 - share)))
