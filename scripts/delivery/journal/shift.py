"""When the share of users on the new version changed: what the analysis cuts its evidence by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shift:
    """One change of the weights; while it was under way, requests of two weights are mixed.

    Attributes:
        asked: Unix time by Prometheus' clock just before it was written to the cluster.
        time: when it had been carried out; 0 while that is not known, as when the release died in between.
        weight: share of the users on the new version from then on, in percent.
    """

    asked: float
    time: float
    weight: int
