"""Watches over HTTP: what is told, in which form, and when a watch ends."""

import collections

import pytest
from tests.unit.apiserver.samples import CONFIG_MAPS, PODS, config_map, pod

from embedded.apiserver import resources, watching

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def told(event):
    return event["type"], event["object"]["metadata"].get("name")


async def relabel(api, name, **labels):
    kind = "application/merge-patch+json"
    await api.ok("PATCH", f"{CONFIG_MAPS}/{name}", {"metadata": {"labels": labels}}, kind=kind)


async def test_a_watch_tells_what_is_there_and_what_happens(api):
    await api.create(CONFIG_MAPS, config_map("a"))
    async with api.watch(CONFIG_MAPS) as following:
        assert told(await following()) == ("ADDED", "a")
        await api.create(CONFIG_MAPS, config_map("b"))
        assert told(await following()) == ("ADDED", "b")
        await relabel(api, "b", x="1")
        assert told(await following()) == ("MODIFIED", "b")
        await api.ok("DELETE", f"{CONFIG_MAPS}/a")
        assert told(await following()) == ("DELETED", "a")


async def test_a_watch_from_a_list_tells_only_what_is_newer(api):
    await api.create(CONFIG_MAPS, config_map("a"))
    listed = await api.get(CONFIG_MAPS)
    await api.create(CONFIG_MAPS, config_map("b"))
    async with api.watch(CONFIG_MAPS, resourceVersion=listed["metadata"]["resourceVersion"]) as following:
        assert told(await following()) == ("ADDED", "b")


async def test_objects_enter_and_leave_a_selection(api):
    await api.create(CONFIG_MAPS, config_map("a"))
    version = (await api.get(CONFIG_MAPS))["metadata"]["resourceVersion"]
    async with api.watch(CONFIG_MAPS, resourceVersion=version, labelSelector="x=1") as following:
        await relabel(api, "a", x="1")
        assert told(await following()) == ("ADDED", "a")
        await relabel(api, "a", y="1")
        assert told(await following()) == ("MODIFIED", "a")
        await relabel(api, "a", x="2")
        assert told(await following()) == ("DELETED", "a")
        await api.ok("DELETE", f"{CONFIG_MAPS}/a")
        await api.create(CONFIG_MAPS, config_map("b", x="1"))
        assert told(await following()) == ("ADDED", "b")


async def test_one_object_can_be_watched_by_name(api):
    for name in ("a", "b"):
        await api.create(CONFIG_MAPS, config_map(name))
    async with api.watch(f"{CONFIG_MAPS}/b") as following:
        assert told(await following()) == ("ADDED", "b")


async def test_too_old_a_version_is_410(api, store):
    made = await api.create(CONFIG_MAPS, config_map("a"))
    store._history = collections.deque(maxlen=3)
    for turn in range(5):
        store.mutate(resources.CONFIG_MAPS, "shop", "a", lambda body, turn=turn: body["data"].update(turn=str(turn)))
    version = made["metadata"]["resourceVersion"]
    status, refusal = await api.call("GET", CONFIG_MAPS, watch="true", resourceVersion=version)
    assert (status, refusal["reason"]) == (410, "Expired")


async def test_initial_events_end_with_a_bookmark(api):
    await api.create(CONFIG_MAPS, config_map("a"))
    options = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    async with api.watch(CONFIG_MAPS, **options) as following:
        assert told(await following()) == ("ADDED", "a")
        mark = await following()
        assert (mark["type"], mark["object"]["kind"]) == ("BOOKMARK", "ConfigMap")
        assert mark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
        await api.create(CONFIG_MAPS, config_map("b"))
        assert told(await following()) == ("ADDED", "b")


@pytest.mark.parametrize("query", [{"sendInitialEvents": "true"}, {"resourceVersionMatch": "NotOlderThan"}])
async def test_parameters_that_do_not_go_together_are_refused(api, query):
    status, refusal = await api.call("GET", CONFIG_MAPS, watch="true", **query)
    assert (status, "resourceVersionMatch: Forbidden" in refusal["message"]) == (422, True)


async def test_a_watch_ends_in_time_with_a_bookmark(api):
    version = (await api.create(CONFIG_MAPS, config_map("a")))["metadata"]["resourceVersion"]
    options = {"timeoutSeconds": "1", "allowWatchBookmarks": "true", "resourceVersion": version}
    async with api.watch(CONFIG_MAPS, **options) as following:
        mark = await following()
        assert (mark["type"], mark["object"]["metadata"]["resourceVersion"]) == ("BOOKMARK", version)
        with pytest.raises(ValueError, match="Expecting value"):
            await following()


async def test_bookmarks_come_now_and_then(api, monkeypatch):
    monkeypatch.setattr(watching, "BOOKMARK_INTERVAL", 0.01)
    monkeypatch.setattr(watching, "_LIVENESS_INTERVAL", 0.01)
    version = (await api.create(CONFIG_MAPS, config_map("a")))["metadata"]["resourceVersion"]
    async with api.watch(CONFIG_MAPS, resourceVersion=version, allowWatchBookmarks="true") as following:
        for _ in range(2):
            assert (await following())["type"] == "BOOKMARK"


async def test_a_watch_whose_client_has_gone_is_forgotten(api, store, monkeypatch):
    monkeypatch.setattr(watching, "_LIVENESS_INTERVAL", 0.01)
    async with api.watch(CONFIG_MAPS):
        assert len(store._watches) == 1
    while store._watches:
        await api.get("/version")


async def test_watches_come_as_tables_too(api):
    async with api.watch(PODS, accept=TABLE) as following:
        await api.create(PODS, pod("p"))
        event = await following()
        assert event["object"]["kind"] == "Table"
        assert event["object"]["rows"][0]["cells"][:3] == ["p", "0/1", "Pending"]
