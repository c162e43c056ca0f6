"""One pod: its address and folders, its containers, and its end in the order that loses no request."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
from typing import Any

from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import PODS
from embedded.apiserver.store import now
from embedded.kubelet import status as statuses
from embedded.kubelet.container import Container
from embedded.kubelet.deadline import Deadline
from embedded.kubelet.environment import ConfigError
from embedded.kubelet.runtime import BackOff, Runtime, Sandbox
from embedded.kubelet.status import ContainerStatus
from embedded.kubelet.volumes import Volumes, remove
from embedded.network import PORTS_ANNOTATION, PodAddress
from embedded.state import ClusterError

# A proxy that does not let go of a pod within this time is not waited for: the pod's end must not hang on it.
DRAIN_DEADLINE = 5.0
# Requests that a proxy sent off just before it acknowledged get this long to arrive (measured: 100 ms lose none).
IN_FLIGHT = 0.1
log = logging.getLogger(__name__)


class PodWorker:
    """Runs one pod until it is deleted.

    Args:
        runtime: what the kubelet gives.
        pod: the pod, bound to this node.
    """

    def __init__(self, runtime: Runtime, pod: dict[str, Any]) -> None:
        self._runtime = runtime
        self.pod = pod
        self.uid: str = pod["metadata"]["uid"]
        self._namespace, self._name = pod["metadata"]["namespace"], pod["metadata"]["name"]
        self.key = (self._namespace, self._name)
        self.folder = runtime.pods / f"{self._namespace}_{self._name}_{self.uid}"
        self._statuses = _known(pod, "containers", "containerStatuses")
        self._init_statuses = _known(pod, "initContainers", "initContainerStatuses")
        self.containers: list[Container] = []
        self._deletion = asyncio.Event()
        self._deadline: Deadline | None = None

    def update(self, pod: dict[str, Any]) -> None:
        """Take note of a newer version of the pod."""
        before, self.pod = self.pod, pod
        if pod["metadata"].get("deletionTimestamp"):
            self._deletion.set()
            if self._deadline:
                self._deadline.shorten(self._grace())
        elif _images(before) != _images(pod):
            message = "changing the image of a running pod is not supported by the embedded cluster: replace the pod"
            self._runtime.events.warning(pod, "Unsupported", message)
        elif pod["spec"].get("readinessGates"):
            self._publish()

    def _grace(self) -> float:
        return float(self.pod["metadata"].get("deletionGracePeriodSeconds") or 0)

    async def run(self) -> None:
        """Run the pod's containers until the pod is deleted, then end them and remove the pod."""
        life = asyncio.create_task(self._live())
        try:
            await self._deletion.wait()
            await self._drain()
            await self.stop()
        finally:
            # Cancelled or not, nothing of the pod may go on running.
            life.cancel()
            await asyncio.gather(life, return_exceptions=True)
            self._runtime.addresses.pop(self.uid, None)
        self._publish()
        self._remove()

    async def stop(self, *, grace: float | None = None, hooks: bool = True) -> None:
        """End all containers within the grace period."""
        self._deadline = Deadline(self._grace() if grace is None else grace)
        await asyncio.gather(*(container.stop(self._deadline, hooks=hooks) for container in self.containers))

    async def _live(self) -> None:
        pauses = BackOff()
        while True:
            try:
                await self._run_containers(await self._sandbox())
            except ApiError as error:
                # The pod was removed meanwhile: the watch says so as well, and ends this worker.
                log.info("pod %s/%s: %s", self._namespace, self._name, error)
            except Exception:
                log.exception("pod %s/%s failed; it is tried again", self._namespace, self._name)
                await asyncio.sleep(pauses.take())
                continue
            return

    async def _sandbox(self) -> Sandbox:
        """Return address, folder and volumes, as soon as they can be had."""
        self.folder.mkdir(parents=True, exist_ok=True)
        pauses = BackOff()
        while True:
            try:
                address = self._address()
                volumes = Volumes(
                    self._runtime.store, self.pod, self.folder, self._runtime.claims, self._runtime.access
                )
                volumes.prepare()
                return Sandbox(self.pod, address, self.folder, volumes)
            except ClusterError as error:
                self._runtime.events.warning(self.pod, "FailedCreatePodSandBox", str(error))
            except ConfigError as error:
                self._runtime.events.warning(self.pod, "FailedMount", str(error))
            self._publish()
            await self._runtime.configuration.wait(pauses.take())

    def _address(self) -> PodAddress:
        taken = self._runtime.addresses
        if self.uid not in taken:
            address = self._runtime.network.pod(_container_ports(self.pod), taken.values())
            _check_free(address, _container_ports(self.pod))
            taken[self.uid] = address
            self._announce(address)
        return taken[self.uid]

    def _announce(self, address: PodAddress) -> None:
        """Write the address into the pod, and where its ports really are if they differ."""

        def annotate(body: dict[str, Any]) -> None:
            ports = {str(port): real for port, real in address.ports.items()}
            body["metadata"].setdefault("annotations", {})[PORTS_ANNOTATION] = json.dumps(ports)

        if address.ports:
            self._runtime.store.mutate(PODS, self._namespace, self._name, annotate)
        self._publish()

    async def _run_containers(self, sandbox: Sandbox) -> None:
        for spec, status in zip(self.pod["spec"].get("initContainers") or (), self._init_statuses, strict=True):
            if status.exit_code == 0:
                continue
            init = Container(self._runtime, sandbox, spec, status, self._publish, init=True)
            self.containers = [init]
            await init.run()
            if status.exit_code != 0 or self._deadline:
                return
        for status in self._statuses:
            status.wait("ContainerCreating")
        self.containers = [
            Container(self._runtime, sandbox, spec, status, self._publish)
            for spec, status in zip(self.pod["spec"]["containers"], self._statuses, strict=True)
        ]
        self._publish()
        async with asyncio.TaskGroup() as group:
            for container in self.containers:
                group.create_task(container.run())

    async def _drain(self) -> None:
        """Wait until no proxy sends anything to the pod any more."""
        address = self._runtime.addresses.get(self.uid)
        drained = self._runtime.drained
        if address is None or drained is None or not any(status.running for status in self._statuses):
            return
        ports = [address.real(port) for port in _container_ports(self.pod)]
        try:
            async with asyncio.timeout(DRAIN_DEADLINE):
                await asyncio.gather(*(drained(address.ip, port) for port in ports))
        except TimeoutError:
            message = f"the proxy did not let go of the pod within {DRAIN_DEADLINE:g}s; it is stopped all the same"
            self._runtime.events.warning(self.pod, "FailedDrain", message)
        await asyncio.sleep(IN_FLIGHT)

    def _publish(self) -> None:
        """Write the pod's status."""
        found = self._runtime.store.find(PODS, self._namespace, self._name)
        if found is None or found["metadata"]["uid"] != self.uid:
            return
        with contextlib.suppress(ApiError):
            self.pod = self._runtime.store.mutate(PODS, self._namespace, self._name, self._fill, "status")

    def _fill(self, body: dict[str, Any]) -> None:
        status, spec = body.setdefault("status", {}), self.pod["spec"]
        status["phase"] = statuses.phase(self._statuses, self._init_statuses, spec.get("restartPolicy", "Always"))
        status.setdefault("startTime", now())
        status |= {"hostIP": self._runtime.node_ip, "hostIPs": [{"ip": self._runtime.node_ip}]}
        if address := self._runtime.addresses.get(self.uid):
            status |= {"podIP": address.ip, "podIPs": [{"ip": address.ip}]}
        statuses.set_conditions(status, spec, self._statuses, self._init_statuses)
        status["containerStatuses"] = [item.as_dict() for item in self._statuses]
        if self._init_statuses:
            status["initContainerStatuses"] = [item.as_dict() for item in self._init_statuses]

    def _remove(self) -> None:
        """Forget the pod: the kubelet has the last word on it."""
        with contextlib.suppress(ApiError):
            self._runtime.store.delete(PODS, self._namespace, self._name, grace=0, uid=self.uid)
        self.clean()

    def clean(self) -> None:
        """Delete what the pod had on disk."""
        remove(self.folder)
        self._runtime.logs.remove(self._namespace, self._name)


def _known(pod: dict[str, Any], containers: str, key: str) -> list[ContainerStatus]:
    """Return the containers' statuses, with what an earlier run of the kubelet has written down."""
    old = {item["name"]: item for item in pod.get("status", {}).get(key) or ()}
    known = []
    for spec in pod["spec"].get(containers) or ():
        before = old.get(spec["name"], {})
        status = ContainerStatus(spec["name"], spec.get("image", ""), restarts=before.get("restartCount", 0))
        status.state, status.last = before.get("state") or None, before.get("lastState") or None
        status.ready = key == "initContainerStatuses" and status.exit_code == 0
        known.append(status)
    return known


def _container_ports(pod: dict[str, Any]) -> list[int]:
    """Return the TCP ports that the pod's containers declare."""
    ports = [port for container in pod["spec"]["containers"] for port in container.get("ports") or ()]
    return [port["containerPort"] for port in ports if port.get("protocol", "TCP") == "TCP"]


def _images(pod: dict[str, Any]) -> list[str]:
    return [str(container.get("image")) for container in pod["spec"]["containers"]]


def _check_free(address: PodAddress, ports: list[int]) -> None:
    """Say so at once if another program, listening on every address, would make the container crash again and again.

    Raises:
        ClusterError: names the address.
    """
    for port in ports:
        real = address.real(port)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address.ip, real))
                probe.listen()
            except OSError as error:
                raise ClusterError(f"{address.ip}:{real} cannot be used: {error.strerror}") from error
