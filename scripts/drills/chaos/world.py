"""What a drill can break around a release, through the Kubernetes API alone: so it breaks on any cluster."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from cluster import endpoints, wait
from cluster.client import Cluster
from cluster.collection import STRATEGIC
from cluster.manifests import PART_OF, PLATFORM
from cluster.prometheus import Prometheus
from cluster.transport import Json
from drills.chaos.go_between import GoBetween, Mood
from drills.record import Record
from drills.trouble import TroubleError

AUTOSCALING = "/apis/autoscaling/v2"
APP = "app"
# No drill asks for more pods than a laptop bears.
MOST_PODS = 6

Make = Callable[[Cluster, str, str], Any]
Image = Callable[[str, str], str]


class World:
    """One service's surroundings.

    Args:
        cluster: where the release happens.
        record: of the drill; learns what was broken.
        make: makes a rollout of a service with a strategy.
        image: returns the full name of a service's image with a tag.
    """

    def __init__(self, cluster: Cluster, record: Record, make: Make, image: Image = "{}:{}".format) -> None:
        self._cluster = cluster
        self._record = record
        self._make = make
        self._image = image
        self._service = record.service
        self._old = {body["metadata"]["name"] for body in self._deployments()}
        self._prometheus = Prometheus(cluster.aside())
        self._between = GoBetween(self._prometheus.fetch)
        self._scales = False
        record.troubled = []

    def rollout(self, strategy: str) -> Any:
        """Return a rollout that lives in this world."""
        return self._make(self._cluster.seen_by(self._between.url), self._service, strategy)

    def close(self) -> None:
        """Put back what no staging puts back."""
        self._between.close()
        if self._scales:
            self._cluster.collection(AUTOSCALING, "horizontalpodautoscalers").delete(self._autoscaler)

    # What can be broken

    def prometheus(self, mood: Mood, what: str, delay: float = 0.0) -> None:
        """Let Prometheus answer in another way from now on; `what` says how, as a clause."""
        with self._breaking(f"Prometheus {what}"):
            self._between.become(mood, delay)

    def kill(self, *, old: float = 0.0, new: float = 0.0) -> None:
        """Kill shares of the pods of both versions at once, without grace; at least one of those that are meant.

        Raises:
            TroubleError: there is no such pod.
        """
        doomed = [*self._some(self._pods(old=True), old), *self._some(self._pods(old=False), new)]
        if not doomed:
            raise TroubleError("no pod is there that could be killed")
        with self._breaking(f"the pods {' and '.join(doomed)} were killed"), ThreadPoolExecutor(len(doomed)) as pool:
            list(pool.map(lambda name: self._cluster.pods.delete(name, grace=0), doomed))

    def sicken(self, tag: str) -> None:
        """Give the old version a sick image, and wait until no other pod of it serves."""
        name, image = self._old_deployment()["metadata"]["name"], self._image(self._service, tag)
        container = {"name": self._service, "image": image}
        with self._breaking(f"the old version got the image {image}"):
            patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
            self._cluster.deployments.patch(name, patch, STRATEGIC)
            wait.deployment_ready(self._cluster, name)
            endpoints.propagate()

    def autoscale(self, least: int) -> None:
        """Let an autoscaler want so many pods of the old version, and wait until they are there."""
        name = self._old_deployment()["metadata"]["name"]
        with self._breaking(f"an autoscaler wanted {least} pods of {name}"):
            self._cluster.collection(AUTOSCALING, "horizontalpodautoscalers").create(self._hpa(name, least))
            self._scales = True
            self._await_pods(name, least)

    # What can be seen

    def now(self) -> float:
        """Return the time by Prometheus' clock."""
        return self._prometheus.now()

    def unanswered(self) -> int:
        """Return how many users of the service have been answered by no version since the release began."""
        seen = self._record.between(self._record.acted_s, None)
        return sum(one.failed and one.service == self._service and not one.version for one in seen)

    def ready(self, *, old: bool) -> int:
        """Return how many pods of one side are ready."""
        return sum(int(body.get("status", {}).get("readyReplicas", 0)) for body in self._side(old=old))

    def weight(self) -> int:
        """Return the share of the users that the canary is to have, in percent."""
        route = self._cluster.virtual_services.get(self._service)["spec"]["http"][-1]["route"]
        return sum(int(each.get("weight", 0)) for each in route if each["destination"].get("subset") == "canary")

    # Inside

    @contextmanager
    def _breaking(self, what: str) -> Iterator[None]:
        with self._record.step("trouble", what):
            yield
        self._record.troubled = [*(self._record.troubled or []), what]

    def _deployments(self) -> list[Json]:
        return self._cluster.deployments.list({APP: self._service})

    def _side(self, *, old: bool) -> list[Json]:
        return [body for body in self._deployments() if (body["metadata"]["name"] in self._old) is old]

    def _old_deployment(self) -> Json:
        found = self._side(old=True)
        if len(found) != 1:
            raise TroubleError(f"{len(found)} Deployments of {self._service} are the old version: one was expected")
        return found[0]

    def _pods(self, *, old: bool) -> list[str]:
        labels = [body["spec"]["selector"]["matchLabels"] for body in self._side(old=old)]
        pods = [pod for each in labels for pod in self._cluster.pods.list(each)]
        return sorted(pod["metadata"]["name"] for pod in pods if "deletionTimestamp" not in pod["metadata"])

    def _some(self, pods: list[str], share: float) -> list[str]:
        return pods[: math.ceil(share * len(pods))]

    @property
    def _autoscaler(self) -> str:
        return f"{self._service}-drill"

    def _hpa(self, deployment: str, least: int) -> Json:
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment}
        cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 90}}
        return {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": self._autoscaler, "labels": {PART_OF: PLATFORM}},
            "spec": {
                "scaleTargetRef": target,
                "minReplicas": least,
                "maxReplicas": max(least, MOST_PODS),
                "metrics": [{"type": "Resource", "resource": cpu}],
            },
        }

    def _await_pods(self, name: str, least: int) -> None:
        def check() -> bool | None:
            ready = self._cluster.deployments.get(name).get("status", {}).get("readyReplicas", 0)
            return True if ready >= least else None

        def late() -> Exception:
            return TroubleError(f"the autoscaler did not bring {least} pods of {name} within {wait.READY_DEADLINE:g} s")

        wait.until(check, [(self._cluster.deployments, None)], wait.READY_DEADLINE, late)
