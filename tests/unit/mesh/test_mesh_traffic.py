"""Routing through a real Envoy: what Istio's objects promise is what requests get."""

from __future__ import annotations

import asyncio
import math

import pytest
from tests.unit.mesh.mesh_lab import Lab, destination_rule, pod, service, to, until, virtual_service

from embedded.apiserver.resources import VIRTUAL_SERVICES


async def test_weights_hold_within_what_chance_allows(lab: Lab) -> None:
    await lab.two_tracks()
    lab.weigh(70, 30)
    await lab.start()
    await lab.settled()
    count, share = 800, 0.3
    found = await lab.answers(count)
    assert found["stable-1"] + found["canary-1"] == count
    # Five standard deviations: wrong once in two million runs.
    assert abs(found["canary-1"] - count * share) < 5 * math.sqrt(count * share * (1 - share))


async def test_a_subset_without_weight_gets_nothing(lab: Lab) -> None:
    await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()
    await lab.settled()
    assert await lab.answers(100) == {"stable-1": 100}


async def test_a_header_chooses_the_track(lab: Lab) -> None:
    await lab.two_tracks()
    header_route = {"match": [{"headers": {"x-track": {"exact": "canary"}}}], "route": [to("order", "canary")]}
    lab.apply(virtual_service("order", [header_route, {"route": [to("order", "stable")]}]))
    await lab.start()
    await lab.settled()
    assert await lab.answers(20, x_track="canary") == {"canary-1": 20}
    assert await lab.answers(20) == {"stable-1": 20}


async def test_a_patched_weight_is_routed(lab: Lab) -> None:
    await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()
    lab.weigh(0, 100)
    await lab.settled()
    assert await lab.answers(50) == {"canary-1": 50}


async def test_a_timeout_ends_a_slow_request(lab: Lab) -> None:
    stable, _canary = await lab.two_tracks()
    lab.weigh(100, 0, timeout="0.05s")
    await lab.start()
    await lab.settled()
    stable.delay = 5
    assert (await lab.get())[0] == 504


@pytest.mark.parametrize("attempts", [0, 2])
async def test_retries_happen_as_often_as_asked(lab: Lab, attempts: int) -> None:
    stable, _canary = await lab.two_tracks()
    lab.weigh(100, 0, retries={"attempts": attempts, "retryOn": "5xx"})
    await lab.start()
    await lab.settled()
    stable.status = 503
    assert (await lab.get("/counted"))[0] == 503
    assert stable.paths().count("/counted") == attempts + 1


async def test_without_a_word_nothing_that_reached_the_service_is_retried(lab: Lab) -> None:
    stable, _canary = await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()
    await lab.settled()
    stable.status = 503
    assert (await lab.get("/counted"))[0] == 503
    assert stable.paths().count("/counted") == 1


async def test_a_fault_aborts_only_what_matches(lab: Lab) -> None:
    await lab.two_tracks()
    fault = {"abort": {"httpStatus": 418, "percentage": {"value": 100}}}
    match = [{"headers": {"x-chaos": {"exact": "yes"}}}]
    routes = [{"match": match, "fault": fault, "route": [to("order", "stable")]}, {"route": [to("order", "stable")]}]
    lab.apply(virtual_service("order", routes))
    await lab.start()
    await lab.settled()
    assert await lab.answers(10, x_chaos="yes") == {"418": 10}
    assert await lab.answers(10) == {"stable-1": 10}


async def test_a_delay_is_injected(lab: Lab) -> None:
    await lab.two_tracks()
    fault = {"delay": {"fixedDelay": "200ms", "percentage": {"value": 100}}}
    lab.weigh(100, 0, fault=fault)
    await lab.start()
    await lab.settled()
    begun = asyncio.get_running_loop().time()
    assert (await lab.get())[0] == 200
    # Envoy counts from the beginning of its loop, a moment before the request.
    assert asyncio.get_running_loop().time() - begun >= 0.15


async def test_a_mirror_sees_every_request_and_answers_none(lab: Lab) -> None:
    _stable, canary = await lab.two_tracks()
    lab.apply(
        virtual_service("order", [{"route": [to("order", "stable")], "mirror": {"host": "order", "subset": "canary"}}])
    )
    await lab.start()
    await lab.settled()
    assert await lab.answers(10, "/mirrored") == {"stable-1": 10}
    await until(lambda: canary.paths().count("/mirrored") == 10)


async def test_a_path_is_rewritten_and_headers_are_changed(lab: Lab) -> None:
    stable, _canary = await lab.two_tracks()
    route = {
        "match": [{"uri": {"prefix": "/api/"}}],
        "rewrite": {"uri": "/"},
        "headers": {"request": {"set": {"x-added": "1"}, "remove": ["x-secret"]}},
        "route": [to("order", "stable")],
    }
    lab.apply(virtual_service("order", [route]))
    await lab.start()
    await lab.settled()
    assert (await lab.get("/api/things", x_secret="s"))[0] == 200
    _method, path, headers = stable.requests[-1]
    assert (path, headers["x-added"], "x-secret" in headers) == ("/things", "1", False)
    assert (await lab.get("/elsewhere"))[0] == 404


async def test_trace_context_passes_unchanged_and_no_header_of_envoy_comes_back(lab: Lab) -> None:
    stable, _canary = await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()
    await lab.settled()
    context = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    url = f"http://{lab.addresses.gateway}/"
    async with lab.client.get(url, headers={"traceparent": context, "x-request-id": "mine"}) as response:
        assert response.headers["server"] == "upstream"
        assert not [name for name in response.headers if name.lower().startswith("x-envoy")]
    _method, _path, headers = stable.requests[-1]
    assert (headers["traceparent"], headers["x-request-id"]) == (context, "mine")


async def test_a_client_cannot_change_what_the_virtual_service_says(lab: Lab) -> None:
    stable, _canary = await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()
    await lab.settled()
    stable.delay = 0.2
    hints = {"x_envoy_upstream_rq_timeout_ms": "1", "x_envoy_retry_on": "5xx", "x_envoy_max_retries": "3"}
    assert (await lab.get("/hinted", **hints))[0] == 200
    stable.delay, stable.status = 0, 503
    await lab.get("/retried", **hints)
    assert stable.paths().count("/retried") == 1


async def test_redirect_and_direct_response(lab: Lab) -> None:
    await lab.two_tracks()
    routes = [
        {"match": [{"uri": {"exact": "/old"}}], "redirect": {"uri": "/new", "redirectCode": 308}},
        {"match": [{"uri": {"exact": "/teapot"}}], "directResponse": {"status": 418, "body": {"string": "short"}}},
    ]
    lab.apply(virtual_service("order", routes))
    await lab.start()
    await lab.settled()
    assert (await lab.get("/old"))[0] == 308
    assert await lab.get("/teapot") == (418, "short")


async def test_the_circuit_breaker_lets_no_more_through_than_allowed(lab: Lab) -> None:
    stable, _canary = await lab.two_tracks()
    pool = {"tcp": {"maxConnections": 1}, "http": {"http1MaxPendingRequests": 1}}
    lab.apply(destination_rule("order", "stable", policy={"connectionPool": pool}))
    lab.apply(virtual_service("order", [{"route": [to("order", "stable")], "retries": {"attempts": 0}}]))
    await lab.start()
    await lab.settled()
    stable.gate.clear()
    running = [asyncio.create_task(lab.get()) for _ in range(10)]
    await until(lambda: sum(task.done() for task in running) == 8)
    assert {task.result()[0] for task in running if task.done()} == {503}
    stable.gate.set()
    assert [status for status, _text in await asyncio.gather(*running)].count(200) == 2


async def test_without_a_breaker_nothing_trips(lab: Lab) -> None:
    stable, _canary = await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()
    await lab.settled()
    stable.gate.clear()
    running = [asyncio.create_task(lab.get("/held")) for _ in range(80)]
    await until(lambda: stable.paths().count("/held") == 80)
    stable.gate.set()
    assert {status for status, _text in await asyncio.gather(*running)} == {200}


async def test_a_failing_pod_is_ejected(lab: Lab) -> None:
    await lab.two_tracks()
    bad = await lab.add("stable-2", "order", track="stable")
    outlier = {"consecutive5xxErrors": 5, "interval": "0.1s", "baseEjectionTime": "60s", "maxEjectionPercent": 100}
    lab.apply(destination_rule("order", "stable", policy={"outlierDetection": outlier}))
    lab.apply(virtual_service("order", [{"route": [to("order", "stable")], "retries": {"attempts": 0}}]))
    await lab.start()
    await lab.settled()
    bad.status = 500
    await until(lambda: _goes_to(lab, "stable-1"))
    assert bad.paths().count("/") >= 5


async def test_an_unknown_subset_is_answered_with_503_and_named(lab: Lab) -> None:
    await lab.two_tracks()
    route = {"match": [{"uri": {"prefix": "/lost"}}], "route": [to("order", "nowhere")]}
    lab.apply(virtual_service("order", [route, {"route": [to("order", "stable")]}]))
    await lab.start()
    await lab.settled()
    assert (await lab.get("/lost"))[0] == 503
    assert await lab.answers(5) == {"stable-1": 5}
    await until(lambda: lab.events("order"))
    reason, message = lab.events("order")[0]
    assert reason == "UnknownReference"
    assert "spec.http[0].route[0].destination" in message
    assert "nowhere" in message


async def test_a_pod_calls_services_by_name_and_nobody_else(lab: Lab) -> None:
    await lab.two_tracks()
    lab.apply(service("order", namespace="other"), pod("caller", namespace="other"))
    await lab.start()
    await lab.settled()
    for name in ("order:8080", "order.shop:8080", "order.shop.svc.cluster.local:8080"):
        status, text = await lab.call(f"http://{name}/")
        assert status == 200, (name, text)
    status, _text = await lab.call("http://order:8080/", namespace="other")
    assert status == 503, "order in other has no pods, and the short name means the caller's own namespace"
    status, text = await lab.call("http://example.com/")
    assert status == 502
    assert "example.com is no Service of this cluster" in text


async def test_the_mesh_side_follows_its_own_virtual_service(lab: Lab) -> None:
    await lab.two_tracks()
    split = [to("order", "stable", 0), to("order", "canary", 100)]
    lab.apply(virtual_service("order-mesh", [{"route": split}], hosts=["order"], gateways=["mesh"]))
    lab.weigh(100, 0)
    await lab.start()
    await lab.settled()
    assert await lab.call("http://order:8080/") == (200, "canary-1")
    assert await lab.get() == (200, "stable-1")


async def test_a_virtual_service_can_be_taken_away(lab: Lab) -> None:
    await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()
    lab.delete(VIRTUAL_SERVICES, "order")
    await lab.settled()
    assert (await lab.get())[0] == 404


async def test_prometheus_sees_tracks_and_nothing_of_the_administration(lab: Lab) -> None:
    await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()
    await lab.settled()
    await lab.answers(3)
    await lab.call("http://order:8080/")
    stats = f"http://{lab.addresses.stats}"

    async def page() -> str:
        async with lab.client.get(f"{stats}/stats/prometheus") as response:
            return await response.text()

    name = 'envoy_cluster_name="outbound|8080|stable|order.shop.svc.cluster.local"'

    async def is_counted() -> bool:
        text = await page()
        return f'envoy_cluster_upstream_rq{{envoy_response_code="200",{name}}} ' in text and "rq_time_bucket" in text

    await until(is_counted)
    assert "external" not in await page()
    for path in ("/", "/config_dump", "/quitquitquit", "/stats"):
        async with lab.client.post(stats + path) as response:
            assert response.status == 404
    async with lab.client.post(f"http://{lab.addresses.admin}/quitquitquit") as response:
        assert response.status >= 400


async def _goes_to(lab: Lab, name: str) -> bool:
    return await lab.answers(10) == {name: 10}
