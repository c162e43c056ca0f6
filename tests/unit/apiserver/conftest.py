"""An API server over a store in memory, spoken to over HTTP on a loopback port."""

import contextlib
import json
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from embedded.apiserver.addresses import AddressPool
from embedded.apiserver.admission import open_store
from embedded.apiserver.resources import BUILT_IN, ISTIO, NAMESPACES, ResourceRegistry
from embedded.apiserver.server import create_app

TOKEN = "secret"


class LogFiles:
    """Finds logs as the kubelet's would."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def file(self, pod: str, container: str, previous: bool = False) -> Path:
        return self._folder / f"{pod}-{container}-{'previous' if previous else 'current'}.log"

    def path(self, namespace: str, pod: str, container: str, previous: bool) -> Path:
        found = self.file(pod, container, previous)
        if not found.exists():
            raise FileNotFoundError(f'previous terminated container "{container}" in pod "{pod}" not found')
        return found


class ServerAsInTheCluster(TestServer):
    """Like the cluster's own, it does not cancel a handler whose client has gone."""

    async def _make_runner(self, **options):
        return await super()._make_runner(**{**options, "handler_cancellation": False})


class Api:
    """Requests as a client sends them; answers as pairs of status and JSON."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.warnings: list[str] = []

    async def call(self, method: str, path: str, body=None, *, kind="application/json", **query):
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": kind, "User-Agent": "tester/1.0"}
        async with self.client.request(method, path, data=data, headers=headers, params=query) as answer:
            self.warnings = answer.headers.getall("Warning", [])
            text = await answer.text()
            return answer.status, json.loads(text) if "json" in answer.content_type else text

    async def ok(self, method: str, path: str, body=None, **options):
        status, answer = await self.call(method, path, body, **options)
        assert status < 300, answer
        return answer

    async def get(self, path: str, **query):
        return await self.ok("GET", path, **query)

    async def create(self, path: str, body, **query):
        return await self.ok("POST", path, body, **query)

    async def apply(self, path: str, body, manager: str, **query):
        kind = "application/apply-patch+yaml"
        return await self.call("PATCH", path, body, kind=kind, fieldManager=manager, **query)

    @contextlib.asynccontextmanager
    async def watch(self, path: str, **query):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        headers |= {"Accept": query.pop("accept", "application/json")}
        async with self.client.get(path, headers=headers, params={"watch": "true", **query}) as answer:
            assert answer.status == 200, await answer.text()

            async def following():
                return json.loads(await answer.content.readline())

            yield following


@pytest.fixture
def registry():
    return ResourceRegistry([*BUILT_IN, *ISTIO])


@pytest.fixture
def store(registry):
    opened = open_store(None, registry, AddressPool("127.200.0.0/24"))
    opened.create(NAMESPACES, {"metadata": {"name": "shop"}})
    yield opened
    opened.close()


@pytest.fixture
def log_files(tmp_path):
    return LogFiles(tmp_path)


@pytest.fixture
async def api(store, registry, log_files):
    app = create_app(store, registry, token=TOKEN, logs=log_files)
    async with TestClient(ServerAsInTheCluster(app)) as client:
        yield Api(client)
        store.close()
