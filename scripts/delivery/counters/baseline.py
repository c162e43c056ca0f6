"""The stable version before any user met the new one: its latency classes, and how its errors come."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence

from delivery.counters.blocks import LEAST
from delivery.counters.tally import Increase, Tally, total
from delivery.judge.evidence import Baseline
from delivery.judge.tempering import dispersion
from delivery.slo import Latency, Slo, Tolerance

QUANTILES = (0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)
# Times beyond so many times the largest that was seen are a class of their own.
FAR = 1.5
ROUNDING = 1e-9


def measure(
    earlier: Sequence[Increase],
    tracks: Collection[str] | None,
    known: Collection[float],
    slo: Slo,
) -> Baseline:
    """Return what is known of the stable version.

    Args:
        earlier: what was counted before the first user met the new version.
        tracks: which of it is the stable version's, None for all.
        known: bounds of the gateway's histogram in seconds.
        slo: what the service promises: its threshold is among the bounds wherever the histogram has it, and stands for
            the baseline where nothing was timed.
    """
    tallies = [increase.of(tracks) for increase in earlier]
    whole = total(tallies)
    latency = slo.objectives.latency
    bounds = _bounds(whole, sorted(known), latency.threshold_seconds)
    classes = whole.side(bounds).timed
    shares = [number / whole.timed for number in classes] if classes else _promised(bounds, latency)
    pieces = list(_pieces(tallies))
    return Baseline(
        bounds,
        tuple(shares),
        whole.timed,
        max((each.until for each in earlier), default=0.0) - min((each.since for each in earlier), default=0.0),
        dispersion([piece.errors for piece in pieces], [piece.requests for piece in pieces]),
        _slow_dispersion(pieces, bounds),
        _allowed(bounds, sorted(known), slo),
    )


def _slow_dispersion(pieces: Sequence[Tally], bounds: Sequence[float]) -> float:
    """Return the largest dispersion of what is beyond a bound: a pod that is held up answers late for a while."""
    timed = [piece for piece in pieces if piece.timed]
    requests = [piece.timed for piece in timed]
    beyond = ([piece.timed - piece.within.get(bound, 0) for piece in timed] for bound in bounds)
    return max((dispersion(slow, requests) for slow in beyond), default=1.0)


def _bounds(whole: Tally, known: Sequence[float], threshold: float) -> tuple[float, ...]:
    """Return the bounds of the histogram that cut the baseline best, and the threshold."""
    finite = [bound for bound in known if math.isfinite(bound)]
    if not finite:
        return (threshold,)
    wanted = {bound for bound in finite if math.isclose(bound, threshold)}
    if whole.timed:
        wanted |= {_reaching(whole, finite, share * whole.timed) for share in QUANTILES}
        far = FAR * _reaching(whole, finite, whole.timed) * (1 - ROUNDING)
        wanted.add(next((bound for bound in finite if bound >= far), finite[-1]))
    return tuple(sorted(wanted or {finite[-1]}))


def _allowed(bounds: Sequence[float], known: Sequence[float], slo: Slo) -> tuple[float, ...]:
    """Return the first bounds that are beyond what the new version may be slower; the threshold is the same for all."""
    threshold = slo.objectives.latency.threshold_seconds
    later = []
    for bound in bounds:
        allowed = _slower(bound, known, slo.analysis.tolerance)
        if math.isclose(bound, threshold):
            allowed = bound
        later.append(allowed if bound > threshold else min(allowed, threshold))
    return tuple(later)


def _slower(bound: float, known: Sequence[float], tolerance: Tolerance) -> float:
    enough = max(bound * (1 + tolerance.share), bound + tolerance.seconds) * (1 - ROUNDING)
    return next((each for each in known if each >= enough and math.isfinite(each)), bound)


def _reaching(whole: Tally, finite: Sequence[float], number: float) -> float:
    """Return the first bound within which so many requests were, the last one if there is none."""
    return next((bound for bound in finite if whole.within.get(bound, 0) >= number), finite[-1])


def _promised(bounds: Sequence[float], latency: Latency) -> list[float]:
    """Return the classes of a service that just keeps its promise; the rest is spread evenly."""
    within = [bound for bound in bounds if bound <= latency.threshold_seconds * (1 + ROUNDING)]
    beyond = len(bounds) + 1 - len(within)
    if not within:
        return [1 / beyond] * beyond
    return [latency.share / len(within)] * len(within) + [(1 - latency.share) / beyond] * beyond


def _pieces(tallies: Iterable[Tally]) -> Iterable[Tally]:
    """Yield pieces of the baseline that are about as long as blocks."""
    gathered: list[Tally] = []
    for each in tallies:
        gathered.append(each)
        if sum(piece.requests for piece in gathered) >= LEAST:
            yield total(gathered)
            gathered = []
