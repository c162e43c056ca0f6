"""Envoy's listeners: the ingress gateway, an outbound proxy for each namespace, the Services' own addresses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from embedded.mesh.addresses import Address
from embedded.mesh.endpoints import socket_address
from embedded.mesh.names import file_name
from embedded.mesh.retries import FAULT_FILTER
from embedded.mesh.values import typed

Object = dict[str, Any]

_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
# One JSON object a line; the trace's id leads from it to the trace.
_ACCESS_LOG_FIELDS = {
    "time": "%START_TIME%",
    "method": "%REQ(:METHOD)%",
    "authority": "%REQ(:AUTHORITY)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "status": "%RESPONSE_CODE%",
    "response_flags": "%RESPONSE_FLAGS%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "duration_ms": "%DURATION%",
    "route": "%ROUTE_NAME%",
    "upstream_cluster": "%UPSTREAM_CLUSTER_RAW%",
    "upstream_host": "%UPSTREAM_HOST%",
    "upstream_attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "traceparent": "%REQ(TRACEPARENT)%",
    "trace_id": "%TRACE_ID%",
    "request_id": "%REQ(X-REQUEST-ID)%",
}


def inline(routes: Object) -> Object:
    """Return the part of a listener that holds its routes."""
    return {"route_config": {name: value for name, value in routes.items() if name != "@type"}}


def from_file(name: str, folder: Path) -> Object:
    """Return the part of a listener that reads its routes from a file of this folder."""
    source = {"resource_api_version": "V3", "path_config_source": {"path": str(folder / file_name(name))}}
    return {"rds": {"route_config_name": name, "config_source": source}}


def http_listener(
    name: str,
    address: Address,
    routes: Object,
    access_log: Path,
    tracing: Object | None = None,
    gateway: bool = False,
) -> Object:
    """Return a listener.

    Args:
        name: its name in logs and statistics.
        address: where it listens.
        routes: its routes, see `inline` and `from_file`.
        access_log: file of the access log.
        tracing: how its requests are traced, None if they are not.
        gateway: whether it is the edge of the mesh.
    """
    manager = typed(
        _MANAGER,
        stat_prefix=_stat_prefix(name),
        **routes,
        http_filters=[_fault_filter(), _router()],
        access_log=[_access_log(name, access_log)],
        server_header_transformation="PASS_THROUGH",
        preserve_external_request_id=True,
        # The far end of a connection is a client at the gateway, a pod elsewhere.
        use_remote_address=gateway,
        upgrade_configs=[{"upgrade_type": "websocket"}],
        **({"tracing": tracing} if tracing else {}),
    )
    return _listener(name, address, {"name": "http", "typed_config": manager})


def tcp_listener(name: str, address: Address, cluster: str) -> Object:
    """Return a listener that hands connections on without looking into them."""
    proxy = typed(
        "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", stat_prefix=_stat_prefix(name), cluster=cluster
    )
    return _listener(name, address, {"name": "tcp", "typed_config": proxy})


def route_configuration(name: str, virtual_hosts: list[Object], any_port: bool) -> Object:
    """Return the routes of a listener.

    Args:
        name: name of the listener.
        virtual_hosts: Envoy's virtual hosts.
        any_port: whether the port in the Host header is passed over.
    """
    return typed(
        "envoy.config.route.v3.RouteConfiguration",
        name=name,
        virtual_hosts=virtual_hosts,
        ignore_port_in_host_matching=any_port,
        # Without it Envoy would answer 503 for clusters that it has not heard of yet.
        validate_clusters=True,
    )


def _listener(name: str, address: Address, network_filter: Object) -> Object:
    return typed(
        "envoy.config.listener.v3.Listener",
        name=name,
        address=socket_address(address),
        filter_chains=[{"filters": [network_filter]}],
    )


def _stat_prefix(name: str) -> str:
    """Return a prefix without dots: the rest of a statistic's name begins at the first."""
    return name.replace(".", "_")


def _fault_filter() -> Object:
    return {"name": FAULT_FILTER, "typed_config": typed("envoy.extensions.filters.http.fault.v3.HTTPFault")}


def _router() -> Object:
    # Envoy's own headers are none of the clients' business, and clients cannot change timeouts with them.
    router = typed("envoy.extensions.filters.http.router.v3.Router", suppress_envoy_headers=True)
    return {"name": "envoy.filters.http.router", "typed_config": router}


def _access_log(name: str, path: Path) -> Object:
    config = typed(
        "envoy.extensions.access_loggers.file.v3.FileAccessLog",
        path=str(path),
        log_format={"json_format": {"listener": name, **_ACCESS_LOG_FIELDS}},
    )
    return {"name": "file", "typed_config": config}
