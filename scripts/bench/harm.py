"""What a real release cost its users, read off the requests of the prober."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from drills.probes import Sample


@dataclass(frozen=True)
class Course:
    """When what happened, in the prober's seconds since the epoch.

    Attributes:
        shifted: the first users were about to meet the new version.
        decided: the verdict was there that ended it.
        version: the new one.
    """

    shifted: float
    decided: float
    version: str


@dataclass(frozen=True)
class Harm:
    """What it cost.

    Attributes:
        hurt: requests that failed since the first shift.
        met: requests that the new version answered.
        detect: seconds from the first failure until the verdict; from the first user who met the new version where
            nothing failed.
        back: seconds from there until the last request that the new version answered was due.
    """

    hurt: int
    met: int
    detect: float
    back: float


def of(course: Course, samples: Iterable[Sample]) -> Harm:
    """Return what a release cost that ended with all users on the old version.

    Raises:
        ValueError: no user met the new version.
    """
    seen = [sample for sample in samples if sample.scheduled >= course.shifted]
    failed = [sample.scheduled for sample in seen if sample.failed]
    met = [sample.scheduled for sample in seen if sample.version == course.version]
    if not met:
        raise ValueError(f"no request was answered by {course.version}")
    first = min(failed or met)
    return Harm(len(failed), len(met), round(course.decided - first, 2), round(max(0.0, max(met) - first), 2))
