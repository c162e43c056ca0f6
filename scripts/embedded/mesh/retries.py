"""Retries and faults of a route in Envoy's words."""

from __future__ import annotations

from typing import Any

from embedded.mesh.values import duration, share, typed

Object = dict[str, Any]

FAULT_FILTER = "envoy.filters.http.fault"
# What Istio retries where a VirtualService says nothing: only what surely has not reached the service.
DEFAULT_RETRY_ON = "connect-failure,refused-stream,unavailable,cancelled"
DEFAULT_ATTEMPTS = 2
# Envoy passes over what it does not know, so a mistyped condition would go unnoticed.
_CONDITIONS = {
    *("5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "refused-stream"),
    *("retriable-4xx", "retriable-status-codes", "retriable-headers", "envoy-ratelimited"),
    *("http3-post-connect-failure", "cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"),
}
# Envoy's 25 ms would show in the latency of every retried request; endpoints are a loopback away.
_BACK_OFF = {"base_interval": "0.002s", "max_interval": "0.020s"}


def retry_policy(retries: Object | None) -> Object | None:
    """Return Envoy's retry policy, None for no retries."""
    retries = retries or {}
    attempts = retries.get("attempts", DEFAULT_ATTEMPTS)
    if attempts == 0:
        return None
    policy = {
        **_conditions(retries.get("retryOn") or DEFAULT_RETRY_ON),
        "num_retries": attempts,
        "retry_back_off": _back_off(retries.get("backoff")),
        "retry_host_predicate": [_previous_hosts()],
        "host_selection_retry_max_attempts": 5,
    }
    if "perTryTimeout" in retries:
        policy["per_try_timeout"] = duration(retries["perTryTimeout"])
    return policy


def fault(spec: Object) -> Object:
    """Return Envoy's settings of the fault filter for one route."""
    fields: Object = {}
    if "abort" in spec:
        abort = spec["abort"]
        fields["abort"] = {"http_status": abort["httpStatus"], "percentage": _faulty(abort)}
    if "delay" in spec:
        delay = spec["delay"]
        fields["delay"] = {"fixed_delay": duration(delay["fixedDelay"]), "percentage": _faulty(delay)}
    return typed("envoy.extensions.filters.http.fault.v3.HTTPFault", **fields)


def _faulty(spec: Object) -> Object:
    """Return the share of requests that are hit; as in Istio none, where none is given."""
    return share(spec.get("percentage"), unsaid=0)


def unknown_conditions(text: str) -> list[str]:
    """Return the words of ``retryOn`` that Envoy does not know."""
    return [word for word in _words(text) if not word.isdigit() and word not in _CONDITIONS]


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _conditions(text: str) -> Object:
    """Split ``retryOn`` into Envoy's words and status codes, as Istio does."""
    words = _words(text)
    codes = [int(word) for word in words if word.isdigit()]
    named = [word for word in words if not word.isdigit()]
    if codes and "retriable-status-codes" not in named:
        named.append("retriable-status-codes")
    return {"retry_on": ",".join(named), **({"retriable_status_codes": codes} if codes else {})}


def _back_off(base: str | None) -> Object:
    if base is None:
        return _BACK_OFF
    seconds = float(duration(base)[:-1])
    return {"base_interval": f"{seconds:g}s", "max_interval": f"{seconds * 10:g}s"}


def _previous_hosts() -> Object:
    config = typed("envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate")
    return {"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": config}
