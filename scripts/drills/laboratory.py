"""The only wiring: a real cluster, its gateway and the prober, put together as the system that drills act on."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

from cluster.client import Cluster
from cluster.elasticsearch import Elasticsearch
from cluster.grafana import Grafana
from cluster.jaeger import Jaeger
from cluster.manifests import image_with_tag, overlay_of, render
from cluster.permissions import check_fit
from cluster.prometheus import Prometheus
from cluster.stage import stage
from delivery.rollout import Rollout
from delivery.slo import load_slo
from drills import leftovers
from drills.chaos.process import Releases
from drills.chaos.world import World
from drills.evidence import Telemetry
from drills.experiment import Drill, System
from drills.probes import Plan, Prober
from drills.verdict import Limits
from drills.versions import versions


def connect(kubeconfig: Path | None, context: str | None, overlay: str | None, rate: float) -> System:
    """Return the system behind a kubeconfig.

    Args:
        kubeconfig: see `Cluster.connect`.
        context: likewise.
        overlay: name of the plain overlay, None for the cluster's usual one; other stages have an ending added to it.
        rate: requests per second.

    Raises:
        ClusterError: there is no such cluster, or it does not answer.
        ProbeError: the rate or the gateway is not allowed.
    """
    cluster = Cluster.connect(kubeconfig, context)
    plain = overlay or overlay_of(cluster.name)
    objects = render(plain, cluster.namespace, cluster.settings.registry)
    named = bool(os.environ.get("GATEWAY_URL"))

    def prober(service: str) -> Prober:
        return Prober(Plan(cluster.gateway_url, rate, service, named))

    def set_stage(ending: str) -> None:
        stage(cluster, plain + ending)

    aside = cluster.aside()
    check_fit(cluster, objects)
    prober("order")  # an address or a rate out of bounds is refused before anything is touched
    return System(
        name=cluster.name,
        stage=set_stage,
        rollout=lambda service, strategy: Rollout(cluster, service, strategy=strategy),
        prober=prober,
        image=partial(image_with_tag, objects),
        processes=partial(Releases, cluster.upstream(), cluster.name, cluster.namespace),
        leftovers=partial(leftovers.watched, cluster),
        telemetry=Telemetry(Prometheus(aside), Jaeger(aside), Elasticsearch(aside), Grafana(aside)),
        versions=partial(versions, aside, objects),
        world=lambda record: World(cluster, record, Rollout, partial(image_with_tag, objects)),
    )


def limits(drill: Drill, twin: str, service: str, rate: float) -> Limits:
    """Return what users can bear: the latency of the service's SLO, and the harm that the drill allows a twin."""
    threshold = load_slo(service).objectives.latency.threshold_seconds
    hurt, toll = (drill.harm.get(each, 0.0) * rate for each in (twin, "sound"))
    return Limits(slow_ms=threshold * 1000, hurt=hurt, toll=toll, sick=drill.sick)
