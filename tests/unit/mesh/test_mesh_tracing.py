"""Envoy's own spans, sent to a collector of a few lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest_asyncio
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.unit.mesh.mesh_lab import HOST, Lab, ports, until

from embedded.mesh.addresses import Address

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"


@dataclass
class Collector:
    """What came, each span with the name of the service that sent it."""

    address: Address
    spans: list[tuple[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        batch = ExportTraceServiceRequest.FromString(await request.read())
        for resource in batch.resource_spans:
            names = {each.key: each.value.string_value for each in resource.resource.attributes}
            spans = [span for scope in resource.scope_spans for span in scope.spans]
            self.spans += [(names["service.name"], span) for span in spans]
        return web.Response()

    def of(self, trace: str) -> list[tuple[str, Any]]:
        return [(name, span) for name, span in self.spans if span.trace_id.hex() == trace]


@pytest_asyncio.fixture
async def collector() -> AsyncIterator[Collector]:
    found = Collector(Address(HOST, ports(1)[0]))
    app = web.Application()
    app.router.add_post("/v1/traces", found.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, *found.address).start()
    yield found
    await runner.cleanup()


@pytest_asyncio.fixture
async def traced(tmp_path: Path, collector: Collector) -> AsyncIterator[Lab]:
    lab = Lab(tmp_path / "envoy", traces=collector.address)
    yield lab
    await lab.stop()


def context(sampled: bool) -> dict[str, str]:
    return {"traceparent": f"00-{TRACE}-{CALLER}-{'01' if sampled else '00'}"}


async def test_gateway_and_pods_proxy_are_links_of_the_callers_trace(traced: Lab, collector: Collector) -> None:
    upstreams = await traced.two_tracks()
    traced.weigh(100, 0)
    await traced.start()
    await traced.settled()
    async with traced.client.get(f"http://{traced.addresses.gateway}/orders", headers=context(True)):
        pass
    proxy = f"http://{traced.addresses.outbound('shop')}"
    async with traced.client.get("http://order:8080/orders", proxy=proxy, headers=context(True)):
        pass
    await until(lambda: len(collector.of(TRACE)) >= 2, "both spans arrive")
    spans = dict(collector.of(TRACE))
    assert set(spans) == {"istio-ingressgateway.istio-system", "sidecars.shop"}
    assert {span.parent_span_id.hex() for span in spans.values()} == {CALLER}
    requests = [request for upstream in upstreams for request in upstream.requests]
    asked = [headers["traceparent"] for _method, path, headers in requests if path == "/orders"]
    passed_on = {each.split("-")[2] for each in asked}
    assert passed_on == {span.span_id.hex() for span in spans.values()}, "the service's span hangs below Envoy's"
    log = traced.folder / "access.log"
    await until(lambda: log.read_text().count(f'"trace_id":"{TRACE}"') == 2, "both lines of the log name the trace")


async def test_what_the_caller_does_not_sample_leaves_no_span(traced: Lab, collector: Collector) -> None:
    await traced.two_tracks()
    traced.weigh(100, 0)
    await traced.start()
    await traced.settled()
    url = f"http://{traced.addresses.gateway}/"
    async with traced.client.get(url, headers=context(False)):
        pass
    before = len(collector.spans)
    async with traced.client.get(url):  # without a context it is sampled: what came before has arrived by then
        pass
    await until(lambda: len(collector.spans) > before, "the later span arrives")
    assert not collector.of(TRACE)


async def test_collector_that_is_away_costs_no_request(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "envoy", traces=Address(HOST, ports(1)[0]))  # nobody listens there
    try:
        stable, _canary = await lab.two_tracks()
        lab.weigh(100, 0)
        await lab.start()
        await lab.settled()
        url = f"http://{lab.addresses.gateway}/traced"
        answers = await asyncio.gather(*(_status(lab, url) for _ in range(50)))
    finally:
        await lab.stop()
    assert set(answers) == {200}
    assert stable.paths().count("/traced") == 50


async def _status(lab: Lab, url: str) -> int:
    async with lab.client.get(url, headers=context(True)) as response:
        return response.status
