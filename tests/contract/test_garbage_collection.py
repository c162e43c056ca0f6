"""What goes with its owner, in which order, and what stays."""

import pytest
from tests.contract.waiting import until

SETTINGS = ("v1", "configmaps")


@pytest.fixture
def family(raw):
    """An owner with a child of its own and a child that it shares with another owner."""
    owner, other = (make(raw, name) for name in ("owner", "other"))
    make(raw, "child", owner)
    make(raw, "shared", owner, other)
    return raw


def make(raw, name, *owners):
    references = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": each["metadata"]["name"], "uid": each["metadata"]["uid"]}
        | {"blockOwnerDeletion": True}
        for each in owners
    ]
    body = {"metadata": {"name": name, "labels": {"family": "yes"}, "ownerReferences": references}}
    return raw.create(*SETTINGS, body)


def names(raw):
    return set(raw.names(*SETTINGS, labelSelector="family"))


def owners(raw, name):
    return [each["name"] for each in raw.get("v1", f"configmaps/{name}")["metadata"].get("ownerReferences", [])]


def test_in_the_background_children_follow_and_shared_ones_stay(family):
    family.delete("v1", "configmaps/owner", propagationPolicy="Background")
    until(lambda: names(family) == {"other", "shared"}, "the child gone")
    until(lambda: owners(family, "shared") == ["other"], "its reference gone")


def test_in_the_foreground_the_owner_goes_last(family):
    # Its own finalizer holds the child back for as long as the test looks.
    family.patch("v1", "configmaps/child", {"metadata": {"finalizers": ["contract.test/hold"]}})
    family.delete("v1", "configmaps/owner", propagationPolicy="Foreground")
    until(lambda: "deletionTimestamp" in family.get("v1", "configmaps/child")["metadata"], "the child on its way out")
    held = family.get("v1", "configmaps/owner")["metadata"]
    assert ("deletionTimestamp" in held, held["finalizers"]) == (True, ["foregroundDeletion"])
    family.patch("v1", "configmaps/child", {"metadata": {"finalizers": None}})
    until(lambda: names(family) == {"other", "shared"}, "child and owner gone")


def test_orphans_stay_and_forget_their_owner(family):
    family.delete("v1", "configmaps/owner", propagationPolicy="Orphan")
    until(lambda: "owner" not in names(family), "the owner gone")
    assert owners(family, "child") == []
    assert owners(family, "shared") == ["other"]


def test_a_child_of_nobody_is_collected(family):
    owner = {"metadata": {"name": "owner", "uid": "00000000-0000-0000-0000-000000000000"}}
    make(family, "stray", owner)
    until(lambda: "stray" not in names(family), "the stray gone")
    assert {"owner", "child"} <= names(family)
