"""A cluster without processes: the real store, the real controllers, a kubelet that does as it is told, a clock."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from embedded.apiserver import defaults
from embedded.apiserver.resources import (
    BUILT_IN,
    DEPLOYMENTS,
    EVENTS,
    ISTIO,
    PODS,
    REPLICA_SETS,
    SERVICES,
    ResourceRegistry,
)
from embedded.apiserver.store import Store
from embedded.controllers.deployment import DeploymentController
from embedded.controllers.endpointslice import EndpointSliceController
from embedded.controllers.event_ttl import EventTtl
from embedded.controllers.garbage_collector import GarbageCollector
from embedded.controllers.hpa import HorizontalPodAutoscalerController
from embedded.controllers.job import JobController
from embedded.controllers.namespace import NamespaceController
from embedded.controllers.networkpolicy import NetworkPolicyController
from embedded.controllers.persistentvolume import PersistentVolumeController
from embedded.controllers.poddisruptionbudget import DisruptionController
from embedded.controllers.replicaset import ReplicaSetController
from embedded.controllers.timestamps import stamp

NAMESPACE = "shop"
# More steps than any of the tests needs; a controller that never comes to rest is caught here.
MOST_STEPS = 5000


class Metrics:
    """CPU figures as the tests state them."""

    def __init__(self):
        self.everyone: float | None = None
        self.by_pod: dict[str, float | None] = {}
        self.by_container: dict[str | None, float | None] = {}

    def cpu_millicores(self, namespace: str, pod: str, container: str | None = None) -> float | None:
        return self.by_container.get(container, self.by_pod.get(pod, self.everyone))


class Lab:
    """All controllers on one store, driven by hand."""

    def __init__(self, store: Store | None = None, seed: int = 0):
        self.store = store or Store(admit=defaults.admit)
        self.now = float(int(time.time()))
        self.metrics = Metrics()
        self.registry = ResourceRegistry(BUILT_IN + ISTIO)
        self._random = random.Random(seed)
        self._ip = 0
        self.tolerant = False

        def clock():
            return self.now

        self.controllers = [
            NamespaceController(self.store, self.registry, clock),
            DeploymentController(self.store, clock),
            ReplicaSetController(self.store, clock),
            JobController(self.store, clock),
            EndpointSliceController(self.store, clock),
            HorizontalPodAutoscalerController(self.store, self.metrics, clock),
            DisruptionController(self.store, clock),
            PersistentVolumeController(self.store, clock),
            NetworkPolicyController(self.store, clock),
            GarbageCollector(self.store, self.registry, clock),
            EventTtl(self.store, clock),
        ]
        self._watch = self.store.watch(None)
        for controller in self.controllers:
            controller.resync()

    # Time

    def settle(self, watcher: Callable[[], None] = lambda: None) -> None:
        """Let the controllers work, in any order, until none has anything to do now."""
        for _ in range(MOST_STEPS):
            self._deliver()
            if not self.tolerant and any(controller._failures for controller in self.controllers):
                raise AssertionError("a controller failed; see the log")
            order = self._random.sample(self.controllers, len(self.controllers))
            if not any(controller.step() for controller in order):
                self._deliver()
                if not any(controller._queue.next_due() == self.now for controller in self.controllers):
                    return
            watcher()
        raise AssertionError("the controllers do not come to rest")

    def _deliver(self) -> None:
        while not self._watch._queue.empty():
            event = self._watch._queue.get_nowait()
            for controller in self.controllers:
                controller.observe(event)

    def wait(self, seconds: float) -> None:
        """Let time pass, and the controllers work."""
        self.now += seconds
        self.settle()

    # The kubelet's part

    def bind(self, pod: dict) -> None:
        name = pod["metadata"]["name"]
        self._ip += 1

        def run(body):
            body.setdefault("status", {}).update(
                phase="Running", podIP=f"127.1.1.{self._ip}", startTime=stamp(self.now)
            )

        self.store.mutate(PODS, NAMESPACE, name, lambda body: body["spec"].update(nodeName="embedded"))
        self.store.mutate(PODS, NAMESPACE, name, run, "status")

    def set_ready(self, pod: dict, ready: bool = True) -> None:
        if not self.store.get(PODS, NAMESPACE, pod["metadata"]["name"])["spec"].get("nodeName"):
            self.bind(pod)

        def change(body):
            old = (body["status"].get("conditions") or [{}])[0]
            if old.get("status") != str(ready):
                condition = {"type": "Ready", "status": str(ready), "lastTransitionTime": stamp(self.now)}
                body["status"]["conditions"] = [condition]

        self.store.mutate(PODS, NAMESPACE, pod["metadata"]["name"], change, "status")

    def end(self, pod: dict) -> None:
        """Say the kubelet's last word about a terminating pod."""
        self.store.delete(PODS, NAMESPACE, pod["metadata"]["name"], grace=0)

    def run_pods(self, ready: Callable[[dict], bool] = lambda _pod: True) -> None:
        """Be a kubelet whose pods get ready at once (those for which `ready` says so), until nothing changes."""
        for _ in range(200):
            self.settle()
            pods = self.store.list(PODS, NAMESPACE)
            for pod in pods:
                if pod["metadata"].get("deletionTimestamp"):
                    self.end(pod)
                elif not is_ready(pod) and ready(pod):
                    self.set_ready(pod)
            if self.store.list(PODS, NAMESPACE) == pods:
                return
        raise AssertionError("the pods do not come to rest")

    # Reading

    def pods(self, **labels: str) -> list[dict]:
        """Return the pods that are not terminating and have these labels."""
        return [
            pod
            for pod in self.store.list(PODS, NAMESPACE)
            if labels.items() <= (pod["metadata"].get("labels") or {}).items()
            and not pod["metadata"].get("deletionTimestamp")
        ]

    def replica_sets(self) -> list[dict]:
        return self.store.list(REPLICA_SETS, NAMESPACE)

    def deployment(self, name: str = "order") -> dict:
        return self.store.get(DEPLOYMENTS, NAMESPACE, name)

    def events(self, reason: str) -> list[str]:
        return [event["message"] for event in self.store.list(EVENTS) if event["reason"] == reason]

    # Changing

    def change(self, change: Callable[[dict], None], name: str = "order", kind=DEPLOYMENTS) -> None:
        self.store.mutate(kind, NAMESPACE, name, change)

    def scale(self, replicas: int) -> None:
        self.change(lambda body: body["spec"].update(replicas=replicas))

    def set_image(self, image: str) -> None:
        self.change(lambda body: body["spec"]["template"]["spec"]["containers"][0].update(image=image))


def is_ready(pod: dict) -> bool:
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


def template(image: str = "order:v1", **labels: str) -> dict:
    return {
        "metadata": {"labels": {"app": "order", **labels}},
        "spec": {
            "containers": [
                {
                    "name": "order",
                    "image": image,
                    "ports": [{"name": "http", "containerPort": 8080}],
                    "resources": {"requests": {"cpu": "100m"}},
                }
            ]
        },
    }


def deployment(replicas: int = 3, name: str = "order", image: str = "order:v1", annotations=None, **spec) -> dict:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE, "annotations": annotations or {}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "order"}},
            "template": template(image),
            **spec,
        },
    }


def rolling(surge: int | str, unavailable: int | str) -> dict:
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}


def service(**spec) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "order", "namespace": NAMESPACE},
        "spec": {"selector": {"app": "order"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}], **spec},
    }


def add_service(lab: Lab, **spec) -> dict:
    return lab.store.create(SERVICES, service(**spec))


def condition(body: dict, kind: str) -> dict:
    return next(item for item in body["status"]["conditions"] if item["type"] == kind)
