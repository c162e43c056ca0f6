"""The inner loop: from a saved file to new pods that answer with it, and what users notice of it meanwhile."""

from __future__ import annotations

import http.client
import statistics
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench import checkout, inner_loop, shop
from bench.figures import Figure, Result, Target
from bench.load import LoadError
from bench.room import Room
from cluster import Cluster
from cluster.workloads import rolled_out
from drills.probes import Plan, ProbeError, Prober

# As little as somebody who tries things out: what is measured is the start of a pod, not of one under load.
RATE = 20.0
SAVES = 10
# Longer than what the prober's last questions of a save take.
PAUSE_S = 1.0
ASK_AGAIN_S = 0.01
DEADLINE_S = 30.0
TARGET_S = 2.0
NOBODY = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Edit:
    """A change that users see in the answer to a question for what is not there.

    Attributes:
        file: what is edited, below services/.
        text: what is replaced by a text of its own each time.
        services: those whose pods are replaced.
    """

    file: str
    text: str
    services: tuple[str, ...]


EDITS = {
    "service": Edit("order/api.py", '"There is no order with this id."', ("order",)),
    "chassis": Edit("chassis/problems.py", "HTTPStatus(self.status).phrase", ("order", "user")),
}


@dataclass(frozen=True)
class Answered:
    """One save, in seconds from when the file was written.

    Attributes:
        first: the first answer of the new code, of the last of the services.
        old: the last answer of the old code.
    """

    first: float
    old: float


def measure(room: Room) -> Result:
    """Save a file again and again under light traffic, first one of a service, then one of the chassis.

    Raises:
        LoadError: the new code never answered, or the machine was too busy for the prober.
        CalledProcessError: the cluster cannot be reset.
    """
    shop.run("embedded", "reset", "--state", str(room.state))
    try:
        with checkout.copied() as services, inner_loop.watching(room.state, services) as loop:
            with shop.connected(room.state) as cluster:
                found, failed = _under_traffic(cluster, services, room)
            (room.logs / "dev.log").write_text("\n".join(loop.lines) + "\n")
    finally:
        shop.run("embedded", "reset", "--state", str(room.state))
    return Result(
        figures=[
            *(figure for name, saves in found.items() for figure in _figures(name, saves)),
            Figure("dev_failed", failed, "requests", f"of {RATE:g} a second, meanwhile"),
        ],
        targets=[*(_in_time(name, saves) for name, saves in found.items()), _none_failed(failed)],
        detail={name: [asdict(save) for save in saves] for name, saves in found.items()},
    )


def _under_traffic(cluster: Cluster, services: Path, room: Room) -> tuple[dict[str, list[Answered]], int]:
    prober = Prober(Plan(cluster.gateway_url, RATE))
    try:
        prober.start()
        found = {}
        for name, edit in EDITS.items():
            room.say(f"{SAVES} saves of {edit.file} under {RATE:g} requests/s")
            found[name] = list(_saves(cluster, edit, services / edit.file))
        schedule = prober.stop()
        if not schedule.kept:
            raise LoadError(f"this machine is too busy: {schedule.late} of {schedule.due} requests left late")
        return found, sum(sample.failed for sample in prober.samples)
    except ProbeError as error:
        raise LoadError(str(error)) from error
    finally:
        prober.stop()


def _saves(cluster: Cluster, edit: Edit, file: Path) -> Iterator[Answered]:
    original = file.read_text()
    for turn in range(SAVES):
        time.sleep(PAUSE_S)
        mark = f"save {turn} of {edit.file}"
        file.write_text(original.replace(edit.text, f'"{mark}"'))
        yield _answered(cluster, edit, mark)


def _answered(cluster: Cluster, edit: Edit, mark: str) -> Answered:
    """Ask all the time until none but the new code answers.

    Raises:
        LoadError: that does not come.
    """
    begun, first, old = time.perf_counter(), dict[str, float](), 0.0
    while len(first) < len(edit.services) or not _rolled_out(cluster, edit):
        for service in edit.services:
            new = mark in _ask(cluster.gateway_url, f"/{service}s/{NOBODY}")
            now = time.perf_counter() - begun
            if new:
                first.setdefault(service, now)
            else:
                old = now
        if now > DEADLINE_S:
            raise LoadError(f"{edit.file} was saved, and new code did not answer within {DEADLINE_S:g} s")
        time.sleep(ASK_AGAIN_S)
    return Answered(round(max(first.values()), 3), round(old, 3))


def _rolled_out(cluster: Cluster, edit: Edit) -> bool:
    return all(rolled_out(cluster.deployments.get(service)) for service in edit.services)


def _ask(url: str, path: str) -> str:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port or 80, timeout=DEADLINE_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def _figures(name: str, saves: list[Answered]) -> Iterator[Figure]:
    for what, times in (
        ("first_new", [save.first for save in saves]),
        ("last_old", [save.old for save in saves]),
    ):
        remark = f"after the save, median of {len(times)}, {min(times):.2f} to {max(times):.2f}"
        yield Figure(f"dev_{name}_{what}", round(statistics.median(times), 2), "s", remark)


def _in_time(name: str, saves: list[Answered]) -> Target:
    worst = max(save.first for save in saves)
    return Target(
        f"a saved file of the {name} answers within {TARGET_S:g} s", worst <= TARGET_S, f"{worst:.2f} s at worst"
    )


def _none_failed(failed: int) -> Target:
    return Target("no request fails when pods are replaced", not failed, f"{failed} failed")
