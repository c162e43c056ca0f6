"""What users saw of a switch: when the first of them got the other version, and when the last one left the old."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from drills.probes import Sample


@dataclass(frozen=True)
class Patched:
    """One switch as it was made.

    Attributes:
        at: when the patch was sent, in the prober's seconds since the epoch.
        version: the version that all users get from then on.
        until: when the next one was made, or the watching ended.
    """

    at: float
    version: str
    until: float


@dataclass(frozen=True)
class Flip:
    """What users saw of it, in milliseconds after the patch was sent, by when their requests were due.

    Attributes:
        first: the first request that the new version answered.
        last: the last request that the old version answered; 0 if there was none after the patch.
        failed: requests that failed.
    """

    first: float
    last: float
    failed: int


def seen(patches: Sequence[Patched], samples: Iterable[Sample]) -> list[Flip]:
    """Return what users saw of each switch.

    Raises:
        ValueError: the new version never answered.
    """
    known = list(samples)
    return [
        _seen(patch, [sample for sample in known if patch.at <= sample.scheduled < patch.until]) for patch in patches
    ]


def _seen(patch: Patched, samples: list[Sample]) -> Flip:
    new = [sample.scheduled for sample in samples if sample.version == patch.version]
    old = [sample.scheduled for sample in samples if sample.version not in (patch.version, None)]
    if not new:
        raise ValueError(f"no request was answered by {patch.version} after the switch to it")
    failed = sum(sample.failed for sample in samples)
    return Flip(_after(patch, min(new)), _after(patch, max(old)) if old else 0.0, failed)


def _after(patch: Patched, moment: float) -> float:
    return round((moment - patch.at) * 1000, 1)
