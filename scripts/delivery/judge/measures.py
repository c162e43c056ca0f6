"""The ways of being bad that are measured: what each counts, what may be exceeded, and how it is said."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from delivery.judge.evidence import Baseline, Block, Evidence, Side
from delivery.judge.normaliser import Array
from delivery.judge.quantiles import TAIL, TYPICAL, first_class_beyond, first_class_over
from delivery.judge.safety import Prior, log_proof
from delivery.judge.tempering import of_comparison

# Of a service nobody has measured yet: a quarter of an error among twenty-five requests.
FEW_ERRORS = Prior(0.01, 25)
# The baseline's shares are only the beginning: as many requests of the release outweigh it.
BASELINE_WEIGHS = 100


@dataclass(frozen=True)
class Measure:
    """One way of being bad, on both sides, over all blocks.

    Attributes:
        name: as in the demand.
        words: what bad requests of the new version do, in the present tense.
        old_words: what those of the stable one do: its times are cut a little earlier where slower is tolerated.
        bad: bad requests by block, of the new version and of the stable one.
        requests: all requests that were counted, likewise.
        delta: by how much the new version's share may exceed the stable one's.
        prior: what is thought of the share beforehand.
        tempering: of each block, by how much less it tells than if requests were independent; or of all.
    """

    name: str
    words: str
    old_words: str
    bad: Array
    requests: Array
    delta: float
    prior: Prior
    tempering: Array | float = 1.0

    @cached_property
    def log_proof(self) -> float:
        """Return the logarithm of the odds against a new version beyond delta."""
        return log_proof(self.bad, self.requests, self.delta, self.prior, self.tempering)

    @property
    def totals(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return bad and all requests, of the new version and of the stable one."""
        bad, requests = self.bad.sum(axis=0), self.requests.sum(axis=0)
        return (int(bad[0]), int(requests[0])), (int(bad[1]), int(requests[1]))


def measures(evidence: Evidence, threshold: float) -> Iterator[Measure]:
    """Yield what is measured, errors first.

    Args:
        evidence: of the release.
        threshold: seconds beyond which a request is slow by the objectives.

    Raises:
        ValueError: the baseline's histogram has no bound at the threshold.
    """
    yield _errors(evidence)
    baseline, demand = evidence.baseline, evidence.demand
    over = first_class_over(baseline, threshold)
    yield _slower(evidence, "slow", over, demand.slow)
    yield _slower(evidence, "typical", first_class_beyond(baseline, TYPICAL), demand.typical)
    yield _slower(evidence, "tail", first_class_beyond(baseline, TAIL), demand.tail)


def times(side: Side, baseline: Baseline) -> tuple[int, ...]:
    """Return a side's requests by latency class, zeros where none was timed."""
    return side.timed or (0,) * len(baseline.shares)


def times_answered(side: Side, baseline: Baseline) -> tuple[int, ...]:
    """Return the stable version's requests by latency class without those that failed, taken to be its fastest.

    Where failures come at once, the other version must not look slow beside them. A bet pays the less for it: taking
    the lowest of a block away raises the mean that its payment is divided by.
    """
    failed, left = side.errors, []
    for count in times(side, baseline):
        gone = min(failed, count)
        failed -= gone
        left.append(count - gone)
    return tuple(left)


def _errors(evidence: Evidence) -> Measure:
    blocks = evidence.blocks
    bad = _pairs([(block.candidate.errors, block.reference.errors) for block in blocks])
    requests = _pairs([(block.candidate.requests, block.reference.requests) for block in blocks])
    tempering = np.array([_tempering(block, evidence.baseline) for block in blocks])
    return Measure("errors", "fail", "fail", bad, requests, evidence.demand.errors, FEW_ERRORS, tempering)


def _tempering(block: Block, baseline: Baseline) -> float:
    """Return by how much less a block proves; one of two weights proves nothing."""
    return math.inf if block.mixed else of_comparison(baseline.dispersion, block.weight)


def _slower(evidence: Evidence, name: str, begin: int, delta: float) -> Measure:
    baseline = evidence.baseline
    words, old_words = (_over(bounds[begin - 1]) for bounds in (baseline.allowed or baseline.bounds, baseline.bounds))
    bad = _pairs([_timed(block, baseline, begin) for block in evidence.blocks])
    requests = _pairs([_timed(block, baseline, 0) for block in evidence.blocks])
    beyond = sum(baseline.shares[begin:])
    weight = min(baseline.requests, BASELINE_WEIGHS)
    prior = Prior((beyond * weight + 0.5) / (weight + 1), weight + 1)
    return Measure(name, words, old_words, bad, requests, delta, prior)


def _over(bound: float) -> str:
    return f"take over {bound * 1000:.4g} ms"


def _timed(block: Block, baseline: Baseline, begin: int) -> tuple[int, int]:
    new, old = times(block.candidate, baseline), times_answered(block.reference, baseline)
    return sum(new[begin:]), sum(old[begin:])


def _pairs(rows: Sequence[tuple[int, int]]) -> Array:
    return np.array(rows, float).reshape(-1, 2)
