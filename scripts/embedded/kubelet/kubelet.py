"""The kubelet: one worker for each pod that is bound to the node."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shutil
from collections import defaultdict
from typing import Any

from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import CONFIG_MAPS, PERSISTENT_VOLUME_CLAIMS, PODS, SECRETS
from embedded.apiserver.store import Store, now
from embedded.apiserver.watch import Event
from embedded.kubelet import quantities, stats
from embedded.kubelet.container import Container
from embedded.kubelet.ignored import ignored
from embedded.kubelet.node import NODE, register
from embedded.kubelet.pod import PodWorker
from embedded.kubelet.runtime import Runtime
from embedded.kubelet.status import FINAL_PHASES

# What a pod's containers get to end when the whole cluster stops: nobody waits for an answer any more.
SHUTDOWN_GRACE = 5.0
_CONFIGURATION = (CONFIG_MAPS, SECRETS, PERSISTENT_VOLUME_CLAIMS)
_UNKNOWN_END = {"exitCode": 137, "reason": "ContainerStatusUnknown", "message": "The cluster was stopped."}
log = logging.getLogger(__name__)


class Kubelet:
    """Runs the pods of the node.

    Args:
        runtime: what pods share.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._store: Store = runtime.store
        self._workers: dict[str, tuple[PodWorker, asyncio.Task[None]]] = {}
        self._told: set[str] = set()
        self._meter = stats.CpuMeter()

    def cpu_millicores(self, namespace: str, pod: str, container: str | None = None) -> float | None:
        """Return the CPU that a pod, or one container of it, uses; None while that is not known."""
        return self._meter.millicores(namespace, pod, container)

    def reset(self) -> None:
        """Register the node and forget what ran before: call it before anybody acts on the pods' readiness."""
        register(self._store, self._runtime.node_ip)
        alive = set()
        for pod in self._store.list(PODS):
            if pod["spec"].get("nodeName") != NODE:
                continue
            meta = pod["metadata"]
            if meta.get("deletionTimestamp"):
                with contextlib.suppress(ApiError):
                    self._store.delete(PODS, meta["namespace"], meta["name"], grace=0)
                continue
            alive.add(meta["uid"])
            if pod.get("status", {}).get("phase") not in FINAL_PHASES:
                self._store.mutate(PODS, meta["namespace"], meta["name"], _forget, "status")
        for folder in self._runtime.pods.glob("*"):
            if folder.name.rpartition("_")[2] not in alive:
                shutil.rmtree(folder, ignore_errors=True)

    async def run(self) -> None:
        """Run pods until cancelled; then nothing of them is left running."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow_pods())
                group.create_task(self._follow_configuration())
                group.create_task(self._measure())
        finally:
            tasks = [task for _worker, task in self._workers.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._runtime.actions.close()

    async def stop(self) -> None:
        """End all pods' processes, but keep the pods: the next start runs them again.

        Hooks are skipped: they exist to let requests drain, and the gateway is gone by now.
        """
        workers = [worker for worker, _task in self._workers.values()]
        await asyncio.gather(*(worker.stop(grace=SHUTDOWN_GRACE, hooks=False) for worker in workers))

    async def _follow_pods(self) -> None:
        with self._store.watch(PODS) as watch:
            for pod in self._store.list(PODS):
                self._sync(pod)
            async for event in watch:
                if event.kind == "DELETED":
                    self._forget(event)
                else:
                    self._sync(event.body)

    def _sync(self, pod: dict[str, Any]) -> None:
        uid = pod["metadata"]["uid"]
        if uid in self._workers:
            self._workers[uid][0].update(pod)
        elif pod["spec"].get("nodeName") == NODE and self._is_to_run(pod):
            self._say_what_is_ignored(pod)
            worker = PodWorker(self._runtime, pod)
            task = asyncio.create_task(
                worker.run(), name=f"pod {pod['metadata']['namespace']}/{pod['metadata']['name']}"
            )
            task.add_done_callback(lambda done: self._ended(uid, done))
            self._workers[uid] = worker, task
            # A pod may be deleted before its worker has begun.
            worker.update(pod)

    def _is_to_run(self, pod: dict[str, Any]) -> bool:
        """Tell whether a pod still has something to do here; one that ended needs its worker for its removal only."""
        ended = pod.get("status", {}).get("phase") in FINAL_PHASES
        current = self._store.find(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])
        exists = current is not None and current["metadata"]["uid"] == pod["metadata"]["uid"]
        return exists and (not ended or bool(pod["metadata"].get("deletionTimestamp")))

    def _forget(self, event: Event) -> None:
        """End a pod that was removed from the store without waiting for the kubelet."""
        worker, task = self._workers.get(event.body["metadata"]["uid"], (None, None))
        if worker and task:
            task.cancel()
            worker.clean()

    def _ended(self, uid: str, task: asyncio.Task[None]) -> None:
        self._workers.pop(uid, None)
        if not task.cancelled() and (error := task.exception()):
            log.error("%s: its worker failed", task.get_name(), exc_info=error)

    def _say_what_is_ignored(self, pod: dict[str, Any]) -> None:
        """Name the fields without effect, once for all pods of one template."""
        owners = pod["metadata"].get("ownerReferences") or ()
        template = next((owner["uid"] for owner in owners), pod["metadata"]["uid"])
        if template not in self._told and (fields := ignored(pod)):
            self._told.add(template)
            message = f"fields without effect in the embedded cluster: {', '.join(fields)}"
            self._runtime.events.normal(pod, "Unsupported", message)

    async def _follow_configuration(self) -> None:
        with self._store.watch(None) as watch:
            async for event in watch:
                if event.resource in _CONFIGURATION:
                    self._runtime.configuration.fire()
                if event.kind == "DELETED" and event.resource == PERSISTENT_VOLUME_CLAIMS:
                    meta = event.body["metadata"]
                    shutil.rmtree(self._runtime.claims / meta["namespace"] / meta["name"], ignore_errors=True)

    async def _measure(self) -> None:
        """Measure the pods' processes, kill what exceeds its memory limit, and bound the logs."""
        while True:
            await asyncio.sleep(stats.INTERVAL)
            running = [
                (worker.key, container, container.process.pid)
                for worker, _task in self._workers.values()
                for container in worker.containers
                if container.process and container.process.running
            ]
            usage = await stats.measure(pid for _key, _container, pid in running)
            cpu: dict[tuple[str, str, str], float] = defaultdict(float)
            for key, container, pid in running:
                cpu[*key, container.status.name] += usage[pid].cpu
                _enforce_memory(container, pid, usage[pid].memory)
            self._meter.record(asyncio.get_running_loop().time(), cpu)
            self._runtime.logs.bound()


def _enforce_memory(container: Container, pid: int, used: int) -> None:
    limit = (container.spec.get("resources", {}).get("limits") or {}).get("memory")
    if limit and stats.exceeds(pid, used, quantities.memory(limit)):
        container.kill_for_memory()


def _forget(body: dict[str, Any]) -> None:
    """Make a pod's status say that nothing of it runs."""
    status = body.setdefault("status", {})
    for name in ("podIP", "podIPs"):
        status.pop(name, None)
    for condition in status.get("conditions", []):
        if condition["type"] in ("Ready", "ContainersReady") and condition["status"] == "True":
            condition |= {"status": "False", "reason": "ContainersNotReady", "lastTransitionTime": now()}
    # Init containers run again, as they do when a node was booted.
    status.pop("initContainerStatuses", None)
    for container in status.get("containerStatuses", []):
        state = container.get("state") or {}
        if "running" in state:
            times = {"startedAt": state["running"]["startedAt"], "finishedAt": now()}
            state = {"terminated": _UNKNOWN_END | times}
        if "terminated" in state:
            container["lastState"] = state
            container["restartCount"] += 1
        container |= {"ready": False, "started": False, "state": {"waiting": {"reason": "ContainerCreating"}}}
