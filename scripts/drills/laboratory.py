"""The only wiring: a real cluster, its gateway and the prober, put together as the system that drills act on."""

from __future__ import annotations

import os
from pathlib import Path

from cluster.client import Cluster
from cluster.manifests import render, with_registry
from cluster.permissions import check_fit
from cluster.stage import stage
from delivery.rollout import Rollout
from delivery.slo import load_slo
from drills.experiment import Drill, System
from drills.probes import Plan, Prober
from drills.verdict import Limits


def connect(kubeconfig: Path | None, context: str | None, overlay: str, rate: float) -> System:
    """Return the system behind a kubeconfig.

    Args:
        kubeconfig: see `Cluster.connect`.
        context: likewise.
        overlay: name of the plain overlay; other stages are called like it, with an ending.
        rate: requests per second.

    Raises:
        ClusterError: there is no such cluster, or it does not answer.
        ProbeError: the rate or the gateway is not allowed.
    """
    cluster = Cluster.connect(kubeconfig, context)
    named = bool(os.environ.get("GATEWAY_URL"))

    def prober(service: str) -> Prober:
        return Prober(Plan(cluster.gateway_url, rate, service, named))

    def set_stage(ending: str) -> None:
        stage(cluster, overlay + ending)

    check_fit(cluster, render(overlay, cluster.namespace, cluster.settings.registry))
    prober("order")  # an address or a rate out of bounds is refused before anything is touched
    return System(
        name=cluster.name,
        stage=set_stage,
        rollout=lambda service, strategy: Rollout(cluster, service, strategy=strategy),
        prober=prober,
        image=lambda name: with_registry(name, cluster.settings.registry),
    )


def limits(drill: Drill, twin: str, service: str, rate: float) -> Limits:
    """Return what users can bear: the latency of the service's SLO, and the harm that the drill allows a twin."""
    threshold = load_slo(service).objectives.latency.threshold_seconds
    return Limits(slow_ms=threshold * 1000, hurt=drill.harm.get(twin, 0.0) * rate)
