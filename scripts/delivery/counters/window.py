"""What one analysis is about: which step of which release, since when, and what has to be proved."""

from __future__ import annotations

from dataclasses import dataclass

from delivery.journal.shift import Shift
from delivery.judge.evidence import Demand


@dataclass(frozen=True)
class Window:
    """One step of a release.

    Attributes:
        step: what the judgement is about, such as ``canary at 25 %``.
        shifts: all of the release so far, oldest first; before the first no user met the new version.
        at_once: whether all users moved together, so that the reference is the time before instead of the stable track.
        demand: what has to be proved.
        deadline: seconds after which an undecided step is Inconclusive.
        steady: Unix time since which the stable version has had all users undisturbed, by Prometheus' clock.
        probed: Unix time of the release's own last request to the new version.
    """

    step: str
    shifts: tuple[Shift, ...]
    at_once: bool
    demand: Demand
    deadline: float
    steady: float = 0.0
    probed: float = 0.0
