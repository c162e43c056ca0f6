"""What Envoy is started with: where its dynamic configuration lies, what it counts, who may ask it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from embedded.mesh import names, tracing
from embedded.mesh.addresses import Address, MeshAddresses
from embedded.mesh.endpoints import socket_address
from embedded.mesh.values import typed

Object = dict[str, Any]

# Milliseconds; close together where services answer, so that quantiles of two versions can be told apart.
BUCKETS = (
    *(1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 125, 150),
    *(200, 250, 300, 400, 500, 600, 800, 1000, 1500, 2000, 2500, 5000, 10000),
)
_ADMIN = "admin"
# Dots are part of these names, so Envoy's own rule for the name of a cluster would cut them short.
_CLUSTER_TAG = r"^cluster\.((outbound\|\d+\|[^|]*\|.+?\.svc\.cluster\.local(?:~mesh)?|[^.]+)\.)"
_TAGS = (
    ("envoy.cluster_name", _CLUSTER_TAG),
    ("envoy.response_code", r"_rq(_(\d{3}))$"),
    ("envoy.response_code_class", r"_rq(_(\dxx))$"),
    ("envoy.http_conn_manager_prefix", r"^http\.((.+?)\.)"),
)
# What anybody on this machine may call: nothing that changes Envoy but opening its log anew.
_PATHS = ("/ready", "/stats", "/clusters", "/config_dump", "/reopen_logs")
_SCRAPED = r"^(cluster\.outbound|http\.|server\.(live|uptime|memory_allocated))"


def bootstrap(addresses: MeshAddresses, cds: Path, lds: Path) -> Object:
    """Return Envoy's static configuration."""
    return {
        "node": {"id": "embedded", "cluster": "embedded"},
        "admin": {
            "address": socket_address(addresses.admin),
            "allow_paths": [{"prefix": path} for path in _PATHS],
        },
        "stats_flush_interval": "0.5s",
        "stats_config": _stats_config(),
        "overload_manager": {"resource_monitors": [_connection_limit()]},
        "layered_runtime": {"layers": [{"name": "static", "static_layer": tracing.BATCHES}]},
        "dynamic_resources": {"cds_config": _source(cds), "lds_config": _source(lds)},
        "static_resources": {
            "clusters": [_black_hole(), _admin_cluster(addresses.admin), *_collector(addresses.traces)],
            "listeners": [_stats_listener(addresses.stats)],
        },
    }


def _connection_limit() -> Object:
    """Return how many clients may be connected: far more than a drill has, far fewer than there are descriptors."""
    kind = "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
    config = typed(kind, max_active_downstream_connections=10_000)
    return {"name": "envoy.resource_monitors.global_downstream_max_connections", "typed_config": config}


def _source(path: Path) -> Object:
    return {"resource_api_version": "V3", "path_config_source": {"path": str(path)}}


def _stats_config() -> Object:
    return {
        "use_all_default_tags": False,
        "stats_tags": [{"tag_name": name, "regex": regex} for name, regex in _TAGS],
        "stats_matcher": {"exclusion_list": {"patterns": [{"contains": ".external."}, {"contains": ".internal."}]}},
        "histogram_bucket_settings": [{"match": {"prefix": "cluster."}, "buckets": list(BUCKETS)}],
    }


def _black_hole() -> Object:
    return {"name": names.BLACK_HOLE, "type": "STATIC", "connect_timeout": "1s"}


def _collector(address: Address | None) -> list[Object]:
    return [tracing.collector(address)] if address else []


def _admin_cluster(admin: Address) -> Object:
    members = [{"endpoint": {"address": socket_address(admin)}}]
    return {
        "name": _ADMIN,
        "type": "STATIC",
        "load_assignment": {"cluster_name": _ADMIN, "endpoints": [{"lb_endpoints": members}]},
    }


def _stats_listener(address: Address) -> Object:
    """Return the listener for Prometheus: one page of the administration interface and nothing else of it."""
    query = f"/stats/prometheus?usedonly&filter={_SCRAPED}"
    route = {"match": {"path": "/stats/prometheus"}, "route": {"cluster": _ADMIN, "prefix_rewrite": query}}
    live = {"match": {"path": "/live"}, "direct_response": {"status": 200}}
    router = {
        "name": "envoy.filters.http.router",
        "typed_config": typed("envoy.extensions.filters.http.router.v3.Router"),
    }
    manager = typed(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="stats",
        route_config={"virtual_hosts": [{"name": "stats", "domains": ["*"], "routes": [route, live]}]},
        http_filters=[router],
    )
    return {
        "name": "stats",
        "address": socket_address(address),
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }
