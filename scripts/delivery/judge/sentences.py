"""The reasons of the judge: one sentence each, for a person who knows no statistics."""

from __future__ import annotations

from delivery.judge.measures import Measure
from delivery.judge.weighed import Weighed, odds


def harm(weighed: Weighed, kind: str) -> str:
    """Say what the new version did, and how unlikely it is that it only had bad luck."""
    chance = f"chance alone would do that at most once in {_number(odds(weighed.harm[kind].highest))} releases"
    shown = _shown(weighed, kind)
    # Wealth is won scrape by scrape: what the stable version went through at another time does not count against it.
    within = "scrape by scrape the new version was the worse one, though in all " if _contrast(shown) <= 0 else ""
    return f"harm: {within}{_compared(shown)}; {chance}"


def proof(weighed: Weighed) -> str:
    """Say what is proved of a version that may go on."""
    limits = ", ".join(f"{_limit(measure)}" for measure in weighed.measures)
    requests = weighed.measures[0].totals[0][1]
    said = f"no harm seen; proved on {_number(requests)} requests of the new version: {limits}"
    return f"{said}{_relief(weighed)}"


def hold(weighed: Weighed) -> str:
    """Say what is missing for an answer."""
    if missing := _missing(weighed):
        return f"hold: {missing} were seen"
    weakest = weighed.weakest
    said = f"hold: not yet proved that {_limit(weakest)}: {_compared(weakest)}"
    needed = f"odds of {odds(weakest.log_proof):.3g} to 1, {1 / weighed.beta:.3g} to 1 are needed"
    return f"{said}; {needed}{_relief(weighed)}"


def _missing(weighed: Weighed) -> str:
    """Return what no evidence can be without and is not there, empty if all is."""
    for kind, measure in (("requests", weighed.measures[0]), ("times", weighed.measures[1])):
        for version, (_, requests) in zip(("new", "stable"), measure.totals, strict=True):
            if not requests:
                return f"no {kind} of the {version} version"
    return ""


def _limit(measure: Measure) -> str:
    """Return what a version within the demand does, such as ``at most 0.5 points more fail``."""
    than = "" if measure.words == measure.old_words else f" than of the stable one {measure.old_words}"
    points = f"{measure.delta * 100:.3g}"
    return f"at most {points} point{'' if points == '1' else 's'} more {measure.words}{than}"


def _compared(measure: Measure) -> str:
    (bad, new), (old_bad, old) = measure.totals
    beside = f"{_number(old_bad)} of {_number(old)} of the stable one"
    if measure.words != measure.old_words:
        beside += f" {_past(measure.old_words)}"
    return f"{_number(bad)} of {_number(new)} requests of the new version {_past(measure.words)}, {beside}"


def _past(words: str) -> str:
    return words.replace("take", "took").replace("fail", "failed")


def _relief(weighed: Weighed) -> str:
    return f"; the stable version is the worse one: {_compared(weighed.measures[0])}" if weighed.relieved else ""


def _shown(weighed: Weighed, kind: str) -> Measure:
    """Return the measure that shows this kind of harm best: errors, or the times that differ most."""
    errors, *slower = weighed.measures
    return errors if kind == "errors" else max(slower, key=_contrast)


def _contrast(measure: Measure) -> float:
    """Return by how many standard deviations the new version's share is the larger, roughly."""
    (bad, new), (old_bad, old) = measure.totals
    pooled = (bad + old_bad + 1) / (new + old + 2)
    return float((bad / max(new, 1) - old_bad / max(old, 1)) / (pooled * (1 - pooled)) ** 0.5)


def _number(count: float) -> str:
    return f"{count:,.0f}"
