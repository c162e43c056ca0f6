"""What a bet pays on average when both versions are the same: the number by which its payment is divided.

Of a block of requests in classes k = 1..K with m_k of each, chance makes any n the new version's. The mean of the
product of weights phi over these n is the coefficient of z^n in prod (1 + phi_k z)^m_k, divided by the number of
choices. Any tilt z0 > 0 turns the coefficient into a chance,

    prod (1 + phi_k z0)^m_k * z0^-n * P(sum of Bin(m_k, pi_k) = n),  pi_k = phi_k z0 / (1 + phi_k z0),

and the one that makes n the mean of that sum keeps all of it well within a float's range. The chance is read off the
sum's characteristic function: exact, since the sum is a whole number, and precise, since n is where it is likeliest.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Halvings until the tilt misses the mean by little beside the sum's deviation; any tilt is right, the best is precise.
HALVINGS = 20
# Sums further than this from the mean are less likely than e^-40 (Bernstein) and may fall on each other.
WIDE, DEVIATIONS = 27, 9


def log_mean(weights: Array, whole: Array, chosen: int) -> Array:
    """Return for each bet the logarithm of its mean payment over all choices.

    Args:
        weights: log weights, a row for each bet and a column for each class.
        whole: requests of both versions in each class.
        chosen: how many of them are the new version's, neither none nor all.
    """
    tilt = _tilt(weights, whole, chosen)
    odds = weights + tilt[:, None]
    generating: Array = np.logaddexp(0.0, odds) @ whole - chosen * tilt
    chance = _log_chance(_expit(odds), whole, chosen)
    return generating + chance - _log_choices(int(whole.sum()), chosen)


def _tilt(weights: Array, whole: Array, chosen: int) -> Array:
    """Return for each bet the logarithm of z0, by bisection: the mean grows with it."""
    even = math.log(chosen / (float(whole.sum()) - chosen))
    low, high = even - weights.max(axis=1), even - weights.min(axis=1)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        above = _expit(weights + middle[:, None]) @ whole > chosen
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.asarray((low + high) / 2)


def _log_chance(shares: Array, whole: Array, chosen: int) -> Array:
    """Return for each bet the logarithm of P(sum of Bin(m_k, pi_k) = n), for an n near the mean."""
    deviation = math.sqrt(float((shares * (1 - shares) @ whole).max()))
    points = min(int(whole.sum()) + 1, WIDE + math.ceil(DEVIATIONS * deviation))
    angles = np.arange(points // 2 + 1) * (2 * math.pi / points)
    each = shares[:, :, None]
    real, imaginary = 1 - each + each * np.cos(angles), each * np.sin(angles)
    size = np.einsum("bka,k->ba", np.log(np.maximum(np.hypot(real, imaginary), 1e-300)), whole)
    turn = np.einsum("bka,k->ba", np.arctan2(imaginary, real), whole) - chosen * angles
    # Both halves of the circle say the same, so each angle but the ends stands for two.
    twice = np.where((np.arange(len(angles)) % (points / 2)) == 0, 1.0, 2.0)
    return np.asarray(np.log((np.exp(size) * np.cos(turn)) @ twice / points))


def _log_choices(whole: int, chosen: int) -> float:
    return math.lgamma(whole + 1) - math.lgamma(chosen + 1) - math.lgamma(whole - chosen + 1)


def _expit(odds: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-odds)))
