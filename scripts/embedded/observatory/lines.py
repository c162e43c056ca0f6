"""One line of a log: what a service, a library or Envoy has written, by the names of the Elastic Common Schema."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from embedded.observatory.pods import Pod

Object = dict[str, Any]
ACCESS, APPLICATION = "envoy.access", "service.log"
# What is longer is no line for reading; Kubernetes' runtimes cut at 16 KiB.
_LONGEST = 16 * 1024
# The access log's own figures, kept as labels.
_ACCESS_LABELS = (
    *("listener", "authority", "response_flags", "response_code_details", "upstream_cluster", "upstream_host"),
    *("upstream_attempts", "request_id"),
)


class Line(NamedTuple):
    """A line, in the order of the columns.

    Attributes:
        time: Unix time, µs.
        dataset: what kind of log it is from.
        trace: id of its trace, empty without.
        span: id of its span, empty without.
        level: in lower case, empty if it has none.
        service: name of the service.
        version: its version.
        method: of the request, empty without.
        route: pattern that the request met.
        path: path of the request.
        status: status of the response, None without.
        duration: of the request, ns, None without.
        message: what it says.
        labels: everything else, as JSON; None for nothing.
    """

    time: int
    dataset: str
    trace: str
    span: str
    level: str
    service: str
    version: str
    method: str
    route: str
    path: str
    status: int | None
    duration: int | None
    message: str
    labels: str | None


@dataclass(frozen=True)
class Origin:
    """Where a line comes from.

    Attributes:
        pod: the pod; the proxy's own lines have one without a name.
        container: the container in it.
    """

    pod: Pod
    container: str


def of_container(raw: str, origin: Origin, now: int) -> Line:
    """Return a line of a container; what is not JSON is a message without a time of its own.

    Args:
        raw: the line.
        origin: where it comes from.
        now: Unix time of the reading, µs.
    """
    content = _json(raw)
    take = content.pop
    if not content:
        empty = ("", "", "", origin.pod.app or origin.container, origin.pod.version, "", "", "")
        return Line(now, APPLICATION, *empty, None, None, raw[:_LONGEST], None)
    method, path, status, event = (take(name, "") for name in ("method", "path", "status", "event"))
    said = str(take("message", "") or event)
    return Line(
        time=_time(take("time", ""), now),
        dataset=APPLICATION,
        trace=str(take("trace_id", "")),
        span=str(take("span_id", "")),
        level=str(take("level", "")).lower(),
        service=str(take("service", "") or origin.pod.app or origin.container),
        version=str(take("version", "") or origin.pod.version),
        method=str(method),
        route=str(take("route", "")),
        path=str(path),
        status=_whole(status),
        duration=_nanoseconds(take("duration_ms", None)),
        message=(f"{method} {path} {status}" if event == "request" else said)[:_LONGEST],
        labels=json.dumps(content) if content else None,
    )


def of_proxy(raw: str, origin: Origin, now: int, at: Callable[[str], Pod | None]) -> Line:
    """Return a line of Envoy's access log; it carries the version that was asked, found by its address.

    Args:
        raw: the line.
        origin: the proxy.
        now: Unix time of the reading, µs.
        at: gives the pod at an address.
    """
    content = _json(raw)
    get = content.get
    status, method, path = _whole(get("status")), str(get("method") or ""), str(get("path") or "").partition("?")[0]
    labels = {name: get(name) for name in _ACCESS_LABELS if get(name) is not None}
    asked = at(str(get("upstream_host") or ""))
    if asked:
        labels |= {"upstream_pod": asked.name, "upstream_version": asked.version, "upstream_track": asked.track}
    failed = bool(content) and (status is None or status == 0 or status >= 500)
    return Line(
        time=_time(get("time"), now),
        dataset=ACCESS,
        trace=_trace_id(content),
        span="",
        level="error" if failed else "info",
        service=origin.pod.app or origin.container,
        version="",
        method=method,
        route=str(get("route") or ""),
        path=path,
        status=status,
        duration=_nanoseconds(get("duration_ms")),
        message=(f"{method} {path} {status}" if content else raw)[:_LONGEST],
        labels=json.dumps(labels) if labels else None,
    )


def _json(raw: str) -> Object:
    if not raw.startswith("{"):
        return {}
    try:
        content = json.loads(raw)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _trace_id(content: Object) -> str:
    """Return the trace that Envoy names, else the one that the caller named."""
    told = content.get("trace_id")
    if told and set(told) != {"0"}:
        return str(told)
    parts = str(content.get("traceparent") or "").split("-")
    return parts[1] if len(parts) == 4 else ""


def _time(stated: Any, now: int) -> int:
    try:
        return int(datetime.datetime.fromisoformat(stated).timestamp() * 1_000_000 + 0.5)
    except (TypeError, ValueError):
        return now


def _whole(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _nanoseconds(milliseconds: Any) -> int | None:
    try:
        return int(float(milliseconds) * 1_000_000)
    except (TypeError, ValueError):
        return None
