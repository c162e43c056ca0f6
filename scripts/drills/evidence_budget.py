"""What a drill cost of the error budget of each service, as its users saw it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from delivery.errors import DeliveryError
from delivery.slo import Slo
from drills.probes import Sample

# The window of an error budget, as most teams agree on it.
WINDOW_DAYS = 30
WINDOW_SECONDS = WINDOW_DAYS * 86400.0


def error_budget(samples: Sequence[Sample], rate: float, objectives: Callable[[str], Slo]) -> dict[str, Any]:
    """Return what the requests of a drill burnt, as the report's schema describes it.

    Args:
        samples: all requests of the users.
        rate: requests per second of all services together.
        objectives: returns those of a service; raises DeliveryError for one that has none, which is left out.
    """
    services = sorted({sample.service for sample in samples})
    seconds = len(samples) / rate
    parts = [_part(service, samples, seconds, objectives) for service in services]
    return {
        "window_days": WINDOW_DAYS,
        "seconds": round(seconds, 3),
        "services": [part for part in parts if part is not None],
    }


def _part(
    service: str, samples: Sequence[Sample], seconds: float, objectives: Callable[[str], Slo]
) -> dict[str, Any] | None:
    try:
        slo = objectives(service)
    except DeliveryError:
        return None
    own = [sample for sample in samples if sample.service == service]
    return {"service": service, "objective": slo.objectives.availability, **_burn(own, seconds, slo)}


def _burn(own: Sequence[Sample], seconds: float, slo: Slo) -> dict[str, Any]:
    failed = sum(sample.failed for sample in own)
    threshold_ms = slo.objectives.latency.threshold_seconds * 1000
    share = failed / len(own)
    rate = share / slo.error_budget
    return {
        "requests": len(own),
        "failed": failed,
        "slow": sum(sample.answered and sample.latency_ms > threshold_ms for sample in own),
        "failed_share": round(share, 6),
        "burn_rate": round(rate, 3),
        "budget_share": round(rate * seconds / WINDOW_SECONDS, 9),
    }
