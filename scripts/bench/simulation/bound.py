"""How soon anybody can know: the bound that theory sets to every judge who errs with at most alpha.

One request, of whichever version, tells w KL(p_new || p) + (1 - w) KL(p_stable || p) nats against "both are the same",
p being the shares of all requests together. A judge that errs with a chance of alpha needs ln(1/alpha) nats on average
(Wald 1945), and a share w of the requests is the new version's.
"""

from __future__ import annotations

import math

import numpy as np

from bench.simulation.times import Slowness
from bench.simulation.world import Floats, World


def divergence(shares: Floats, others: Floats) -> float:
    """Return KL(shares || others) in nats; infinite where the others exclude what the shares allow."""
    some = shares > 0
    with np.errstate(divide="ignore"):
        return float((shares[some] * np.log(shares[some] / others[some])).sum())


def bound(world: World, alpha: float) -> float:
    """Return the requests of the new version that it takes on average to find it; infinite if it is no worse."""
    new = world.shares(world.candidate, world.slowness or Slowness())
    old = world.shares(world.stable, Slowness())
    pooled = world.part * new + (1 - world.part) * old
    told = world.part * divergence(new, pooled) + (1 - world.part) * divergence(old, pooled)
    return world.part * math.log(1 / alpha) / told if told > 0 else math.inf
