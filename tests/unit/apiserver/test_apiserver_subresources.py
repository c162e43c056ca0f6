"""Logs, proxy and eviction."""

import asyncio
import gzip
import json

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.unit.apiserver.conftest import TOKEN
from tests.unit.apiserver.samples import PODS, SERVICES, pod, pod_spec, service

from embedded.apiserver import resources

BUDGETS = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"


@pytest.fixture
async def running(api, store):
    """Return a function that makes pods which run and are ready."""

    async def make(name, ready="True", **labels):
        await api.create(PODS, pod(name, **labels))
        status = {
            "phase": "Running",
            "podIP": "127.0.0.1",
            "conditions": [{"type": "Ready", "status": ready}],
            "containerStatuses": [{"name": "order", "state": {"running": {}}}],
        }
        store.mutate(resources.PODS, "shop", name, lambda body: body.update(status=status), "status")

    return make


async def test_logs_are_read_whole_or_from_the_end(api, log_files, running):
    await running("p")
    log_files.file("p", "order").write_text("one\ntwo\nthree\n")
    assert await api.get(f"{PODS}/p/log") == "one\ntwo\nthree\n"
    assert await api.get(f"{PODS}/p/log", tailLines="2") == "two\nthree\n"
    assert await api.get(f"{PODS}/p/log", tailLines="9") == "one\ntwo\nthree\n"
    assert await api.get(f"{PODS}/p/log", tailLines="0") == ""
    assert await api.get(f"{PODS}/p/log", limitBytes="5") == "one\nt"
    assert await api.get(f"{PODS}/p/log", container="order", timestamps="true", sinceSeconds="1") != ""


async def test_the_log_of_the_previous_start(api, log_files, running):
    await running("p")
    status, refusal = await api.call("GET", f"{PODS}/p/log", previous="true")
    assert (status, "previous terminated container" in refusal["message"]) == (400, True)
    log_files.file("p", "order", previous=True).write_text("before\n")
    assert await api.get(f"{PODS}/p/log", previous="true") == "before\n"


async def test_a_log_is_followed_until_the_container_ends(api, log_files, running, store):
    await running("p")
    log = log_files.file("p", "order")
    log.write_text("one\n")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with api.client.get(f"{PODS}/p/log", params={"follow": "true"}, headers=headers) as answer:
        assert await answer.content.readline() == b"one\n"
        with log.open("a") as more:
            more.write("two\n")
        assert await answer.content.readline() == b"two\n"
        log.write_text("again\n")
        assert await answer.content.readline() == b"again\n"
        ended = [{"name": "order", "state": {"terminated": {"exitCode": 0}}}]
        store.mutate(resources.PODS, "shop", "p", lambda body: body["status"].update(containerStatuses=ended), "status")
        assert await asyncio.wait_for(answer.content.read(), 10) == b""


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({}, "a container name must be specified for pod p, choose one of: [order other]"),
        ({"container": "none"}, "container none is not valid for pod p"),
        ({"container": "order"}, 'container "order" in pod "p" is waiting to start'),
    ],
)
async def test_logs_that_are_not_there(api, query, words):
    body = pod("p")
    body["spec"]["containers"].append({"name": "other", "image": "order:v1"})
    await api.create(PODS, body)
    status, refusal = await api.call("GET", f"{PODS}/p/log", **query)
    assert (status, words in refusal["message"]) == (400, True)


@pytest.fixture
async def backend():
    async def answer(request):
        if request.path == "/away":
            raise web.HTTPFound("/elsewhere")
        body = {"path": request.raw_path, "method": request.method, "body": await request.text()}
        body["authorization"] = request.headers.get("Authorization")
        if request.path == "/kind":
            body["kind"] = request.content_type
        return web.json_response(body, status=418, headers={"X-App-Version": "v1"})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app) as server:
        yield server


async def endpoints(api, port, ready=True):
    body = {
        "metadata": {"name": "order-1", "labels": {"kubernetes.io/service-name": "order"}},
        "addressType": "IPv4",
        "ports": [{"name": "http", "port": port}],
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": ready}}],
    }
    await api.create("/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices", body)


async def test_requests_to_a_service_are_passed_on(api, backend):
    await api.create(SERVICES, service())
    await endpoints(api, backend.port)
    for name in ("order:http", "order:8080", "order", "http:order:http"):
        status, answer = await api.call("POST", f"{SERVICES}/{name}/proxy/a%2Fb/c?x=1&y=%20", b"hello")
        assert status == 418
        assert answer == {
            "path": "/a%2Fb/c?x=1&y=%20",
            "method": "POST",
            "body": "hello",
            "authorization": None,
        }


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_bodies_of_any_kind_are_passed_on(api, backend, method):
    await api.create(SERVICES, service())
    await endpoints(api, backend.port)
    path = f"{SERVICES}/order:http/proxy/kind?tags=a&tags=b%20c"
    _status, answer = await api.call(method, path, b"\x00data", kind="application/x-protobuf")
    assert (answer["method"], answer["body"], answer["kind"]) == (method, "\x00data", "application/x-protobuf")
    assert answer["path"] == "/kind?tags=a&tags=b%20c"


async def test_compressed_bodies_are_passed_on_in_plain(api, backend):
    await api.create(SERVICES, service())
    await endpoints(api, backend.port)
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Encoding": "gzip"}
    packed = gzip.compress(b"spans")
    async with api.client.post(f"{SERVICES}/order:http/proxy/", data=packed, headers=headers) as answer:
        assert (answer.status, (await answer.json())["body"]) == (418, "spans")


async def test_redirects_are_passed_on_too(api, backend):
    await api.create(SERVICES, service())
    await endpoints(api, backend.port)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    path = f"{SERVICES}/order:http/proxy/away"
    async with api.client.get(path, headers=headers, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/elsewhere")


async def test_without_endpoints_there_is_no_service(api):
    await api.create(SERVICES, service())
    status, refusal = await api.call("GET", f"{SERVICES}/order:http/proxy/")
    assert (status, "no endpoints available" in refusal["message"]) == (503, True)
    await endpoints(api, 1)
    status, refusal = await api.call("GET", f"{SERVICES}/order:http/proxy/")
    assert (status, "error trying to reach service" in refusal["message"]) == (503, True)
    status, refusal = await api.call("GET", f"{SERVICES}/order:nothing/proxy/")
    assert (status, 'no service port "nothing"' in refusal["message"]) == (503, True)


async def test_endpoints_that_are_not_ready_get_nothing(api, backend):
    await api.create(SERVICES, service())
    await endpoints(api, backend.port, ready=False)
    assert (await api.call("GET", f"{SERVICES}/order:http/proxy/"))[0] == 503


async def test_a_pod_is_reached_where_it_really_listens(api, backend, running, store):
    await running("p")
    annotations = {"embedded.proving-ground/ports": json.dumps({"8080": backend.port})}
    store.mutate(resources.PODS, "shop", "p", lambda body: body["metadata"].update(annotations=annotations))
    for name in ("p", "p:8080", "p:http"):
        status, answer = await api.call("GET", f"{PODS}/{name}/proxy/metrics")
        assert (status, answer["path"]) == (418, "/metrics")


async def test_eviction_respects_the_budget(api, running, store):
    for name in ("a", "b"):
        await running(name, app="order")
    budget = {"metadata": {"name": "order"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "order"}}}}
    await api.create(BUDGETS, budget)
    await api.create(f"{PODS}/a/eviction", {"metadata": {"name": "a"}}, dryRun="All")
    assert store.find(resources.PODS, "shop", "a")
    await api.create(f"{PODS}/a/eviction", {"metadata": {"name": "a"}})
    assert store.find(resources.PODS, "shop", "a") is None
    status, refusal = await api.call("POST", f"{PODS}/b/eviction", {"metadata": {"name": "b"}})
    assert (status, refusal["reason"]) == (429, "TooManyRequests")
    assert refusal["details"]["causes"][0]["reason"] == "DisruptionBudget"


async def test_pods_that_are_not_ready_may_always_go(api, running, store):
    await running("a", app="order", ready="False")
    budget = {"metadata": {"name": "order"}, "spec": {"minAvailable": "100%", "selector": {}}}
    await api.create(BUDGETS, budget)
    await api.create(f"{PODS}/a/eviction", {"metadata": {"name": "a"}})
    assert store.find(resources.PODS, "shop", "a") is None


async def test_gaps_below_pods_are_named(api):
    body = pod("p")
    body["spec"] = pod_spec()
    await api.create(PODS, body)
    for name in ("exec", "attach", "portforward", "resize", "ephemeralcontainers"):
        status, refusal = await api.call("POST", f"{PODS}/p/{name}")
        assert (status, refusal["details"]["name"]) == (501, f"pods/{name}")
