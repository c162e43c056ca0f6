"""A DestinationRule's trafficPolicy becomes the part of an Envoy cluster that says how it is used."""

from __future__ import annotations

from typing import Any

from embedded.mesh.values import duration, typed, without_none

Object = dict[str, Any]

# Below the 75 s for which the services keep an idle connection: the one who closes first must be Envoy, otherwise a
# request may meet a connection that is just being closed.
UPSTREAM_IDLE_TIMEOUT = "30s"
CONNECT_TIMEOUT = "10s"
_BALANCERS = {"ROUND_ROBIN": "ROUND_ROBIN", "RANDOM": "RANDOM"}
# Istio lets nothing trip unless asked to; Envoy's own 3 retries at a time would answer 503 as soon as a pod dies.
_UNLIMITED = 2**32 - 1
_MAX_RETRIES = 1024
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def merge(rule: Object | None, subset: Object | None, port: int) -> Object:
    """Return the policy for a port of a subset: each block of the subset replaces the rule's, a port's both."""
    merged: Object = {}
    for holder in (rule, subset):
        policy = (holder or {}).get("trafficPolicy") or {}
        merged.update({name: block for name, block in policy.items() if name != "portLevelSettings"})
        for setting in policy.get("portLevelSettings") or ():
            if setting["port"]["number"] == port:
                merged.update({name: block for name, block in setting.items() if name != "port"})
    return merged


def cluster_fields(policy: Object, http2: bool) -> Object:
    """Return the fields of an Envoy cluster that follow from a policy."""
    pool = policy.get("connectionPool") or {}
    tcp, http = pool.get("tcp") or {}, pool.get("http") or {}
    return {
        "connect_timeout": duration(tcp["connectTimeout"]) if "connectTimeout" in tcp else CONNECT_TIMEOUT,
        "lb_policy": _BALANCERS.get((policy.get("loadBalancer") or {}).get("simple", ""), "LEAST_REQUEST"),
        "circuit_breakers": {"thresholds": [_thresholds(tcp, http)]},
        "typed_extension_protocol_options": {_HTTP_OPTIONS: _http_options(tcp, http, http2)},
        **_keepalive(tcp),
        **_outlier_detection(policy.get("outlierDetection")),
    }


def _thresholds(tcp: Object, http: Object) -> Object:
    return {
        "max_connections": tcp.get("maxConnections") or _UNLIMITED,
        "max_pending_requests": http.get("http1MaxPendingRequests") or _UNLIMITED,
        "max_requests": http.get("http2MaxRequests") or _UNLIMITED,
        "max_retries": http.get("maxRetries") or _MAX_RETRIES,
        "track_remaining": True,
    }


def _http_options(tcp: Object, http: Object, http2: bool) -> Object:
    http2 = {"UPGRADE": True, "DO_NOT_UPGRADE": False}.get(http.get("h2UpgradePolicy", ""), http2)
    common = without_none(
        idle_timeout=duration(http["idleTimeout"]) if "idleTimeout" in http else UPSTREAM_IDLE_TIMEOUT,
        max_requests_per_connection=http.get("maxRequestsPerConnection") or None,
        max_connection_duration=duration(tcp["maxConnectionDuration"]) if "maxConnectionDuration" in tcp else None,
    )
    protocol = "http2_protocol_options" if http2 else "http_protocol_options"
    return typed(_HTTP_OPTIONS, common_http_protocol_options=common, explicit_http_config={protocol: {}})


def _keepalive(tcp: Object) -> Object:
    keepalive = tcp.get("tcpKeepalive")
    if keepalive is None:
        return {}
    seconds = {name: int(float(duration(keepalive[name])[:-1])) for name in ("time", "interval") if name in keepalive}
    fields = without_none(
        keepalive_probes=keepalive.get("probes"),
        keepalive_time=seconds.get("time"),
        keepalive_interval=seconds.get("interval"),
    )
    return {"upstream_connection_options": {"tcp_keepalive": fields}}


def _outlier_detection(outlier: Object | None) -> Object:
    if outlier is None:
        return {}
    fields = {
        # Istio looks at consecutive errors only: a pod is not ejected for being worse than the others.
        "enforcing_success_rate": 0,
        "enforcing_local_origin_success_rate": 0,
        **_consecutive("consecutive_5xx", outlier.get("consecutive5xxErrors")),
        **_consecutive("consecutive_gateway_failure", outlier.get("consecutiveGatewayErrors")),
        **_consecutive("consecutive_local_origin_failure", outlier.get("consecutiveLocalOriginFailures")),
        **without_none(
            split_external_local_origin_errors=outlier.get("splitExternalLocalOriginErrors"),
            interval=duration(outlier["interval"]) if "interval" in outlier else None,
            base_ejection_time=duration(outlier["baseEjectionTime"]) if "baseEjectionTime" in outlier else None,
            max_ejection_percent=_whole(outlier.get("maxEjectionPercent")),
        ),
    }
    panic = {"value": outlier.get("minHealthPercent", 0)}
    return {"outlier_detection": fields, "common_lb_config": {"healthy_panic_threshold": panic}}


def _consecutive(name: str, errors: int | None) -> Object:
    if errors is None:
        return {}
    return {name: errors, f"enforcing_{name}": 100} if errors else {f"enforcing_{name}": 0}


def _whole(percent: float | None) -> int | None:
    return None if percent is None else int(percent)
