"""Annotations by Grafana's API."""

import asyncio
import time

import pytest

from embedded.observatory import annotations as annotations_module
from embedded.observatory.annotations import Annotations

PATH = "/api/annotations"


async def add(observatory, **fields):
    status, answer = await observatory.call("POST", PATH, json={"text": "a step", **fields})
    assert (status, answer["message"]) == (200, "Annotation added")
    return answer["id"]


async def found(observatory, *tags, **query):
    params = [(name, str(value)) for name, value in query.items()] + [("tags", tag) for tag in tags]
    async with observatory.client.get(PATH, params=params) as answer:
        assert answer.status == 200
        return [each["id"] for each in await answer.json()]


async def test_an_annotation_with_its_fields(observatory):
    number = await add(observatory, time=1000, timeEnd=2000, tags=["proving-ground", "weight:10"])
    status, shown = await observatory.get(f"{PATH}/{number}")
    assert status == 200
    kept = {name: shown[name] for name in ("id", "time", "timeEnd", "text", "tags")}
    assert kept == {
        "id": number,
        "time": 1000,
        "timeEnd": 2000,
        "text": "a step",
        "tags": ["proving-ground", "weight:10"],
    }


async def test_without_times_it_is_a_point_now(observatory):
    before = int(time.time() * 1000)
    number = await add(observatory)
    shown = (await observatory.get(f"{PATH}/{number}"))[1]
    assert before <= shown["time"] == shown["timeEnd"] <= time.time() * 1000


async def test_found_by_tags_and_time(observatory):
    first = await add(observatory, time=1000, timeEnd=2000, tags=["a", "b"])
    second = await add(observatory, time=3000, tags=["a"])
    third = await add(observatory, time=1500, timeEnd=5000, tags=["c"])
    assert await found(observatory) == [third, second, first]
    assert await found(observatory, "a") == [second, first]
    assert await found(observatory, "a", "b") == [first]
    assert await found(observatory, "b", "c", matchAny="true") == [third, first]
    assert await found(observatory, **{"from": 2500, "to": 2600}) == [third]
    assert await found(observatory, **{"from": 2000}) == [third, second, first]
    assert await found(observatory, to=1200) == [first]
    assert await found(observatory, limit=1) == [third]
    assert await found(observatory, type="annotation", **{"from": 0, "to": 0}) == [third, second, first]


async def test_changed_and_deleted(observatory):
    number = await add(observatory, time=1000)
    status, answer = await observatory.call("PATCH", f"{PATH}/{number}", json={"timeEnd": 4000, "tags": ["end"]})
    assert (status, answer["message"]) == (200, "Annotation patched")
    shown = (await observatory.get(f"{PATH}/{number}"))[1]
    assert (shown["time"], shown["timeEnd"], shown["tags"], shown["text"]) == (1000, 4000, ["end"], "a step")
    assert (await observatory.call("DELETE", f"{PATH}/{number}"))[0] == 200
    for method in ("GET", "PATCH", "DELETE"):
        status, answer = await observatory.call(method, f"{PATH}/{number}", json={"text": "x"})
        assert (status, answer) == (404, {"message": "Annotation not found"})


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({}, 400, "text"),
        ({"text": ""}, 400, "text"),
        ({"text": 5}, 400, "text"),
        ({"text": "x", "time": "now"}, 400, "time"),
        ({"text": "x", "time": True}, 400, "time"),
        ({"text": "x", "tags": "a"}, 400, "tags"),
        ({"text": "x", "tags": [1]}, 400, "tags"),
        ({"text": "x", "dashboardUID": "u"}, 501, "dashboardUID"),
        ({"text": "x", "colour": "red"}, 501, "colour"),
        ([], 400, "object"),
    ],
)
async def test_what_is_wrong_is_named(observatory, body, status, says):
    code, answer = await observatory.call("POST", PATH, json=body)
    assert (code, says in answer["message"]) == (status, True), answer
    assert await found(observatory) == []


@pytest.mark.parametrize(("query", "status"), [("from=yesterday", 400), ("userId=1", 501), ("type=alert", 501)])
async def test_searches_that_cannot_be_answered(observatory, query, status):
    assert (await observatory.get(f"{PATH}?{query}"))[0] == status


async def test_dashboards_are_a_gap(observatory):
    status, answer = await observatory.get("/api/dashboards/home")
    assert (status, "/api/dashboards/home" in answer["message"]) == (501, True)
    assert (await observatory.call("PUT", f"{PATH}/1", json={}))[0] == 501


async def test_annotations_survive_a_restart(start):
    observatory = await start()
    number = await add(observatory)
    await observatory.client.close()
    assert await found(await start()) == [number]


def test_the_oldest_go_first(tmp_path):
    kept = Annotations(tmp_path, limit=2)
    numbers = [kept.add(time_ms, time_ms, "x", [])["id"] for time_ms in (3000, 2000, 1000)]
    assert [each["id"] for each in kept.find()] == numbers[1:]
    kept.close()


async def test_who_subscribes_is_told_of_every_change(tmp_path):
    kept = Annotations(tmp_path)
    with kept.subscribe() as queue:
        number = kept.add(1000, 1000, "x", ["a"])["id"]
        kept.change(number, {"timeEnd": 2000})
        kept.delete(number)
        told = [await asyncio.wait_for(queue.get(), 5) for _ in range(3)]
    assert [(what, each["timeEnd"]) for what, each in told] == [("added", 1000), ("changed", 2000), ("deleted", 2000)]
    kept.add(1, 1, "nobody listens", [])
    assert queue.empty()
    kept.close()


def test_who_does_not_listen_costs_no_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(annotations_module, "_QUEUE", 2)
    kept = Annotations(tmp_path)
    with kept.subscribe() as queue:
        for number in range(5):
            kept.add(number, number, "x", [])
        assert queue.qsize() == 2
    kept.close()
