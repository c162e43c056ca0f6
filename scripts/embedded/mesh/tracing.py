"""Envoy's own spans: one for every request at the gateway, one for every request between pods."""

from __future__ import annotations

from typing import Any

from embedded.mesh.addresses import Address
from embedded.mesh.endpoints import socket_address
from embedded.mesh.values import typed

Object = dict[str, Any]

COLLECTOR = "span-collector"
# Envoy sends spans by fives unless told so; people look for a trace about a second after its request.
BATCHES = {"tracing": {"opentelemetry": {"min_flush_spans": 200, "flush_interval_ms": 1000}}}
_TIMEOUT = "1s"
# By kind of listener. Istio's gateway tells its name so; the pods of a namespace share one proxy here.
_SERVICES = {"gateway": "istio-ingressgateway.istio-system", "outbound": "sidecars.{}"}


def collector(address: Address) -> Object:
    """Return the cluster that spans are sent to."""
    members = [{"endpoint": {"address": socket_address(address)}}]
    return {
        "name": COLLECTOR,
        "type": "STATIC",
        "connect_timeout": _TIMEOUT,
        "load_assignment": {"cluster_name": COLLECTOR, "endpoints": [{"lb_endpoints": members}]},
    }


def of_listener(name: str, traces: Address | None) -> Object | None:
    """Return how the requests of a listener are traced, None if they are not.

    Whether a request is sampled its caller says, by the trace context; one that comes without is.

    Args:
        name: name of the listener; traced are the gateway and the proxies of the pods.
        traces: where the spans go.
    """
    kind, _, namespace = name.partition("|")
    if traces is None or kind not in _SERVICES:
        return None
    uri = {"uri": f"http://{traces}/v1/traces", "cluster": COLLECTOR, "timeout": _TIMEOUT}
    service = _SERVICES[kind].format(namespace)
    config = typed("envoy.config.trace.v3.OpenTelemetryConfig", http_service={"http_uri": uri}, service_name=service)
    return {
        "provider": {"name": "envoy.tracers.opentelemetry", "typed_config": config},
        "random_sampling": {"value": 100},
    }
