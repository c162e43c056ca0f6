"""The three kinds of patch: what each does to lists and to nulls, and what is refused."""

import pytest
import yaml
from tests.contract.contract_objects import DEPLOYMENT
from tests.contract.raw import JSON_PATCH, MERGE, STRATEGIC

WEB = "deployments/web"
APPS = "apps/v1"


@pytest.fixture
def web(raw):
    body = yaml.safe_load(DEPLOYMENT)
    body["spec"]["template"]["spec"]["containers"].append({"name": "second", "image": "example.test/second:v1"})
    raw.create(APPS, "deployments", body)
    return raw


def containers(body):
    return {item["name"]: item["image"] for item in body["spec"]["template"]["spec"]["containers"]}


def in_containers(*items):
    return {"spec": {"template": {"spec": {"containers": list(items)}}}}


def test_a_strategic_patch_merges_lists_by_their_key(web):
    patched = web.patch(APPS, WEB, in_containers({"name": "web", "image": "example.test/web:v2"}), STRATEGIC)
    assert containers(patched) == {"web": "example.test/web:v2", "second": "example.test/second:v1"}


def test_a_strategic_patch_deletes_from_lists_what_it_names(web):
    patched = web.patch(APPS, WEB, in_containers({"name": "second", "$patch": "delete"}), STRATEGIC)
    assert containers(patched) == {"web": "example.test/web:v1"}


def test_a_strategic_patch_replaces_where_it_says_so(web):
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert web.patch(APPS, WEB, patch, STRATEGIC)["spec"]["strategy"] == {"type": "Recreate"}


def test_a_merge_patch_replaces_lists_as_a_whole(web):
    patched = web.patch(APPS, WEB, in_containers({"name": "web", "image": "example.test/web:v2"}), MERGE)
    assert containers(patched) == {"web": "example.test/web:v2"}


@pytest.mark.parametrize("kind", [MERGE, STRATEGIC])
def test_null_removes_a_field(web, kind):
    web.patch(APPS, WEB, {"metadata": {"labels": {"tier": "front"}}}, kind)
    patched = web.patch(APPS, WEB, {"metadata": {"labels": {"app": None}}}, kind)
    assert patched["metadata"]["labels"] == {"tier": "front"}


def test_a_json_patch_is_applied_as_a_whole_or_not_at_all(web):
    add = {"op": "add", "path": "/metadata/labels/tier", "value": "front"}
    wrong = {"op": "test", "path": "/spec/replicas", "value": 7}
    assert web("PATCH", APPS, WEB, [add, wrong], JSON_PATCH)[0] == 422
    assert web.get(APPS, WEB)["metadata"]["labels"] == {"app": "web"}
    right = {"op": "test", "path": "/spec/replicas", "value": 0}
    assert web.patch(APPS, WEB, [right, add], JSON_PATCH)["metadata"]["labels"] == {"app": "web", "tier": "front"}


def test_a_json_patch_moves_copies_and_removes(web):
    operations = [
        {"op": "copy", "from": "/metadata/labels/app", "path": "/metadata/labels/copy"},
        {"op": "move", "from": "/metadata/labels/copy", "path": "/metadata/labels/moved"},
        {"op": "remove", "path": "/metadata/labels/app"},
    ]
    assert web.patch(APPS, WEB, operations, JSON_PATCH)["metadata"]["labels"] == {"moved": "web"}


def test_a_patch_of_what_is_not_there_is_refused(web):
    assert web("PATCH", APPS, "deployments/missing", {}, MERGE)[0] == 404
    assert web("PATCH", APPS, WEB, [{"op": "remove", "path": "/spec/nothing"}], JSON_PATCH)[0] == 422


def test_a_body_that_is_no_patch_of_its_kind_is_refused(web):
    assert web("PATCH", APPS, WEB, {"spec": {"replicas": "many"}}, MERGE)[0] in (400, 422)
    assert web("PATCH", APPS, WEB, {"metadata": {"name": "other"}}, MERGE)[0] in (400, 422)
    assert web("PATCH", APPS, WEB, {}, "application/json")[0] == 415


def test_custom_kinds_have_no_strategic_patch(raw, needs):
    needs("mesh")
    body = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "web"},
        "spec": {"host": "web", "subsets": [{"name": "stable", "labels": {"track": "stable"}}]},
    }
    version, rule = "networking.istio.io/v1", "destinationrules/web"
    raw.create(version, "destinationrules", body)
    patch = {"spec": {"subsets": [{"name": "canary", "labels": {"track": "canary"}}]}}
    assert raw("PATCH", version, rule, patch, STRATEGIC)[0] == 415
    assert [item["name"] for item in raw.patch(version, rule, patch)["spec"]["subsets"]] == ["canary"]
