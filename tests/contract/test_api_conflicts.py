"""Who comes too late is told: stale versions, taken names, preconditions, and generations that count."""

import pytest
import yaml
from tests.contract.contract_objects import DEPLOYMENT
from tests.contract.raw import JSON_PATCH, MERGE, STRATEGIC

SETTINGS = "configmaps/settings"
APPS = "apps/v1"


@pytest.fixture
def settings(raw):
    return raw.create("v1", "configmaps", {"metadata": {"name": "settings"}, "data": {"colour": "blue"}})


def test_a_stale_replacement_is_refused_and_changes_nothing(raw, settings):
    raw.patch("v1", SETTINGS, {"data": {"colour": "green"}})
    status, refusal = raw("PUT", "v1", SETTINGS, {**settings, "data": {"colour": "red"}})
    assert (status, refusal["reason"]) == (409, "Conflict")
    assert raw.get("v1", SETTINGS)["data"] == {"colour": "green"}


@pytest.mark.parametrize("kind", [MERGE, STRATEGIC])
def test_a_patch_that_names_a_version_is_refused_when_it_is_stale(raw, settings, kind):
    fresh = raw.patch("v1", SETTINGS, {"data": {"colour": "green"}})
    patch = {"metadata": {"resourceVersion": settings["metadata"]["resourceVersion"]}, "data": {"colour": "red"}}
    assert raw("PATCH", "v1", SETTINGS, patch, kind)[0] == 409
    patch["metadata"]["resourceVersion"] = fresh["metadata"]["resourceVersion"]
    assert raw.patch("v1", SETTINGS, patch, kind)["data"] == {"colour": "red"}


def test_a_json_patch_can_guard_itself(raw, settings):
    version = settings["metadata"]["resourceVersion"]
    guard = {"op": "test", "path": "/metadata/resourceVersion", "value": version}
    operations = [guard, {"op": "replace", "path": "/data/colour", "value": "green"}]
    raw.patch("v1", SETTINGS, operations, JSON_PATCH)
    assert raw("PATCH", "v1", SETTINGS, operations, JSON_PATCH)[0] == 422


def test_a_patch_without_a_version_never_conflicts(raw, settings):
    for number in range(5):
        raw.patch("v1", SETTINGS, {"data": {"number": str(number)}})
    assert raw.get("v1", SETTINGS)["data"] == {"colour": "blue", "number": "4"}


def test_a_change_that_changes_nothing_keeps_the_version(raw, settings):
    patched = raw.patch("v1", SETTINGS, {"data": {"colour": "blue"}})
    assert patched["metadata"]["resourceVersion"] == settings["metadata"]["resourceVersion"]


def test_a_taken_name_is_refused(raw, settings):
    status, refusal = raw("POST", "v1", "configmaps", {"metadata": {"name": "settings"}})
    assert (status, refusal["reason"]) == (409, "AlreadyExists")


def test_a_deletion_keeps_to_its_preconditions(raw, settings):
    wrong = {"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}}
    assert raw("DELETE", "v1", SETTINGS, wrong)[0] == 409
    stale = {"preconditions": {"resourceVersion": "1"}}
    assert raw("DELETE", "v1", SETTINGS, stale)[0] == 409
    right = {name: settings["metadata"][name] for name in ("uid", "resourceVersion")}
    assert raw("DELETE", "v1", SETTINGS, {"preconditions": right})[0] == 200


def test_a_dry_run_answers_and_changes_nothing(raw, settings):
    patched = raw.patch("v1", SETTINGS, {"data": {"colour": "red"}}, dryRun="All")
    assert patched["data"] == {"colour": "red"}
    assert raw.get("v1", SETTINGS)["data"] == {"colour": "blue"}
    assert raw("POST", "v1", "configmaps", {"metadata": {"name": "second"}}, dryRun="All")[0] == 201
    assert "second" not in raw.names("v1", "configmaps")


def test_what_may_not_change_is_refused(raw):
    raw.create(APPS, "deployments", yaml.safe_load(DEPLOYMENT))
    other = {"spec": {"selector": {"matchLabels": {"app": "other"}}}}
    assert raw("PATCH", APPS, "deployments/web", other, MERGE)[0] == 422
    raw.create("v1", "configmaps", {"metadata": {"name": "fixed"}, "data": {"a": "b"}, "immutable": True})
    assert raw("PATCH", "v1", "configmaps/fixed", {"data": {"a": "c"}}, MERGE)[0] == 422


def test_the_generation_counts_changes_of_what_is_wanted(raw):
    made = raw.create(APPS, "deployments", yaml.safe_load(DEPLOYMENT))
    assert made["metadata"]["generation"] == 1
    labelled = raw.patch(APPS, "deployments/web", {"metadata": {"labels": {"tier": "front"}}})
    assert labelled["metadata"]["generation"] == 1
    paused = raw.patch(APPS, "deployments/web", {"spec": {"paused": True}})
    assert paused["metadata"]["generation"] == 2
    ignored = raw.patch(APPS, "deployments/web", {"status": {"observedGeneration": 99}})
    assert ignored["status"].get("observedGeneration") != 99
