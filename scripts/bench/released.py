"""Real releases as they are told: side by side, and whether each target is reached."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bench.figures import Grid, Target
from bench.harm import Harm
from delivery.judgement import Outcome

OURS, FIXED = "this judge", "10 s x 2 thresholds"
# What the canaries are called of which something is asked.
FAILING, SLOW, SOUND = ("100 % errors", "20 % errors"), "+50 % latency", "sound"
# Users hurt, and seconds, at most.
HURT, BACK_S, SLOW_S = 10, 3.0, 30.0
ENOUGH_DIGITS = 100


@dataclass(frozen=True)
class Released:
    """How one release went.

    Attributes:
        outcome: Promoted or RolledBack.
        reason: of the last judgement.
        numbers: what it rests on: of a sound one, the proof of safety.
        seconds: from the first shift to the verdict.
        harm: what it cost.
    """

    outcome: Outcome
    reason: str
    numbers: dict[str, Any]
    seconds: float
    harm: Harm


# By canary and policy.
Found = dict[tuple[str, str], list[Released]]


def grid(found: Found, rate: float) -> Grid:
    """Return what the releases cost, side by side."""
    columns = ["canary, policy", "ended", "hurt", "met it", "s to verdict", "s until the last user is back"]
    rows = [[f"{canary}, {policy}", *_row(all_)] for (canary, policy), all_ in found.items()]
    return Grid(f"Real canaries at {rate:g} requests/s: median (worst)", columns, rows)


def _row(released: list[Released]) -> Iterator[str]:
    promoted = sum(each.outcome is Outcome.PROMOTED for each in released)
    yield f"{promoted} promoted, {len(released) - promoted} rolled back"
    yield _spread([each.harm.hurt for each in released])
    yield _spread([each.harm.met for each in released])
    yield _spread([each.seconds if each.outcome is Outcome.PROMOTED else each.harm.detect for each in released])
    yield "" if promoted else _spread([each.harm.back for each in released])


def _spread(values: Sequence[float]) -> str:
    middle, worst = statistics.median(values), max(values)
    return f"{middle:.0f} ({worst:.0f})" if worst >= ENOUGH_DIGITS else f"{middle:.3g} ({worst:.3g})"


def targets(found: Found) -> Iterator[Target]:
    """Return whether our judge reaches what it is meant to."""
    for name in FAILING:
        worst = max(each.harm.hurt for each in found[name, OURS])
        yield Target(f"{name}: at most {HURT} hurt users", worst <= HURT, f"{worst} at worst")
        late = max(each.harm.back for each in found[name, OURS])
        what = f"{name}: all back within {BACK_S:g} s of the first failure"
        yield Target(what, late <= BACK_S, f"{late:.2f} s at worst")
    slow = max(each.harm.detect for each in found[SLOW, OURS])
    yield Target(f"{SLOW}: found within {SLOW_S:g} s", slow <= SLOW_S, f"{slow:.1f} s at worst")
    yield from (_ended(name, all_) for (name, policy), all_ in found.items() if policy == OURS)


def _ended(name: str, released: list[Released]) -> Target:
    wanted = Outcome.PROMOTED if name == SOUND else Outcome.ROLLED_BACK
    kept = sum(each.outcome is wanted for each in released)
    return Target(f"{name}: {wanted}", kept == len(released), f"{kept} of {len(released)}: {released[-1].reason}")
