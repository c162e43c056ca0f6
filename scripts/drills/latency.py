"""How late users were answered, as percentiles."""

from __future__ import annotations

import math
from collections.abc import Sequence

from drills.probes import Sample

PERCENTILES = (50, 95, 99)


def percentiles(samples: Sequence[Sample]) -> dict[str, float]:
    """Return p50_ms, p95_ms and p99_ms of the answers: each a latency that some user had; empty without answers."""
    ordered = sorted(sample.latency_ms for sample in samples if sample.answered)
    if not ordered:
        return {}
    return {f"p{share}_ms": ordered[math.ceil(len(ordered) * share / 100) - 1] for share in PERCENTILES}


def by_version(samples: Sequence[Sample], service: str) -> dict[str, dict[str, float]]:
    """Return the percentiles of a service by the version that answered."""
    own = [sample for sample in samples if sample.service == service and sample.answered and sample.version]
    versions = sorted({str(sample.version) for sample in own})
    return {version: percentiles([sample for sample in own if sample.version == version]) for version in versions}
