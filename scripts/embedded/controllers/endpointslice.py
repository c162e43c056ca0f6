"""The EndpointSlice controller: which pods stand behind a Service, and in what state they are.

Pods whose ports are the same share slices. Where the cluster has one address only, each pod's ports are its own and
stand in an annotation of the pod; so each gets a slice by the same rule.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from embedded.apiserver.resources import ENDPOINT_SLICES, PODS, SERVICES
from embedded.apiserver.selectors import matches_map
from embedded.apiserver.store import Store
from embedded.apiserver.watch import Event
from embedded.controllers import pods as pod_status
from embedded.controllers.ownership import owned, owner_reference
from embedded.controllers.runtime import Clock, Controller, Key
from embedded.controllers.unsupported import Unsupported
from embedded.network import PORTS_ANNOTATION

Object = dict[str, Any]
SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"
HEADLESS = "service.kubernetes.io/headless"
# Kubernetes' own limit.
MOST_ENDPOINTS = 100


class EndpointSliceController(Controller):
    """Writes the slices of every Service that has a selector."""

    name = "endpoint-slice-controller"
    watched = (SERVICES, PODS, ENDPOINT_SLICES)

    def __init__(self, store: Store, clock: Clock = time.time) -> None:
        super().__init__(store, clock)
        self._unsupported = Unsupported(self.events)

    def keys(self) -> Iterable[Key]:
        """Return every Service."""
        return [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in self.store.peek(SERVICES)]

    def affected(self, event: Event) -> Iterator[Key]:
        """Yield the Service itself, that of a slice, or those that select or selected a pod."""
        namespace = event.body["metadata"]["namespace"]
        if event.resource == SERVICES:
            yield namespace, event.body["metadata"]["name"]
        elif event.resource == ENDPOINT_SLICES:
            labels = event.body["metadata"].get("labels") or {}
            if labels.get(MANAGED_BY) == MANAGER and SERVICE_NAME in labels:
                yield namespace, labels[SERVICE_NAME]
        else:
            for service in self.store.peek(SERVICES, namespace):
                if any(_selects(service, pod) for pod in (event.old, event.body)):
                    yield namespace, service["metadata"]["name"]

    def reconcile(self, namespace: str, name: str) -> None:
        """Write the slices as the pods are now, and remove those that are not needed any more."""
        service = self.store.find(SERVICES, namespace, name)
        if service is None or not _has_endpoints(service):
            return
        self._unsupported.report(service, unsupported_fields(service))
        pods = [pod for pod in self.store.peek(PODS, namespace) if _selects(service, pod) and _is_reachable(pod)]
        wanted = {item["metadata"]["name"]: item for item in slices(service, pods)}
        for name_, item in wanted.items():
            self._write(namespace, name_, item)
        for old in list(owned(self.store, ENDPOINT_SLICES, service)):
            if old["metadata"]["name"] not in wanted:
                self.store.delete(ENDPOINT_SLICES, namespace, old["metadata"]["name"])

    def _write(self, namespace: str, name: str, item: Object) -> None:
        if self.store.find(ENDPOINT_SLICES, namespace, name) is None:
            self.store.create(ENDPOINT_SLICES, item)
            return

        def change(body: Object) -> None:
            body["metadata"]["labels"] = item["metadata"]["labels"]
            body["metadata"]["ownerReferences"] = item["metadata"]["ownerReferences"]
            body["endpoints"], body["ports"] = item["endpoints"], item["ports"]

        self.store.mutate(ENDPOINT_SLICES, namespace, name, change)


def slices(service: Object, pods: Iterable[Object]) -> list[Object]:
    """Return the slices of a Service: one for each set of ports that its pods have, empty ones too."""
    groups: dict[str, tuple[list[Object], list[Object]]] = {}
    for pod in pods:
        ports = ports_of(service, pod)
        groups.setdefault(json.dumps(ports, sort_keys=True), (ports, []))[1].append(pod)
    found = []
    for text, (ports, members) in groups.items() or {"": ([], [])}.items():
        for start in range(0, max(len(members), 1), MOST_ENDPOINTS):
            some = members[start : start + MOST_ENDPOINTS]
            found.append(_slice(service, f"{text}{start}", ports, [endpoint(service, pod) for pod in some]))
    return found


def _slice(service: Object, identity: str, ports: list[Object], endpoints: list[Object]) -> Object:
    meta = service["metadata"]
    labels = {**(meta.get("labels") or {}), SERVICE_NAME: meta["name"], MANAGED_BY: MANAGER}
    if service["spec"].get("clusterIP") == "None":
        labels[HEADLESS] = ""
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            # The same ports give the same name, so a slice is changed rather than replaced.
            "name": f"{meta['name']}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}",
            "namespace": meta["namespace"],
            "labels": labels,
            "ownerReferences": [owner_reference(service)],
        },
        "addressType": "IPv4",
        "endpoints": endpoints,
        "ports": ports,
    }


def endpoint(service: Object, pod: Object) -> Object:
    """Return the endpoint of one pod."""
    terminating, serving = pod_status.is_terminating(pod), pod_status.is_ready(pod)
    always = bool(service["spec"].get("publishNotReadyAddresses"))
    found: Object = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {
            "ready": always or (serving and not terminating),
            "serving": serving,
            "terminating": terminating,
        },
        "targetRef": {
            "kind": "Pod",
            "namespace": pod["metadata"]["namespace"],
            "name": pod["metadata"]["name"],
            "uid": pod["metadata"]["uid"],
        },
    }
    if pod["spec"].get("nodeName"):
        found["nodeName"] = pod["spec"]["nodeName"]
    if pod["spec"].get("hostname") and pod["spec"].get("subdomain") == service["metadata"]["name"]:
        found["hostname"] = pod["spec"]["hostname"]
    return found


def ports_of(service: Object, pod: Object) -> list[Object]:
    """Return the Service's ports as this pod has them; one that the pod does not have is left out."""
    real = json.loads((pod["metadata"].get("annotations") or {}).get(PORTS_ANNOTATION) or "{}")
    found = []
    for port in service["spec"].get("ports") or ():
        number = container_port(port, pod)
        if number is not None:
            item = {"name": port.get("name", ""), "port": real.get(str(number), number)}
            item["protocol"] = port.get("protocol", "TCP")
            found.append({**item, "appProtocol": port["appProtocol"]} if port.get("appProtocol") else item)
    return found


def container_port(port: Object, pod: Object) -> int | None:
    """Return the container port that a Service's port leads to; None if it names one that the pod does not have."""
    target = port.get("targetPort") or port["port"]
    if isinstance(target, int):
        return target
    sidecars = [item for item in pod["spec"].get("initContainers") or () if item.get("restartPolicy") == "Always"]
    for container in [*pod["spec"]["containers"], *sidecars]:
        for candidate in container.get("ports") or ():
            same = candidate.get("protocol", "TCP") == port.get("protocol", "TCP")
            if candidate.get("name") == target and same:
                return int(candidate["containerPort"])
    return None


def unsupported_fields(service: Object) -> Iterator[str]:
    """Yield what a Service asks of its endpoints and does not get."""
    spec = service["spec"]
    if spec.get("trafficDistribution"):
        yield f"spec.trafficDistribution: {spec['trafficDistribution']}"
    if "IPv6" in (spec.get("ipFamilies") or ()):
        yield "spec.ipFamilies: IPv6"
    if spec.get("ipFamilyPolicy") in ("PreferDualStack", "RequireDualStack"):
        yield f"spec.ipFamilyPolicy: {spec['ipFamilyPolicy']}"


def _has_endpoints(service: Object) -> bool:
    """Tell whether the Service's slices are this controller's: without a selector they are written by someone else."""
    return bool(service["spec"].get("selector")) and service["spec"].get("type") != "ExternalName"


def _selects(service: Object, pod: Object | None) -> bool:
    return pod is not None and matches_map(service["spec"].get("selector"), pod["metadata"].get("labels"))


def _is_reachable(pod: Object) -> bool:
    return bool(pod.get("status", {}).get("podIP")) and pod_status.phase(pod) not in pod_status.FINAL_PHASES
