"""The pages' addresses: what the browser is told along with them, and the stream that all viewers share."""

import asyncio
import json
import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from tests.browser.live_lab import Shop, Sources

from embedded.observatory.pages import install, viewers
from embedded.observatory.pages.routes import STATIC
from embedded.observatory.pages.viewers import Viewers


@pytest.fixture
async def client():
    app = web.Application()
    install(app, Sources(Shop()))
    async with TestClient(TestServer(app)) as client:
        yield client


PAGES = ["/", "/traces", "/traces/0af7651916cd43dd8448eb211c80319c", "/logs"]


@pytest.mark.parametrize("path", [*PAGES, "/static/live.js", "/events"])
async def test_nothing_may_come_from_elsewhere_and_nothing_inline(client, path):
    async with client.get(path) as answer:
        assert answer.status == 200
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", PAGES)
async def test_whatever_a_page_is_made_of_is_there(client, path):
    text = await (await client.get(path)).text()
    for part in re.findall(r'(?:href|src)="(/static/[^"]+)"', text):
        assert (await client.get(part)).status == 200, part
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", text)


def test_modules_and_pages_name_only_their_own_files():
    for file in STATIC.glob("*.js"):
        for module in re.findall(r'from "(.+?)"', file.read_text()):
            assert (STATIC / module).is_file(), f"{file.name} imports {module}"
    for file in STATIC.iterdir():
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", file.read_text()), file.name


def test_text_is_never_read_as_html():
    for file in STATIC.glob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", file.read_text())


async def test_the_stream_has_a_snapshot_at_once_and_says_when_to_come_back(client):
    async with client.get("/events") as answer:
        assert answer.content_type == "text/event-stream"
        lines = [await answer.content.readline() for _ in range(3)]
    assert lines[0] == b"retry: 1000\n"
    assert json.loads(lines[2].removeprefix(b"data: "))["service"]["name"] == "order"


async def test_too_many_viewers_are_refused_in_one_line(client, monkeypatch):
    monkeypatch.setattr(viewers, "MOST", 0)
    async with client.get("/events") as answer:
        assert answer.status == 503
        assert (await answer.text()).count("\n") == 1


class Counted:
    def __init__(self):
        self.taken = 0
        self.fails = False

    async def take(self):
        self.taken += 1
        if self.fails:
            raise ValueError("out of order")
        return {"number": self.taken}


async def test_all_viewers_share_one_snapshot():
    counted = Counted()
    shared = Viewers(counted.take, interval=30)
    first, second = shared.follow(), shared.follow()
    one, other = await asyncio.gather(anext(first), anext(second))
    assert one == other == '{"number":1}'
    assert counted.taken == 1
    await first.aclose()
    await second.aclose()


async def test_while_nobody_looks_nothing_is_asked():
    counted = Counted()
    shared = Viewers(counted.take, interval=0)
    await asyncio.sleep(0.02)
    assert counted.taken == 0
    viewer = shared.follow()
    await anext(viewer)
    await viewer.aclose()
    taken = counted.taken
    await asyncio.sleep(0.02)
    assert counted.taken == taken


async def test_a_viewer_who_comes_back_is_served_again():
    shared = Viewers(Counted().take, interval=0)
    for _ in range(2):
        viewer = shared.follow()
        assert json.loads(await anext(viewer))["number"]
        await viewer.aclose()


async def test_a_slow_viewer_gets_the_newest_and_holds_nobody_up():
    counted = Counted()
    shared = Viewers(counted.take, interval=0)
    slow, quick = shared.follow(), shared.follow()
    await anext(slow)
    for _ in range(50):
        newest = json.loads(await anext(quick))["number"]
    assert json.loads(await anext(slow))["number"] >= newest - 1
    await slow.aclose()
    await quick.aclose()


async def test_a_snapshot_that_fails_ends_no_stream(caplog):
    counted = Counted()
    counted.fails = True
    shared = Viewers(counted.take, interval=0)
    viewer = shared.follow()
    waiting = asyncio.ensure_future(anext(viewer))
    await asyncio.sleep(0.02)
    counted.fails = False
    assert json.loads(await waiting)["number"] > 1
    assert "no snapshot for the live page" in caplog.text
    await viewer.aclose()


async def test_a_server_that_stops_lets_its_viewers_go():
    shared = Viewers(Counted().take, interval=30)
    viewer = shared.follow()
    await anext(viewer)
    await shared.close()
    with pytest.raises(StopAsyncIteration):
        await anext(viewer)
