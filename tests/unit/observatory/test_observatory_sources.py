"""Whom the observatory asks: the API server and Prometheus, and what becomes of it when they do not answer."""

import asyncio
import contextlib
import json
import ssl

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from embedded import certificates, kubeconfig
from embedded.observatory import pods as pods_module
from embedded.observatory.cluster_source import ClusterApi
from embedded.observatory.errors import SourceError
from embedded.observatory.metrics_source import Metrics, Series
from embedded.observatory.pods import Pod, Pods


def pod(name, **labels):
    return {
        "metadata": {"namespace": "shop", "name": name, "labels": labels},
        "status": {"podIP": f"127.0.0.{len(name)}"},
    }


class Api:
    """An API server that knows some pods and tells of others."""

    def __init__(self, folder):
        self.keys = certificates.credentials(folder / "tls", "127.0.0.1")
        self.kubeconfig = folder / "kubeconfig"
        self.present = [pod("a", app="order", track="stable")]
        self.events = asyncio.Queue()
        self.status = 200
        self.watches = 0
        app = web.Application()
        app.router.add_get("/{path:.*}", self.answer)
        self.server = TestServer(app)

    async def start(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.keys.certificate, self.keys.key)
        await self.server.start_server(ssl=context)
        kubeconfig.write(self.kubeconfig, f"https://127.0.0.1:{self.server.port}", self.keys)

    async def answer(self, request):
        assert request.headers["Authorization"] == f"Bearer {self.keys.token}"
        if request.query.get("watch") == "true":
            return await self.watch(request)
        return web.json_response({"items": self.present, "path": request.path, "message": "no"}, status=self.status)

    async def watch(self, request):
        self.watches += 1
        response = web.StreamResponse()
        await response.prepare(request)
        while (event := await self.events.get()) is not None:
            await response.write(json.dumps(event).encode() + b"\n")
        return response


@pytest.fixture
async def api(tmp_path):
    made = Api(tmp_path)
    await made.start()
    yield made
    await made.server.close()


@pytest.fixture
async def cluster(api):
    cluster = ClusterApi(api.kubeconfig)
    yield cluster
    await cluster.close()


async def test_objects_are_listed_by_kind_and_namespace(cluster):
    assert [each["metadata"]["name"] for each in await cluster.list("pods")] == ["a"]
    found = await cluster.get("/apis/apps/v1/namespaces/shop/deployments")
    assert found["path"] == "/apis/apps/v1/namespaces/shop/deployments"


async def test_a_refusal_is_one_line(api, cluster):
    api.status = 403
    with pytest.raises(SourceError, match="answers 403 to /api/v1/pods: no"):
        await cluster.list("pods")


async def test_an_api_server_that_is_gone_is_one_line(api, cluster):
    await api.server.close()
    with pytest.raises(SourceError, match="does not answer"):
        await cluster.list("pods")


async def test_without_a_cluster_nothing_can_be_asked():
    with pytest.raises(SourceError, match="--kubeconfig"):
        await ClusterApi(None).list("pods")


async def seen(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - it is about another server
            await asyncio.sleep(0.01)


async def test_pods_are_followed_also_when_the_watch_ends(api, cluster, monkeypatch):
    monkeypatch.setattr(pods_module, "_PAUSE", 0.01)
    pods = Pods(cluster)
    task = asyncio.create_task(pods.run())
    await pods.known(10)
    assert pods.named("shop", "a") == Pod("shop", "a", "order", "", "stable")
    await api.events.put({"type": "ADDED", "object": pod("bb", app="order", version="v2")})
    await seen(lambda: pods.at("127.0.0.2:8080"))
    assert pods.at("127.0.0.2:8080").version == "v2"
    await api.events.put(None)
    await seen(lambda: api.watches == 2)
    await api.events.put({"type": "ADDED", "object": pod("ccc")})
    await seen(lambda: pods.at("127.0.0.3:80"))
    # One that is gone is still known for what it left.
    assert pods.named("shop", "bb").version == "v2"
    await api.events.put(None)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def test_pods_that_share_an_address_are_told_apart_by_port():
    pods = Pods(ClusterApi(None))
    for name, port in (("a", 1001), ("b", 1002)):
        ports = {"embedded.proving-ground/ports": json.dumps({"8080": port})}
        meta = {"namespace": "shop", "name": name, "annotations": ports}
        pods.note({"metadata": meta, "status": {"podIP": "127.0.0.1"}})
    assert pods.at("127.0.0.1:1002").name == "b"
    assert pods.at("127.0.0.1:1003") is None


def test_not_every_pod_of_all_times_is_remembered(monkeypatch):
    monkeypatch.setattr(pods_module, "_REMEMBERED", 2)
    pods = Pods(ClusterApi(None))
    for name in ("a", "bb", "ccc"):
        pods.note(pod(name, app="order"))
    assert (pods.named("shop", "a").app, pods.named("shop", "ccc").app) == ("", "order")


@pytest.fixture
async def prometheus():
    async def answer(request):
        form = await request.post()
        if form["query"] == "wrong(":
            return web.json_response({"status": "error", "error": "parse error"}, status=400)
        labels = {"track": "canary"}
        value = {"values": [[1, "2"], [2, "3"]]} if request.path.endswith("range") else {"value": [1, "2.5"]}
        return web.json_response({"status": "success", "data": {"result": [{"metric": labels, **value}]}})

    app = web.Application()
    app.router.add_post("/api/v1/{kind}", answer)
    async with TestServer(app) as server:
        metrics = Metrics(f"http://127.0.0.1:{server.port}")
        yield metrics
        await metrics.close()


async def test_figures_of_prometheus(prometheus):
    assert await prometheus.instant("up") == [Series({"track": "canary"}, [(1.0, 2.5)])]
    assert await prometheus.range("up", 1, 2, 1) == [Series({"track": "canary"}, [(1.0, 2.0), (2.0, 3.0)])]


async def test_a_refused_query_is_one_line(prometheus):
    with pytest.raises(SourceError, match=r"refuses wrong\(: parse error"):
        await prometheus.instant("wrong(")


@pytest.mark.parametrize(("url", "says"), [(None, "--prometheus"), ("http://127.0.0.1:1", "does not answer")])
async def test_without_prometheus_nothing_can_be_asked(url, says):
    metrics = Metrics(url)
    with pytest.raises(SourceError, match=says):
        await metrics.instant("up")
    await metrics.close()
