"""Services, DestinationRules and listeners as Envoy's objects; and that no object can break the translation."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.mesh.mesh_lab import destination_rule, gateway, meta, service, to, virtual_service
from tests.unit.mesh.mesh_worlds import ADDRESSES, LAYOUT, translate, world

from embedded.mesh import bootstrap, endpoints, names, validation
from embedded.mesh.addresses import Address

MESH_ORDER = "outbound|8080||order.shop.svc.cluster.local~mesh"
MESH_STABLE = "outbound|8080|stable|order.shop.svc.cluster.local~mesh"


def cluster(*bodies: dict[str, Any], name: str = MESH_STABLE) -> dict[str, Any]:
    made, _problems = translate(world(split_mesh(), *bodies))
    return made.clusters[name]


def split_mesh() -> dict[str, Any]:
    """Return a VirtualService that leads the mesh to the subset stable."""
    return virtual_service("order-mesh", [{"route": [to("order", "stable")]}], hosts=["order"], gateways=["mesh"])


def members(*bodies: dict[str, Any], name: str) -> list[Address]:
    made, _problems = translate(world(split_mesh(), *bodies))
    return endpoints.members(made.endpoints[name])


def test_a_subset_holds_the_pods_with_its_labels() -> None:
    assert members(name=MESH_STABLE) == [("127.0.0.1", 7001)]
    assert members(name=MESH_ORDER) == [("127.0.0.1", 7001), ("127.0.0.1", 7002)]


def test_pods_that_are_not_ready_or_leave_get_nothing() -> None:
    of = world()
    of.slices["order.shop.svc.cluster.local"][0]["endpoints"][0]["conditions"]["ready"] = False
    of.leaving.add(("shop", "canary-1"))
    made, _problems = translate(of)
    assert endpoints.members(made.endpoints[MESH_ORDER]) == []


def test_defaults_let_nothing_trip_and_close_idle_connections_before_the_service_does() -> None:
    found = cluster()
    (thresholds,) = found["circuit_breakers"]["thresholds"]
    assert min(thresholds[name] for name in ("max_connections", "max_pending_requests", "max_requests")) == 2**32 - 1
    assert thresholds["max_retries"] == 1024
    (options,) = found["typed_extension_protocol_options"].values()
    assert float(options["common_http_protocol_options"]["idle_timeout"][:-1]) < 75
    assert found["lb_policy"] == "LEAST_REQUEST"
    assert "outlier_detection" not in found


def test_the_connection_pool() -> None:
    tcp = {"maxConnections": 7, "connectTimeout": "30ms", "tcpKeepalive": {"time": "7200s", "probes": 3}}
    http = {"http1MaxPendingRequests": 8, "http2MaxRequests": 9, "maxRequestsPerConnection": 10, "maxRetries": 11}
    pool = {"tcp": tcp, "http": {**http, "idleTimeout": "5s"}}
    found = cluster(destination_rule("order", "stable", policy={"connectionPool": pool}))
    (thresholds,) = found["circuit_breakers"]["thresholds"]
    (options,) = found["typed_extension_protocol_options"].values()
    assert [thresholds[f"max_{name}"] for name in ("connections", "pending_requests", "requests", "retries")] == [
        7,
        8,
        9,
        11,
    ]
    assert found["connect_timeout"] == "0.03s"
    assert options["common_http_protocol_options"] == {"idle_timeout": "5s", "max_requests_per_connection": 10}
    assert found["upstream_connection_options"]["tcp_keepalive"] == {"keepalive_probes": 3, "keepalive_time": 7200}


def test_outlier_detection() -> None:
    outlier = {"consecutive5xxErrors": 0, "consecutiveGatewayErrors": 4, "interval": "1s", "minHealthPercent": 30}
    found = cluster(destination_rule("order", "stable", policy={"outlierDetection": outlier}))
    fields = found["outlier_detection"]
    assert fields["enforcing_consecutive_5xx"] == 0
    assert (fields["consecutive_gateway_failure"], fields["enforcing_consecutive_gateway_failure"]) == (4, 100)
    assert fields["interval"] == "1s"
    assert found["common_lb_config"]["healthy_panic_threshold"] == {"value": 30}


def test_a_subset_replaces_what_it_names_and_a_port_comes_before_both() -> None:
    rule = destination_rule(
        "order",
        policy={
            "loadBalancer": {"simple": "RANDOM"},
            "connectionPool": {"tcp": {"maxConnections": 1}},
            "portLevelSettings": [{"port": {"number": 8080}, "loadBalancer": {"simple": "ROUND_ROBIN"}}],
        },
        subsets=[
            {"name": "stable", "labels": {"track": "stable"}, "trafficPolicy": {"connectionPool": {"http": {}}}},
        ],
    )
    assert cluster(rule, name=MESH_ORDER)["lb_policy"] == "ROUND_ROBIN"
    assert cluster(rule, name=MESH_ORDER)["circuit_breakers"]["thresholds"][0]["max_connections"] == 1
    assert cluster(rule)["circuit_breakers"]["thresholds"][0]["max_connections"] == 2**32 - 1


def test_few_files_are_watched() -> None:
    """Each takes one of the 128 inotifies that Linux gives a user; Envoy aborts when there is none left."""
    made, _problems = translate(world(service("prometheus", selector=None), service("plain", clusterIP="127.9.2.9")))
    assert "outbound|8080||prometheus.shop.svc.cluster.local~mesh" in made.clusters
    assert set(made.endpoints) == {MESH_ORDER, "outbound|8080||plain.shop.svc.cluster.local~mesh"}
    assert set(made.routes) == {"gateway", "outbound|other", "outbound|shop"}


def test_listeners_for_gateway_namespaces_and_services() -> None:
    made, _problems = translate(world(service("postgres", 5432, "tcp", clusterIP="127.9.2.2")))
    found = {name: each["address"]["socket_address"] for name, each in made.listeners.items()}
    assert found["gateway"] == {"address": "127.9.0.1", "port_value": 8080}
    assert found["outbound|shop"]["port_value"] == 15004
    assert found["service|8080|order.shop.svc.cluster.local"] == {"address": "127.9.2.1", "port_value": 8080}
    tcp = made.listeners["service|5432|postgres.shop.svc.cluster.local"]["filter_chains"][0]["filters"][0]
    assert tcp["typed_config"]["cluster"] == "outbound|5432||postgres.shop.svc.cluster.local~mesh"


def test_unknown_hosts_are_refused_for_every_namespace() -> None:
    made, _problems = translate(world())
    for namespace in ("shop", "other"):
        last = made.routes[f"outbound|{namespace}"]["virtual_hosts"][-1]
        assert last["domains"] == ["*"]
        assert last["routes"][0]["direct_response"]["status"] == 502


def test_the_short_name_belongs_to_the_callers_namespace() -> None:
    made, _problems = translate(world())
    domains = {
        namespace: [
            domain for host in made.routes[f"outbound|{namespace}"]["virtual_hosts"] for domain in host["domains"]
        ]
        for namespace in ("shop", "other")
    }
    assert "order:8080" in domains["shop"]
    assert "order:8080" not in domains["other"]
    assert "order.shop:8080" in domains["other"]


def test_the_older_virtual_service_holds_and_the_other_is_told() -> None:
    older = virtual_service("z", [{"route": [to("order", "stable")]}], hosts=["order"], gateways=["mesh"])
    younger = virtual_service("a", [{"route": [to("order", "canary")]}], hosts=["order"], gateways=["mesh"])
    older["metadata"]["creationTimestamp"], younger["metadata"]["creationTimestamp"] = "2026-01-01", "2026-01-02"
    made, problems = translate(world(older, younger))
    (host,) = [each for each in made.routes["outbound|shop"]["virtual_hosts"] if "order:8080" in each["domains"]]
    assert [route["name"] for route in host["routes"]] == ["z.0"]
    assert ("Conflict", "spec.hosts: order belongs to the older VirtualService z") in problems


def test_every_cluster_that_a_route_names_exists() -> None:
    split = [to("order", "stable", 50), to("order", "canary", 50)]
    made, _problems = translate(
        world(gateway(), virtual_service("order", [{"route": split}], gateways=["shop", "mesh"]))
    )
    named = {
        each["name"]
        for configuration in made.routes.values()
        for host in configuration["virtual_hosts"]
        for route in host["routes"]
        for each in route.get("route", {}).get("weighted_clusters", {}).get("clusters", ())
    }
    assert named
    assert named <= made.clusters.keys() == made.endpoints.keys()


@pytest.mark.parametrize(
    ("servers", "words"),
    [
        ([{"port": {"number": 443, "protocol": "HTTPS"}, "hosts": ["*"], "tls": {"mode": "SIMPLE"}}], "protocol"),
        ([{"port": {"number": 80, "protocol": "HTTP"}, "hosts": ["*"], "tls": {"httpsRedirect": True}}], "tls"),
    ],
)
def test_gateways_name_what_they_cannot_serve(servers: list[dict[str, Any]], words: str) -> None:
    _made, problems = translate(world(gateway(servers=servers)))
    assert any(reason == "Unsupported" and words in message for reason, message in problems)


def test_a_gateway_of_another_kind_is_named() -> None:
    _made, problems = translate(world(gateway(selector={"istio": "egressgateway"})))
    assert problems[0][0] == "Unsupported"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"hosts": ["*"], "http": [{"route": [{"destination": {}}]}]}, "spec.http[0].route[0].destination"),
        ({"hosts": ["*"], "http": [{"timeout": "soon"}]}, "spec.http[0].timeout"),
        ({"hosts": ["*"], "http": [{"retries": {"retryOn": "5xx,ressett"}}]}, "there is no condition ressett"),
        ({"hosts": ["*"], "http": [{"match": [{"uri": {"regex": "("}}]}]}, "spec.http[0].match[0].uri.regex"),
        ({"hosts": ["*"], "http": [{"match": [{"uri": {"regex": "(?=a)b"}}]}]}, "what RE2 does not have"),
        ({"hosts": ["*"], "http": [{"route": [to("a", None, 0), to("b", None, 0)]}]}, "the weights add up to 0"),
        ({"hosts": ["*"], "http": [{"route": [to("a")], "redirect": {"uri": "/"}}]}, "only one of"),
        ({}, "'hosts' is a required property"),
    ],
)
def test_what_is_wrong_is_named_with_its_path(spec: dict[str, Any], message: str) -> None:
    findings = validation.check("VirtualService", {"metadata": meta("order"), "spec": spec})
    assert [reason for reason, text in findings if message in text] == ["Invalid"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["", "a", "1s", "order", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["match", "route", "destination", "host", "weight", "uri", "exact", "fault", "headers", "http"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=100, deadline=None)
@given(st.fixed_dictionaries({"hosts": JSON, "http": st.lists(JSON, max_size=3)}), JSON)
def test_no_object_breaks_the_translation(spec: Any, other: Any) -> None:
    bad_rule = {"kind": "DestinationRule", "metadata": meta("bad"), "spec": other}
    bad_service = {"kind": "VirtualService", "metadata": meta("bad"), "spec": spec}
    good = virtual_service("good", [{"route": [to("order", "stable")]}], hosts=["good.example.com"])
    made, _problems = translate(world(gateway(), bad_rule, bad_service, good))
    hosts = [host["domains"] for host in made.routes["gateway"]["virtual_hosts"]]
    assert ["good.example.com"] in hosts


@pytest.mark.parametrize(
    ("pattern", "host", "covered"),
    [
        ("*", "a.b", True),
        ("*.b", "a.b", True),
        ("*.b", "b", False),
        ("*.b", "*.a.b", True),
        ("a.b", "a.b", True),
        ("a.b", "c.b", False),
    ],
)
def test_host_patterns(pattern: str, host: str, covered: bool) -> None:
    assert names.covers(pattern, host) is covered


def test_the_administration_cannot_be_used_to_stop_envoy() -> None:
    static = bootstrap.bootstrap(ADDRESSES, LAYOUT.routes / "c.json", LAYOUT.routes / "l.json")
    allowed = [matcher["prefix"] for matcher in static["admin"]["allow_paths"]]
    assert not [path for path in allowed if "/quitquitquit".startswith(path) or path == "/"]
