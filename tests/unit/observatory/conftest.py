"""An observatory as its clients see it, over files in a temporary folder."""

import json

import pytest
from aiohttp.test_utils import TestClient, TestServer

from embedded.observatory.app import SOURCES, create_app
from embedded.observatory.settings import Settings


class Observatory:
    """A running observatory."""

    def __init__(self, client, sources):
        self.client = client
        self.sources = sources

    async def call(self, method, path, **more):
        """Return the status and the JSON of an answer."""
        async with self.client.request(method, path, **more) as answer:
            return answer.status, json.loads(await answer.read())

    async def get(self, path, **params):
        return await self.call("GET", path, params={key: str(value) for key, value in params.items()})


@pytest.fixture
async def start(tmp_path):
    """Start observatories; each later one finds what the earlier ones left."""
    clients = []

    async def start(**settings):
        folder = tmp_path / "observatory"
        folder.mkdir(exist_ok=True)
        app = create_app(Settings(folder, **settings))
        client = TestClient(TestServer(app))
        clients.append(client)
        await client.start_server()
        return Observatory(client, app[SOURCES])

    yield start
    for client in clients:
        await client.close()


@pytest.fixture
async def observatory(start):
    return await start()
