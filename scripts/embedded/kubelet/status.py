"""Pod status: the containers' states as Kubernetes words them, and what follows from them for the pod."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from embedded.apiserver.store import now

FINAL_PHASES = ("Succeeded", "Failed")
OWN_CONDITIONS = ("PodScheduled", "Initialized", "ContainersReady", "Ready")


@dataclass
class ContainerStatus:
    """What is known of one container.

    Attributes:
        name: its name in the manifest.
        image: its image as the manifest names it.
        image_id: what was found in the catalogue.
        container_id: names one start of it.
        restarts: how often it was started again.
        state: ``waiting``, ``running`` or ``terminated`` with its members, as in the API.
        last: the state before the latest start.
        started: whether the startup probe, if any, has succeeded.
        ready: whether it may get requests.
    """

    name: str
    image: str
    image_id: str = ""
    container_id: str = ""
    restarts: int = 0
    state: dict[str, Any] | None = None
    last: dict[str, Any] | None = None
    started: bool = False
    ready: bool = False

    @property
    def running(self) -> bool:
        """Tell whether the process runs."""
        return bool(self.state and "running" in self.state)

    @property
    def exit_code(self) -> int | None:
        """Return the exit code if the container has ended and is not waiting to be started again."""
        ended = (self.state or {}).get("terminated")
        return ended["exitCode"] if ended else None

    def wait(self, reason: str, message: str = "") -> None:
        """Note that the container waits for something."""
        if self.exit_code is not None:
            self.last = self.state
        self.state = {"waiting": {"reason": reason, **({"message": message} if message else {})}}
        self.ready = self.started = False

    def run(self, container_id: str) -> None:
        """Note that the process was started."""
        if self.exit_code is not None:
            self.last = self.state
        self.container_id = container_id
        self.state = {"running": {"startedAt": now()}}

    def end(self, code: int, reason: str, message: str = "") -> None:
        """Note that the process has ended."""
        started = (self.state or {}).get("running", {}).get("startedAt", now())
        ended = {"exitCode": code, "reason": reason, "startedAt": started, "finishedAt": now()}
        if message:
            ended["message"] = message
        if self.container_id:
            ended["containerID"] = self.container_id
        self.state = {"terminated": ended}
        self.ready = self.started = False

    def as_dict(self) -> dict[str, Any]:
        """Return the ``ContainerStatus`` object of the API."""
        status: dict[str, Any] = {
            "name": self.name,
            "image": self.image,
            "imageID": self.image_id,
            "ready": self.ready,
            "started": self.started,
            "restartCount": self.restarts,
            "state": self.state or {"waiting": {"reason": "PodInitializing"}},
            "lastState": self.last or {},
        }
        if self.container_id:
            status["containerID"] = self.container_id
        return status


def phase(containers: list[ContainerStatus], inits: list[ContainerStatus], restart_policy: str) -> str:
    """Return the phase that follows from the containers, as Kubernetes computes it."""
    failed_init = restart_policy == "Never" and any(init.exit_code for init in inits)
    if failed_init:
        return "Failed"
    if any(init.exit_code != 0 for init in inits) or any(_never_ran(container) for container in containers):
        return "Pending"
    codes = [container.exit_code for container in containers]
    if any(code is None for code in codes) or restart_policy == "Always":
        return "Running"
    if all(code == 0 for code in codes):
        return "Succeeded"
    return "Failed" if restart_policy == "Never" else "Running"


def _never_ran(container: ContainerStatus) -> bool:
    return not container.running and container.exit_code is None and container.last is None


def set_condition(status: dict[str, Any], kind: str, value: str, reason: str = "", message: str = "") -> None:
    """Set one condition of a pod; the time of transition moves only when its status changes."""
    conditions = status.setdefault("conditions", [])
    old: dict[str, Any] = next((condition for condition in conditions if condition["type"] == kind), {})
    moved = old.get("status") != value
    new = {"type": kind, "status": value, "lastProbeTime": None}
    new["lastTransitionTime"] = now() if moved else old.get("lastTransitionTime", now())
    new |= {key: text for key, text in (("reason", reason), ("message", message)) if text}
    status["conditions"] = [condition for condition in conditions if condition["type"] != kind] + [new]


def set_conditions(
    status: dict[str, Any], spec: dict[str, Any], containers: list[ContainerStatus], inits: list[ContainerStatus]
) -> None:
    """Set the conditions that follow from the containers; those of others, such as readiness gates, are kept."""
    done = status.get("phase") == "Succeeded"
    waiting = [init.name for init in inits if init.exit_code != 0]
    unready = [container.name for container in containers if not container.ready]
    set_condition(status, "PodScheduled", "True")
    if waiting:
        _unmet(status, "Initialized", "ContainersNotInitialized", "containers with incomplete status", waiting)
    else:
        set_condition(status, "Initialized", "True", "PodCompleted" if done else "")
    if done:
        for kind in ("ContainersReady", "Ready"):
            set_condition(status, kind, "False", "PodCompleted")
    elif unready:
        for kind in ("ContainersReady", "Ready"):
            _unmet(status, kind, "ContainersNotReady", "containers with unready status", unready)
    else:
        set_condition(status, "ContainersReady", "True")
        _set_ready(status, spec)


def _unmet(status: dict[str, Any], kind: str, reason: str, message: str, names: list[str]) -> None:
    set_condition(status, kind, "False", reason, f"{message}: [{' '.join(names)}]")


def _set_ready(status: dict[str, Any], spec: dict[str, Any]) -> None:
    """Set Ready, which also asks for the conditions that the pod's readiness gates name."""
    true = {condition["type"] for condition in status["conditions"] if condition["status"] == "True"}
    missing = [gate["conditionType"] for gate in spec.get("readinessGates") or () if gate["conditionType"] not in true]
    if missing:
        message = f'corresponding condition of pod readiness gate "{missing[0]}" does not exist or is not "True".'
        set_condition(status, "Ready", "False", "ReadinessGatesNotReady", message)
    else:
        set_condition(status, "Ready", "True")
