"""Watches: what they tell from where on, what a selection sees, and when they have to begin again."""

import json
from itertools import islice

import pytest

MAPS = ("v1", "configmaps")
BRIEF = {"timeoutSeconds": "5"}
MORE_THAN_ANY_HISTORY = 5000


@pytest.fixture
def start(raw):
    """Return the version from which on a watch of an empty list would begin."""
    return raw.get(*MAPS, labelSelector="watched")["metadata"]["resourceVersion"]


def make(raw, name, **labels):
    body = {"metadata": {"name": name, "labels": {"watched": "yes", **labels}}}
    return raw.create(*MAPS, body)["metadata"]["resourceVersion"]


def told(raw, count, **query):
    """Return kind and name of the first events of a watch that could tell more."""
    events = raw.watch(*MAPS, **BRIEF, labelSelector="watched", **query)
    return [(kind, body["metadata"]["name"]) for kind, body in islice(events, count)]


def test_a_watch_tells_every_change_since_a_version_in_order(raw, start):
    make(raw, "a")
    raw.patch("v1", "configmaps/a", {"data": {"x": "1"}})
    make(raw, "b")
    raw.delete("v1", "configmaps/a")
    expected = [("ADDED", "a"), ("MODIFIED", "a"), ("ADDED", "b"), ("DELETED", "a")]
    assert told(raw, 4, resourceVersion=start) == expected


def test_a_watch_is_resumed_where_it_ended(raw, start):
    middle = make(raw, "a")
    make(raw, "b")
    assert told(raw, 1, resourceVersion=middle) == [("ADDED", "b")]


def test_versions_of_events_are_those_of_the_objects(raw, start):
    version = make(raw, "a")
    _kind, body = next(raw.watch(*MAPS, **BRIEF, labelSelector="watched", resourceVersion=start))
    assert body["metadata"]["resourceVersion"] == version


def test_objects_enter_and_leave_a_selection(raw, start):
    make(raw, "a", colour="blue")
    raw.patch("v1", "configmaps/a", {"metadata": {"labels": {"colour": "green"}}})
    raw.patch("v1", "configmaps/a", {"metadata": {"labels": {"colour": "red"}}})
    events = raw.watch(*MAPS, **BRIEF, labelSelector="colour=green", resourceVersion=start)
    found = [(kind, body["metadata"]["labels"]["colour"]) for kind, body in islice(events, 2)]
    # The object that leaves is told as it was when it belonged, or as it is now: both have been Kubernetes' answer.
    assert [kind for kind, _colour in found] == ["ADDED", "DELETED"]
    assert found[0][1] == "green"


def test_a_watch_without_a_version_begins_with_what_is_there(raw):
    make(raw, "a")
    make(raw, "b")
    assert sorted(told(raw, 2)) == [("ADDED", "a"), ("ADDED", "b")]


def test_a_watch_ends_after_its_time(raw, start):
    assert list(raw.watch(*MAPS, timeoutSeconds="1", labelSelector="watched", resourceVersion=start)) == []


def test_initial_events_end_with_a_bookmark(raw):
    query = {
        "resourceVersion": make(raw, "a"),
        "sendInitialEvents": "true",
        "resourceVersionMatch": "NotOlderThan",
        "allowWatchBookmarks": "true",
        "labelSelector": "watched",
    }
    events = raw.watch(*MAPS, **BRIEF, **query)
    added, first = next(events)
    if added == "ERROR" and "storage feature" in first["message"]:
        pytest.skip(f"the etcd of this cluster is too old: {first['message']}")
    bookmark, second = next(events)
    assert (added, first["metadata"]["name"], bookmark) == ("ADDED", "a", "BOOKMARK")
    assert second["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(second["metadata"]["resourceVersion"]) >= int(first["metadata"]["resourceVersion"])


def test_a_version_that_is_forgotten_is_gone(raw):
    make(raw, "a")
    # Every API server forgets at some time: the embedded one after so many changes, etcd after so many minutes.
    for number in range(MORE_THAN_ANY_HISTORY):
        if number % 1000 == 0 and refusal(raw):
            break
        raw.patch("v1", "configmaps/a", {"data": {"number": str(number)}})
    assert (refusal(raw)["code"], refusal(raw)["reason"]) == (410, "Expired")


def refusal(raw):
    """Return what a watch from the first version on is told: as an answer or as an event, both are Kubernetes'."""
    query = {"watch": "true", "timeoutSeconds": "1", "resourceVersion": "1"}
    answer = raw.send("GET", *MAPS, query=query)
    first = json.loads(next(iter(answer.response), b"{}"))
    answer.response.release_conn()
    return first.get("object") if first.get("type") == "ERROR" else first if answer.status >= 400 else None
