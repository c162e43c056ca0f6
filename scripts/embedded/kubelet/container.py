"""One container: its process from start to end, and again, as the restart policy says."""

from __future__ import annotations

import asyncio
import signal
import sys
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from embedded.apiserver.resources import NODES
from embedded.kubelet import environment, logs, outside
from embedded.kubelet.actions import Target, unsupported
from embedded.kubelet.deadline import Deadline
from embedded.kubelet.environment import ConfigError, Environment, expand
from embedded.kubelet.images import Image, ImageError
from embedded.kubelet.node import NODE
from embedded.kubelet.probes import Prober
from embedded.kubelet.runtime import BACK_OFF_LAST, BackOff, Runtime, Sandbox
from embedded.kubelet.status import ContainerStatus
from embedded.processes import Process

# Kubernetes forgets earlier crashes of a container that ran for twice the longest pause.
_LONG_RUN = 2 * BACK_OFF_LAST
# What Kubernetes leaves to a process whose preStop hook has used up the grace period.
_LEFT_AFTER_HOOK = 2
_START_ERROR = 128
_TEMPORARY = "/tmp"  # noqa: S108 - a path of the manifest's, not of this machine
_PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
_HOOKS = ("postStart", "preStop")


class Container:
    """Runs one container of a pod.

    Args:
        runtime: what the kubelet gives.
        sandbox: what the pod's containers share.
        spec: the container's part of the manifest.
        status: what is known of it.
        publish: called after every change of the status.
        init: whether it is an init container.
    """

    def __init__(
        self,
        runtime: Runtime,
        sandbox: Sandbox,
        spec: dict[str, Any],
        status: ContainerStatus,
        publish: Callable[[], None],
        *,
        init: bool = False,
    ) -> None:
        self._runtime = runtime
        self._sandbox = sandbox
        self.spec = spec
        self.status = status
        self._publish = publish
        self._init = init
        self._stopping = False
        self._killed_for = ""
        self._target: Target | None = None
        self._ending: set[asyncio.Task[None]] = set()
        self.process: Process | None = None

    async def run(self) -> None:
        """Run the container, again and again as far as the restart policy says."""
        crashes, first = BackOff(), True
        while True:
            image = await self._pulled()
            command, target = await self._configured(image)
            if self._stopping:
                return
            began = asyncio.get_running_loop().time()
            code = await self._run_once(command, target)
            if self._stopping or not self._runs_again(code):
                return
            if asyncio.get_running_loop().time() - began > _LONG_RUN:
                crashes.reset()
                first = True
            # As in Kubernetes the first crash is answered at once.
            if not first:
                await self._back_off(crashes.take())
            first = False
            self.status.restarts += 1

    def _runs_again(self, code: int) -> bool:
        policy = self._sandbox.pod["spec"].get("restartPolicy", "Always")
        return policy != "Never" and (code != 0 or (policy == "Always" and not self._init))

    async def _back_off(self, pause: float) -> None:
        about = f"container={self.status.name} pod={self._sandbox.name}_{self._sandbox.namespace}"
        self._wait("CrashLoopBackOff", f"back-off {pause:g}s restarting failed {about}")
        self._warn("BackOff", f"Back-off restarting failed container {self.status.name} in pod {self._sandbox.name}")
        await asyncio.sleep(pause)

    async def _pulled(self) -> Image:
        """Return the image, as soon as the catalogue has it."""
        pauses = BackOff()
        while True:
            try:
                image = self._runtime.catalogue.resolve(self.spec.get("image", ""))
            except ImageError as error:
                self._wait("ErrImagePull", str(error))
                self._warn("Failed", str(error))
                self._wait("ImagePullBackOff", f'Back-off pulling image "{self.spec.get("image")}": {error}')
                await asyncio.sleep(pauses.take())
            else:
                self.status.image_id = image.id
                return image

    async def _configured(self, image: Image) -> tuple[list[str], Target]:
        """Return command and surroundings, as soon as everything that they refer to exists."""
        pauses = BackOff()
        while True:
            try:
                self._refuse_unsupported()
                return self._configure(image)
            except ConfigError as error:
                self._wait("CreateContainerConfigError", str(error))
                self._warn("Failed", f"Error: {error}")
            await self._runtime.configuration.wait(pauses.take())

    def _refuse_unsupported(self) -> None:
        lifecycle = self.spec.get("lifecycle") or {}
        for name, action in [
            *((name, self.spec.get(name)) for name in _PROBES),
            *((name, lifecycle.get(name)) for name in _HOOKS),
        ]:
            if action and (kind := unsupported(action)):
                raise ConfigError(f"{name} by {kind} is not supported by the embedded cluster")
        if self._init and self.spec.get("restartPolicy") == "Always":
            raise ConfigError("a sidecar (init container with restartPolicy Always) is not supported")

    def _configure(self, image: Image) -> tuple[list[str], Target]:
        sandbox, spec = self._sandbox, self.spec
        node = self._runtime.store.find(NODES, "", NODE) or {}
        stated = Environment(self._runtime.store, sandbox.pod, node.get("status", {}).get("allocatable", {}))
        values = stated.of(spec, image.env)
        rewrite = sandbox.volumes.rewriter(spec, values)
        proxy = self._runtime.proxy(sandbox.namespace) if self._runtime.proxy else None
        direct_hosts = outside.hosts(self._runtime.outside)
        env = environment.runtime(sandbox.folder, sandbox.name, proxy, direct_hosts, image.source)
        env |= environment.resource_attributes(sandbox.pod, spec)
        env |= self._runtime.access.environment if self._runtime.access else {}
        if rewrite(_TEMPORARY) != _TEMPORARY:
            env["TMPDIR"] = rewrite(_TEMPORARY)
        direct = outside.rewriter(self._runtime.outside)
        env |= {name: direct(rewrite(value)) for name, value in values.items()}
        env |= environment.listening(spec, values, sandbox.address.ip, sandbox.address.ports)
        target = Target(spec, sandbox.address, env, sandbox.folder, rewrite)
        return _interpreted([rewrite(word) for word in _command(image, spec, values)]), target

    async def _run_once(self, command: list[str], target: Target) -> int:
        """Start the process, attend to it until it ends, and return its exit code."""
        sandbox, name = self._sandbox, self.status.name
        log = self._runtime.logs.new(sandbox.namespace, sandbox.name, name, self.status.restarts)
        self._killed_for, self._target = "", target
        try:
            self.process = await self._runtime.processes.start(command, target.env, target.cwd, log)
        except OSError as error:
            self._ended(_START_ERROR, "StartError", f"failed to start the container process: {error}")
            self._warn("Failed", f"Error: failed to start container {name}: {error}")
            return _START_ERROR
        self.status.run(f"process://{uuid.uuid4().hex}")
        self._publish()
        self._runtime.events.normal(sandbox.pod, "Started", f"Started container {name}")
        attending = asyncio.create_task(self._attend(target))
        try:
            code = await self.process.wait()
        finally:
            self.process.kill()
            attending.cancel()
            await asyncio.gather(attending, self.process.wait(), return_exceptions=True)
        reason = self._killed_for if self._killed_for == "OOMKilled" else "Error" if code else "Completed"
        self._ended(code, reason, self._last_words(log, code))
        return code

    def _last_words(self, log: Any, code: int) -> str:
        wanted = self.spec.get("terminationMessagePolicy") == "FallbackToLogsOnError"
        return logs.end_of(log) if wanted and code else ""

    async def _attend(self, target: Target) -> None:
        """Run the postStart hook, then the probes; init containers have neither."""
        if self._init:
            return
        hook = (self.spec.get("lifecycle") or {}).get("postStart")
        if hook and (problem := await self._runtime.actions.perform(hook, target)):
            self._warn("FailedPostStartHook", f"PostStartHook failed: {problem}")
            self.end_for(f"Container {self.status.name} failed postStart hook", {})
            return
        ask = lambda probe: self._runtime.actions.perform(probe, target)  # noqa: E731
        await Prober(self.spec, ask, self._started, self._ready, self._failed, self._unhealthy).run()

    def _started(self) -> None:
        self.status.started = True
        self._publish()

    def _ready(self, ready: bool) -> None:
        if self.status.ready != ready:
            self.status.ready = ready
            self._publish()

    def _failed(self, name: str, probe: Mapping[str, Any]) -> None:
        if not self._stopping:
            self.end_for(f"Container {self.status.name} failed {name.lower()} probe, will be restarted", probe)

    def _unhealthy(self, name: str, problem: str) -> None:
        self._warn("Unhealthy", f"{name} probe failed: {problem}")

    def end_for(self, reason: str, probe: Mapping[str, Any]) -> None:
        """End the process gracefully because of what was found out; the restart policy decides what follows."""
        self._runtime.events.normal(self._sandbox.pod, "Killing", reason)
        grace = probe.get(
            "terminationGracePeriodSeconds", self._sandbox.pod["spec"].get("terminationGracePeriodSeconds", 30)
        )
        self.status.ready = False
        task = asyncio.create_task(self._end(Deadline(grace)))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def kill_for_memory(self) -> None:
        """Kill the process as the kernel does when a container uses more memory than its limit."""
        self._killed_for = "OOMKilled"
        self.kill()

    def kill(self) -> None:
        """End the process and all that it started, at once."""
        if self.process:
            self.process.kill()

    async def stop(self, deadline: Deadline, *, hooks: bool = True) -> None:
        """End the container for good: hook, SIGTERM, and SIGKILL at the deadline."""
        self._stopping = True
        if self.process and self.process.running:
            self._runtime.events.normal(self._sandbox.pod, "Killing", f"Stopping container {self.status.name}")
        await self._end(deadline, hooks=hooks)

    async def _end(self, deadline: Deadline, *, hooks: bool = True) -> None:
        process = self.process
        if process is None or not process.running:
            return
        hook = (self.spec.get("lifecycle") or {}).get("preStop")
        if hook and hooks and self._target:
            async with deadline.limit():
                if problem := await self._runtime.actions.perform(hook, self._target):
                    self._warn("FailedPreStopHook", f"PreStopHook failed: {problem}")
        process.signal(signal.SIGTERM)
        async with deadline.limit(at_least=_LEFT_AFTER_HOOK if hook and hooks else 0):
            await process.wait()
        process.kill()
        await process.wait()

    def _ended(self, code: int, reason: str, message: str = "") -> None:
        self.status.end(code, reason, message)
        # An init container that has done its work counts as ready.
        self.status.ready = self._init and code == 0
        self._publish()

    def _wait(self, reason: str, message: str) -> None:
        self.status.wait(reason, message)
        self._publish()

    def _warn(self, reason: str, message: str) -> None:
        self._runtime.events.warning(self._sandbox.pod, reason, message)


def _command(image: Image, spec: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    """Return what to execute; as in Kubernetes `command` replaces all that the image says, `args` only its arguments.

    The catalogue does not tell ENTRYPOINT from CMD: with `args` alone the first word of the image's command stays.
    """
    words = [expand(word, values) for word in spec.get("command") or ()]
    words = words or list(image.command[:1] if spec.get("args") else image.command)
    return words + [expand(word, values) for word in spec.get("args") or ()]


def _interpreted(words: list[str]) -> list[str]:
    """Return a command with this interpreter in the place of the image's."""
    return [sys.executable, *words[1:]] if words[0] in ("python", "python3") else words
