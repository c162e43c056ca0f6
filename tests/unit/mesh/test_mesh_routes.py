"""VirtualServices as Envoy routes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.mesh.mesh_lab import gateway, service, to, virtual_service
from tests.unit.mesh.mesh_worlds import gateway_routes, translate, world

CANARY = "outbound|8080|canary|order.shop.svc.cluster.local"
STABLE = "outbound|8080|stable|order.shop.svc.cluster.local"


def route_of(**route: Any) -> dict[str, Any]:
    """Return the one Envoy route that an HTTP route becomes."""
    (found,) = gateway_routes(gateway(), virtual_service("order", [{"route": [to("order", "stable")]} | route]))
    return found


def weights(found: dict[str, Any]) -> dict[str, int]:
    return {each["name"]: each["weight"] for each in found["route"]["weighted_clusters"]["clusters"]}


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(0, 1000))
def test_weights_are_kept_and_zero_is_left_out(stable: int, canary: int) -> None:
    split = [to("order", "stable", stable), to("order", "canary", canary)]
    found = gateway_routes(gateway(), virtual_service("order", [{"route": split}]))
    wanted = {name: weight for name, weight in ((STABLE, stable), (CANARY, canary)) if weight}
    # All weights zero is what Istio refuses; then there is no route at all.
    assert [weights(each) for each in found] == ([wanted] if wanted else [])


def test_a_subset_without_weight_is_warm_before_it_gets_any() -> None:
    split = [to("order", "stable", 100), to("order", "canary", 0)]
    made, _problems = translate(world(gateway(), virtual_service("order", [{"route": split}])))
    assert CANARY in made.clusters
    assert len(made.endpoints[CANARY]["endpoints"][0]["lb_endpoints"]) == 1


@pytest.mark.parametrize(
    ("match", "wanted"),
    [
        ({"uri": {"exact": "/a"}}, {"path": "/a"}),
        ({"uri": {"prefix": "/a"}}, {"prefix": "/a"}),
        ({"uri": {"regex": "/a.*"}}, {"safe_regex": {"regex": "/a.*"}}),
        ({"uri": {"exact": "/A"}, "ignoreUriCase": True}, {"path": "/A", "case_sensitive": False}),
        (
            {"method": {"exact": "POST"}},
            {"prefix": "/", "headers": [{"name": ":method", "string_match": {"exact": "POST"}}]},
        ),
        ({"headers": {"x": {}}}, {"prefix": "/", "headers": [{"name": "x", "present_match": True}]}),
        (
            {"headers": {"x": {"regex": "a|b"}}},
            {"prefix": "/", "headers": [{"name": "x", "string_match": {"safe_regex": {"regex": "a|b"}}}]},
        ),
        (
            {"withoutHeaders": {"x": {"prefix": "a"}}},
            {"prefix": "/", "headers": [{"name": "x", "string_match": {"prefix": "a"}, "invert_match": True}]},
        ),
        (
            {"queryParams": {"q": {"exact": "1"}}},
            {"prefix": "/", "query_parameters": [{"name": "q", "string_match": {"exact": "1"}}]},
        ),
    ],
)
def test_matches(match: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert route_of(match=[match])["match"] == wanted


def test_a_match_with_an_unsupported_condition_matches_nothing_rather_than_everything() -> None:
    route = {"match": [{"sourceLabels": {"app": "x"}}], "route": [to("order", "canary")]}
    bodies = (gateway(), virtual_service("order", [route, {"route": [to("order", "stable")]}]))
    assert [weights(each) for each in gateway_routes(*bodies)] == [{STABLE: 100}]
    _made, problems = translate(world(*bodies))
    assert [reason for reason, message in problems if "spec.http[0].match[0].sourceLabels" in message] == [
        "Unsupported"
    ]


def test_several_matches_of_one_route_are_alternatives() -> None:
    route = {"match": [{"uri": {"prefix": "/a"}}, {"uri": {"prefix": "/b"}}], "route": [to("order")]}
    found = gateway_routes(gateway(), virtual_service("order", [route]))
    assert [each["match"]["prefix"] for each in found] == ["/a", "/b"]


def test_what_stands_behind_a_route_for_everything_is_left_out() -> None:
    found = gateway_routes(gateway(), virtual_service("order", [{"route": [to("order")]}, {"route": [to("nobody")]}]))
    assert len(found) == 1


def test_istios_defaults() -> None:
    action = route_of()["route"]
    assert action["timeout"] == "0s"
    assert action["retry_policy"]["num_retries"] == 2
    assert action["retry_policy"]["retry_on"] == "connect-failure,refused-stream,unavailable,cancelled"


def test_retries_and_timeout() -> None:
    retries = {"attempts": 3, "perTryTimeout": "250ms", "retryOn": "5xx, 429"}
    action = route_of(retries=retries, timeout="1m1.5s")["route"]
    policy = action["retry_policy"]
    assert action["timeout"] == "61.5s"
    assert (policy["num_retries"], policy["per_try_timeout"]) == (3, "0.25s")
    assert policy["retry_on"] == "5xx,retriable-status-codes"
    assert policy["retriable_status_codes"] == [429]


def test_no_attempts_are_no_retries() -> None:
    assert "retry_policy" not in route_of(retries={"attempts": 0})["route"]


@settings(deadline=None)
@given(st.floats(0, 100))
def test_shares_keep_four_digits_behind_the_point(value: float) -> None:
    fault = {"abort": {"httpStatus": 500, "percentage": {"value": value}}}
    settings = route_of(fault=fault)["typed_per_filter_config"]["envoy.filters.http.fault"]
    share = settings["abort"]["percentage"]
    assert share["denominator"] == "MILLION"
    assert abs(share["numerator"] / 10_000 - value) <= 0.00005


def test_a_fault_without_percentage_hits_nobody_and_a_mirror_without_it_sees_all() -> None:
    found = route_of(fault={"abort": {"httpStatus": 500}}, mirror={"host": "order", "subset": "canary"})
    assert found["typed_per_filter_config"]["envoy.filters.http.fault"]["abort"]["percentage"]["numerator"] == 0
    (mirror,) = found["route"]["request_mirror_policies"]
    assert mirror["runtime_fraction"]["default_value"]["numerator"] == 1_000_000


def test_headers_of_route_and_destination() -> None:
    destination = to("order", "stable", headers={"response": {"add": {"x-track": "stable"}}})
    found = route_of(route=[destination], headers={"request": {"set": {"Host": "internal", "x": "1"}, "remove": ["y"]}})
    assert found["route"]["host_rewrite_literal"] == "internal"
    assert found["request_headers_to_add"] == [
        {"header": {"key": "x", "value": "1"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
    ]
    assert found["request_headers_to_remove"] == ["y"]
    (cluster,) = found["route"]["weighted_clusters"]["clusters"]
    assert cluster["response_headers_to_add"][0]["header"] == {"key": "x-track", "value": "stable"}


def test_a_route_without_a_supported_action_refuses_instead_of_passing_requests_on() -> None:
    found = gateway_routes(gateway(), virtual_service("order", [{"delegate": {"name": "other"}}]))
    assert found[0]["direct_response"]["status"] == 501


@pytest.mark.parametrize(
    ("destination", "why"),
    [
        (to("nobody"), "there is no Service nobody.shop.svc.cluster.local"),
        (to("order", "nowhere"), "no DestinationRule gives order a subset nowhere"),
        ({"destination": {"host": "order", "port": {"number": 9}}}, "order.shop.svc.cluster.local has no port 9"),
    ],
)
def test_a_wrong_destination_leads_to_the_black_hole(destination: dict[str, Any], why: str) -> None:
    bodies = (gateway(), virtual_service("order", [{"route": [destination]}]))
    assert weights(gateway_routes(*bodies)[0]) == {"BlackHoleCluster": 100}
    _made, problems = translate(world(*bodies))
    assert [reason for reason, message in problems if why in message] == ["UnknownReference"]


def test_one_wrong_destination_of_two_spoils_its_own_share_only() -> None:
    split = [to("order", "stable", 90), to("order", "nowhere", 10)]
    found = gateway_routes(gateway(), virtual_service("order", [{"route": split}]))
    assert weights(found[0]) == {STABLE: 90, "BlackHoleCluster": 10}


def test_virtual_services_for_one_host_are_joined_and_the_route_for_everything_comes_last() -> None:
    everything = virtual_service("a", [{"route": [to("order", "canary")]}])
    users = virtual_service("b", [{"match": [{"uri": {"prefix": "/users"}}], "route": [to("user")]}])
    found = gateway_routes(gateway(), service("user"), everything, users)
    assert [each["name"] for each in found] == ["b.0", "a.0"]


def test_hosts_are_as_narrow_as_gateway_and_virtual_service_allow() -> None:
    servers = [{"port": {"number": 80, "protocol": "HTTP"}, "hosts": ["other/*", "*.example.com"]}]
    bodies = (gateway(servers=servers), virtual_service("order", [{"route": [to("order")]}], hosts=["*"]))
    assert gateway_routes(*bodies, domain="*.example.com")
    assert not gateway_routes(*bodies, domain="*")


def test_a_virtual_service_of_the_mesh_is_not_served_at_the_gateway() -> None:
    assert not gateway_routes(gateway(), virtual_service("order", [{"route": [to("order")]}], gateways=["mesh"]))


def test_an_unknown_gateway_is_named() -> None:
    _made, problems = translate(world(virtual_service("order", [{"route": [to("order")]}])))
    assert ("UnknownReference", "spec.gateways: there is no Gateway shop/shop") in problems
