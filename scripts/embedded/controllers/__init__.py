"""The controllers: each turns one kind of declared object into others, as kube-controller-manager does."""

from __future__ import annotations

from embedded.apiserver.resources import BUILT_IN, ISTIO, ResourceRegistry
from embedded.apiserver.store import Store
from embedded.controllers.deployment import DeploymentController
from embedded.controllers.endpointslice import EndpointSliceController
from embedded.controllers.event_ttl import EventTtl
from embedded.controllers.garbage_collector import GarbageCollector
from embedded.controllers.hpa import HorizontalPodAutoscalerController
from embedded.controllers.hpa_metrics import PodMetrics
from embedded.controllers.job import JobController
from embedded.controllers.namespace import NamespaceController
from embedded.controllers.networkpolicy import NetworkPolicyController
from embedded.controllers.persistentvolume import PersistentVolumeController
from embedded.controllers.poddisruptionbudget import DisruptionController
from embedded.controllers.replicaset import ReplicaSetController
from embedded.controllers.runtime import Controller

__all__ = ["Controller", "PodMetrics", "all_controllers"]


def all_controllers(store: Store, metrics: PodMetrics, registry: ResourceRegistry | None = None) -> list[Controller]:
    """Return every controller of the cluster; each has a ``run`` that lasts until it is cancelled.

    Args:
        store: the cluster's storage.
        metrics: CPU times of pods, for the autoscaler.
        registry: all kinds there are, custom ones included; None for the built-in ones and Istio's.
    """
    kinds = registry or ResourceRegistry(BUILT_IN + ISTIO)
    return [
        NamespaceController(store, kinds),
        DeploymentController(store),
        ReplicaSetController(store),
        JobController(store),
        EndpointSliceController(store),
        HorizontalPodAutoscalerController(store, metrics),
        DisruptionController(store),
        PersistentVolumeController(store),
        NetworkPolicyController(store),
        GarbageCollector(store, kinds),
        EventTtl(store),
    ]
