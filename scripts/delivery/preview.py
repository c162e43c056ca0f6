"""A release told before it happens: what would be changed, in which steps, and what it would take."""

from __future__ import annotations

from collections.abc import Iterator

from delivery.journal.release import Release
from delivery.judge.evidence import Demand
from delivery.planning.budget import Budget
from delivery.planning.ramp import ALL


def preview(release: Release, budget: Budget) -> list[str]:
    """Return what a release would do, line by line.

    Args:
        release: what is released.
        budget: what it would take.
    """
    return [*_changes(release), *_steps(budget), *budget.lines()]


def _changes(release: Release) -> Iterator[str]:
    yield f"would release {release.image} of {release.service} by {release.strategy}; nothing is changed now"
    yield f"would run the new version as Deployment {release.copy} beside {release.stable}, its migration first if any"


def _steps(budget: Budget) -> Iterator[str]:
    ramp = budget.ramp
    for weight in ramp.weights:
        moved = "all users at once" if weight == ALL else f"{weight} % of the users"
        shown = _shown(ramp.demand(weight, budget.slo.analysis.margins))
        yield f"would move {moved}, and go on when it is shown that {shown}; at most {ramp.deadline:g} s"


def _shown(demand: Demand) -> str:
    return (
        f"at most {_points(demand.errors)} more fail, {_points(demand.slow)} more miss the objective,"
        f" {_points(demand.typical)} more are slower than half and {_points(demand.tail)} more than 99 in 100"
    )


def _points(share: float) -> str:
    return f"{share * 100:.2g} %"
