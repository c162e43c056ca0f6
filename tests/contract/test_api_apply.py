"""Server-side apply: who owns which field, who may take it over, and what goes with its last owner."""

import pytest
from tests.contract.raw import APPLY
from tests.contract.waiting import until
from tests.contract.workloads import deployment

SETTINGS = "configmaps/settings"


@pytest.fixture
def apply(raw):
    def apply(manager, data, force="false"):
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data}
        return raw("PATCH", "v1", SETTINGS, body, APPLY, fieldManager=manager, force=force)

    return apply


def owned(body):
    """Return the keys of data by the manager that applied them."""
    fields = {item["manager"]: item["fieldsV1"] for item in body["metadata"]["managedFields"]}
    return {manager: {key.removeprefix("f:") for key in each["f:data"]} for manager, each in fields.items()}


def test_an_apply_creates_and_then_changes(apply):
    status, made = apply("git", {"colour": "blue"})
    assert (status, made["data"]) == (201, {"colour": "blue"})
    assert apply("git", {"colour": "green"})[0] == 200


def test_a_manager_is_required(apply):
    assert apply("", {"colour": "blue"})[0] in (400, 422)


def test_owners_stand_in_the_object(apply):
    apply("git", {"colour": "blue"})
    _status, body = apply("pipeline", {"shape": "round"})
    assert body["data"] == {"colour": "blue", "shape": "round"}
    assert owned(body) == {"git": {"colour"}, "pipeline": {"shape"}}


def test_a_field_of_another_is_a_conflict_that_names_him(apply):
    apply("git", {"colour": "blue"})
    status, refusal = apply("pipeline", {"colour": "red"})
    assert (status, refusal["reason"]) == (409, "Conflict")
    (cause,) = refusal["details"]["causes"]
    assert (cause["reason"], cause["field"]) == ("FieldManagerConflict", ".data.colour")
    assert 'conflict with "git"' in cause["message"]


def test_force_takes_a_field_over(apply):
    apply("git", {"colour": "blue", "shape": "round"})
    status, body = apply("pipeline", {"colour": "red"}, force="true")
    assert (status, body["data"]["colour"]) == (200, "red")
    assert owned(body) == {"git": {"shape"}, "pipeline": {"colour"}}


def test_the_same_value_is_owned_together(apply):
    apply("git", {"colour": "blue"})
    _status, body = apply("pipeline", {"colour": "blue"})
    assert owned(body) == {"git": {"colour"}, "pipeline": {"colour"}}
    assert apply("git", {"colour": "red"})[0] == 409
    _status, body = apply("git", {})
    assert body["data"] == {"colour": "blue"}


def test_what_its_last_owner_leaves_out_goes(apply):
    apply("git", {"colour": "blue", "shape": "round"})
    apply("pipeline", {"size": "big"})
    _status, body = apply("git", {"colour": "blue"})
    assert body["data"] == {"colour": "blue", "size": "big"}


def test_a_patch_makes_its_sender_an_owner(raw, apply):
    apply("git", {"colour": "blue"})
    raw.patch("v1", SETTINGS, {"data": {"colour": "red"}}, fieldManager="hand")
    status, refusal = apply("git", {"colour": "blue"})
    assert status == 409
    assert 'conflict with "hand"' in refusal["message"]


def test_a_status_tells_which_controller_wrote_it(raw, differs):
    raw.create("apps/v1", "deployments", deployment(replicas=0))
    web = ("apps/v1", "deployments/web")
    until(lambda: raw.get(*web)["status"].get("observedGeneration") == 1, "the controller's word")
    managers = {item["manager"] for item in raw.get(*web)["metadata"].get("managedFields", []) if "subresource" in item}
    assert managers == (set() if differs("controller-managers") else {"kube-controller-manager"})
