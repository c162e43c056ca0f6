"""One line of a log: what a service, a library or Envoy has written, by the names of the Elastic Common Schema."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from embedded.observatory.pods import Pod

Object = dict[str, Any]
PROXY, UNPARSED = "proxy.access", "unparsed"
# What is longer is no line for reading; Kubernetes' runtimes cut at 16 KiB.
_LONGEST = 16 * 1024
# What a column holds.
_LARGEST = 2**62
# Infinity and NaN are no JSON, though Python reads and writes them.
_decode = json.JSONDecoder(parse_constant=str).decode
# Fields of a service's line that have a name of their own but no column.
_NAMED = {"exception": "error.stack_trace", "logger": "log.logger"}
# Likewise of the access log's.
_OF_PROXY = {
    "path": "url.original",
    "request_id": "http.request.id",
    "response_flags": "envoy.response_flags",
    "response_code_details": "envoy.response_code_details",
    "upstream_cluster": "envoy.upstream_cluster",
    "upstream_host": "envoy.upstream_host",
    "authority": "labels.authority",
    "listener": "labels.listener",
    "route": "labels.route",
    "upstream_attempts": "labels.upstream_attempts",
}
# The gateway has the name that Istio gives it; the pods of a namespace share one proxy.
_LISTENERS = {"gateway": "istio-ingressgateway", "outbound": "sidecars.{}"}


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
        more: everything else by its whole name, as JSON; None for nothing.
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
    more: str | None


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
    """Return a line of a container; what is no JSON object is a message without a time of its own.

    Args:
        raw: the line.
        origin: where it comes from.
        now: Unix time of the reading, µs.
    """
    content = _json(raw)
    if not content:
        return _unparsed(raw, origin.pod.app or origin.container, origin.pod.version, now)
    take = content.pop
    service = str(take("service", "") or origin.pod.app or origin.container)
    return Line(
        time=_time(take("time", ""), now),
        dataset=f"{service}.log",
        trace=str(take("trace_id", "")),
        span=str(take("span_id", "")),
        level=str(take("level", "")).lower(),
        service=service,
        version=str(take("version", "") or origin.pod.version),
        method=str(take("method", "")),
        route=str(take("route", "")),
        path=str(take("path", "")),
        status=_whole(take("status", None)),
        duration=_nanoseconds(take("duration_ms", None)),
        message=str(take("event", "") or take("message", ""))[:_LONGEST],
        more=_more({_NAMED.get(name, f"labels.{name}"): value for name, value in content.items()}),
    )


def of_proxy(raw: str, origin: Origin, now: int, at: Callable[[str], Pod | None]) -> Line:
    """Return a line of Envoy's access log; it tells the version that was asked, found by its address.

    Args:
        raw: the line.
        origin: the proxy.
        now: Unix time of the reading, µs.
        at: gives the pod at an address.
    """
    content = _json(raw)
    if not content:
        return _unparsed(raw, origin.container, "", now)
    get = content.get
    status, method, path = _whole(get("status")), str(get("method") or ""), str(get("path") or "").partition("?")[0]
    kind, _, namespace = str(get("listener") or "").partition("|")
    more = {field: get(name) for name, field in _OF_PROXY.items() if get(name) is not None}
    return Line(
        time=_time(get("time"), now),
        dataset=PROXY,
        trace=_trace_id(content),
        span="",
        level="error" if not status or status >= 500 else "info",
        service=_LISTENERS.get(kind, origin.container).format(namespace),
        version="",
        method=method,
        route="",
        path=path,
        status=status,
        duration=_nanoseconds(get("duration_ms")),
        message=f"{method} {path} {status or 0}"[:_LONGEST],
        more=_more(more | _asked(at(str(get("upstream_host") or "")))),
    )


def _unparsed(raw: str, service: str, version: str, now: int) -> Line:
    more = _more({"tags": ["_unparsed"]})
    return Line(now, UNPARSED, "", "", "", service, version, "", "", "", None, None, raw[:_LONGEST], more)


def _asked(pod: Pod | None) -> Object:
    if pod is None:
        return {}
    return {"labels.upstream_pod": pod.name, "labels.upstream_version": pod.version, "labels.upstream_track": pod.track}


def _more(fields: Object) -> str | None:
    return json.dumps(fields) if fields else None


def _json(raw: str) -> Object:
    if not raw.startswith("{"):
        return {}
    try:
        content: Object = _decode(raw)
    except (ValueError, RecursionError):
        return {}
    return {name: _storable(value) for name, value in content.items()} if "\\ud" in raw else content


def _storable(value: Any) -> Any:
    """Return a text without halves of surrogate pairs, which no file can hold."""
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def _trace_id(content: Object) -> str:
    """Return the trace that Envoy names, else the one that the caller named."""
    told = str(content.get("trace_id") or "")
    if told.strip("0"):
        return told
    parts = str(content.get("traceparent") or "").split("-")
    return parts[1] if len(parts) == 4 else ""


def _time(stated: Any, now: int) -> int:
    try:
        return int(datetime.datetime.fromisoformat(stated).timestamp() * 1_000_000 + 0.5)
    except (TypeError, ValueError, OverflowError):
        return now


def _whole(value: Any) -> int | None:
    try:
        whole = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return whole if abs(whole) <= _LARGEST else None


def _nanoseconds(milliseconds: Any) -> int | None:
    try:
        return _whole(float(milliseconds) * 1_000_000)
    except (TypeError, ValueError, OverflowError):
        return None
