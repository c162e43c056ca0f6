"""What a person asks of the releases of a service: where its users are, what is under way, and what has been."""

from __future__ import annotations

import datetime
import time
from typing import Any

from cluster import endpoints
from cluster.client import Cluster
from cluster.routing import Router
from delivery.copies import images, template_labels
from delivery.journal.entry import Entry
from delivery.journal.holder import short
from delivery.journal.lease import Grip
from delivery.journal.store import ended_releases, grip, open_release

Facts = dict[str, Any]


def status(cluster: Cluster, service: str) -> Facts:
    """Return everything that is known about a service's users and its release at this moment."""
    entry = open_release(cluster, service)
    return {
        "service": service,
        "selector": cluster.services.get(service)["spec"]["selector"],
        "weights": Router(cluster).weights(service),
        "serving": sorted(endpoints.serving_pods(cluster, service)),
        "runs": [_deployment(each) for each in cluster.deployments.list({"app": service})],
        "release": None if entry is None else _release(entry, grip(cluster, service)),
    }


def status_lines(found: Facts) -> list[str]:
    """Return the same for a person."""
    runs = [
        f"runs      {each['name']}: {each['version']}, {each['ready']} ready, {', '.join(each['images'])}"
        for each in found["runs"]
    ]
    return [
        f"selector  {_pairs(found['selector'])}",
        f"weights   {_pairs(found['weights'])}",
        f"serving   {', '.join(found['serving']) or 'no pod'}",
        *runs,
        *_release_lines(found["release"], found["service"]),
    ]


def history(cluster: Cluster, service: str) -> list[Facts]:
    """Return the releases that ended, the newest first."""
    return [_ended(each) for each in reversed(ended_releases(cluster, service))]


def history_lines(found: list[Facts]) -> list[str]:
    """Return the same for a person."""
    return [_ended_line(each) for each in found] or ["no release has ended yet"]


def _deployment(body: Facts) -> Facts:
    return {
        "name": body["metadata"]["name"],
        "version": template_labels(body).get("version", "?"),
        "ready": body.get("status", {}).get("readyReplicas", 0),
        "images": sorted(set(images(body).values())),
    }


def _release(entry: Entry, held: Grip) -> Facts:
    release = entry.release
    return {
        "id": release.id,
        "strategy": release.strategy,
        "image": release.image,
        "started": release.started,
        "phase": str(entry.phase),
        "doing": entry.doing,
        "seconds_in_phase": round(max(0.0, time.time() - entry.since), 1),
        "weight": entry.shares[-1],
        "weights": list(entry.weights),
        "holder": entry.holder,
        "epoch": entry.epoch,
        "heartbeat_seconds": round(held.age, 1) if held.renewed else None,
        "alive": not held.dead,
        "finding": held.finding,
        "asked": entry.asked.model_dump() if entry.asked else None,
    }


def _release_lines(found: Facts | None, service: str) -> list[str]:
    if found is None:
        return ["release   none"]
    heart = (
        "no heartbeat" if found["heartbeat_seconds"] is None else f"heartbeat {found['heartbeat_seconds']:.0f} s ago"
    )
    todo = "" if found["alive"] else f": `deliver resume {service}` goes on, `abort` goes back"
    taken = f", taken over {found['epoch'] - 1} times" if found["epoch"] > 1 else ""
    lines = [
        f"release   {found['strategy']} to {found['image']} since {found['started']}",
        f"phase     {found['doing']} for {found['seconds_in_phase']:.0f} s",
        f"holder    {short(found['holder'])}{taken}",
        f"alive     {'yes' if found['alive'] else 'no'}, {heart}{todo}",
    ]
    if found["finding"]:
        lines.append(f"evidence  {found['finding']}")
    if found["asked"]:
        lines.append(f"asked     to go back, by {short(found['asked']['by'])}: {found['asked']['reason']}")
    return lines


def _ended(body: Facts) -> Facts:
    release = body["release"]
    started = datetime.datetime.fromisoformat(release["started"]).timestamp()
    return {
        "id": release["id"],
        "strategy": release["strategy"],
        "image": release["image"],
        "outcome": body["outcome"],
        "reason": body["reason"],
        "started": release["started"],
        "seconds": round(max(0.0, body["ended"] - started), 1),
        "weights_reached": [shift["weight"] for shift in body.get("shifts", ())],
        "taken_over": body.get("epoch", 1) - 1,
    }


def _ended_line(found: Facts) -> str:
    taken = f", taken over {found['taken_over']} times" if found["taken_over"] else ""
    return (
        f"{found['started']}  {found['outcome']}  {found['image']} by {found['strategy']},"
        f" {found['seconds']:.0f} s{taken}: {found['reason']}"
    )


def _pairs(values: dict[str, Any]) -> str:
    return ", ".join(f"{key}={value}" for key, value in values.items())
