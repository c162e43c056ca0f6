"""Docker on this machine: whether its daemon answers, and whether a cluster has room in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from provision.errors import ProvisionError
from provision.programs import FailedError, run
from provision.tools import on_mac

# A daemon that takes longer is not in a state to run anything.
ANSWER_SECONDS = 30.0
GIB = 1024**3


@dataclass(frozen=True)
class Room:
    """What a cluster needs.

    Attributes:
        memory: bytes.
        cores: number.
    """

    memory: int
    cores: int


# The control plane takes 1 GiB, Istio and its sidecars 1, the shop, PostgreSQL and Prometheus 1, and a release runs the
# shop twice. Pods then ask for 2.3 cores: the control plane 1, Istio 0.4, the rest 0.9; with fewer the second half of a
# release stays Unschedulable. What is seen of it takes what docs/observability.md says on top.
LEAST = Room(4 * GIB, 3)
ROOM = {"": Room(5 * GIB, 3), "standard": Room(5 * GIB, 3), "elk": Room(8 * GIB, 4)}


def silence() -> str | None:
    """Return why the daemon does not answer, in one line, or None if it does."""
    return None if isinstance(found := _info(), dict) else found


def problems(observability: str = "") -> Iterator[str]:
    """Yield one line for everything about the daemon that keeps a cluster from running.

    Args:
        observability: what lets the platform be seen, empty for what is usual.
    """
    needed = ROOM.get(observability, LEAST)
    info = _info()
    if isinstance(info, str):
        yield info
        return
    # Docker counts what the kernel leaves, which is less than the machine has.
    memory = int(info.get("MemTotal") or 0)
    where = "raise it in Docker's settings (Resources)" if on_mac() else "a larger machine is needed"
    if 0 < memory < needed.memory * 0.9:
        yield f"Docker has {memory / GIB:.1f} GiB of memory, {needed.memory / GIB:.0f} are needed: {where}"
    cores = int(info.get("NCPU") or 0)
    if 0 < cores < needed.cores:
        yield f"Docker has {cores} cores, {needed.cores} are needed: {where}"
    if str(info.get("CgroupVersion")) == "1":
        yield "Docker runs on cgroup v1, on which Kubernetes no longer runs: boot this machine with cgroup v2"


def image_ids(references: list[str]) -> dict[str, str]:
    """Return the id of each image that is here."""
    found = {}
    for reference in references:
        try:
            found[reference] = run(["docker", "image", "inspect", "--format", "{{.Id}}", reference]).strip()
        except FailedError:
            continue
    return found


def _info() -> dict[str, Any] | str:
    """Return what the daemon says of itself, or why it says nothing."""
    try:
        info = json.loads(run(["docker", "info", "--format", "{{json .}}"], timeout=ANSWER_SECONDS))
    except FailedError as error:
        return _why_silent(error.text)
    except (ProvisionError, ValueError) as error:
        return f"Docker does not say how it is: {error}"
    return _why_silent(" ".join(info["ServerErrors"])) if info.get("ServerErrors") else dict(info)


def _why_silent(output: str) -> str:
    if "permission denied" in output.lower():
        return "you may not use Docker: `sudo usermod -aG docker $USER`, then log in again"
    start = "open -a Docker" if on_mac() else "sudo systemctl start docker"
    said = (output.strip().splitlines() or ["no reason given"])[-1].strip()
    return f"the Docker daemon does not answer ({said}): start it with `{start}`"
