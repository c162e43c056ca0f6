"""JSON, merge and strategic merge patches."""

import pytest

from embedded.apiserver import patches, shapes
from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import DEPLOYMENTS, PODS, SERVICES

POD = shapes.shape_of(PODS)


def containers(*names):
    return [{"name": name, "image": f"{name}:v1"} for name in names]


def strategic(old, patch, resource=PODS):
    return patches.strategic_merge_patch(old, patch, shapes.shape_of(resource))


def test_containers_merge_by_name():
    old = {"spec": {"containers": containers("a", "b")}}
    new = strategic(old, {"spec": {"containers": [{"name": "b", "image": "b:v2"}]}})
    assert new["spec"]["containers"] == [{"name": "a", "image": "a:v1"}, {"name": "b", "image": "b:v2"}]
    assert old["spec"]["containers"][1]["image"] == "b:v1"


def test_a_new_element_is_added():
    new = strategic({"spec": {"containers": containers("a")}}, {"spec": {"containers": containers("c")}})
    assert [item["name"] for item in new["spec"]["containers"]] == ["a", "c"]


def test_an_element_is_deleted_by_directive():
    new = strategic(
        {"spec": {"containers": containers("a", "b")}}, {"spec": {"containers": [{"name": "a", "$patch": "delete"}]}}
    )
    assert [item["name"] for item in new["spec"]["containers"]] == ["b"]


def test_a_list_is_replaced_by_directive():
    patch = {"spec": {"containers": [{"name": "z", "image": "z:v1"}, {"$patch": "replace"}]}}
    new = strategic({"spec": {"containers": containers("a", "b")}}, patch)
    assert [item["name"] for item in new["spec"]["containers"]] == ["z"]


def test_the_order_of_elements_follows_the_directive():
    patch = {
        "spec": {
            "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}],
            "containers": containers("c"),
        }
    }
    new = strategic({"spec": {"containers": containers("a", "b")}}, patch)
    assert [item["name"] for item in new["spec"]["containers"]] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("field", "key", "old", "patched"),
    [
        ("env", "name", {"name": "A", "value": "1"}, {"name": "A", "value": "2"}),
        ("ports", "containerPort", {"containerPort": 80, "name": "x"}, {"containerPort": 80, "name": "y"}),
        ("volumeMounts", "mountPath", {"mountPath": "/a", "name": "x"}, {"mountPath": "/a", "name": "y"}),
    ],
)
def test_lists_in_containers_merge_by_their_keys(field, key, old, patched):
    body = {"spec": {"containers": [{"name": "a", field: [old, {key: "other" if key != "containerPort" else 1}]}]}}
    new = strategic(body, {"spec": {"containers": [{"name": "a", field: [patched]}]}})
    merged = new["spec"]["containers"][0][field]
    assert merged[0] == patched
    assert len(merged) == 2


def test_lists_without_a_key_are_replaced():
    old = {"spec": {"tolerations": [{"key": "a"}], "containers": [{"name": "a", "args": ["1", "2"]}]}}
    new = strategic(old, {"spec": {"tolerations": [{"key": "b"}], "containers": [{"name": "a", "args": ["3"]}]}})
    assert new["spec"] == {"tolerations": [{"key": "b"}], "containers": [{"name": "a", "args": ["3"]}]}


def test_null_removes_and_maps_merge():
    new = strategic(
        {"spec": {"selector": {"app": "order", "version": "v1"}}},
        {"spec": {"selector": {"version": None, "track": "stable"}}},
        SERVICES,
    )
    assert new["spec"]["selector"] == {"app": "order", "track": "stable"}


def test_retained_keys_drop_the_others():
    old = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert strategic(old, patch, DEPLOYMENTS)["spec"]["strategy"] == {"type": "Recreate"}


def test_a_map_is_replaced_by_directive():
    new = strategic({"metadata": {"labels": {"a": "1"}}}, {"metadata": {"labels": {"$patch": "replace", "b": "2"}}})
    assert new["metadata"]["labels"] == {"b": "2"}


def test_finalizers_merge_as_a_set_and_are_deleted_from_it():
    old = {"metadata": {"finalizers": ["a", "b"]}}
    assert strategic(old, {"metadata": {"finalizers": ["c", "a"]}})["metadata"]["finalizers"] == ["a", "b", "c"]
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"]}}
    assert strategic(old, patch)["metadata"]["finalizers"] == ["b"]


def test_an_element_without_its_key_is_refused():
    with pytest.raises(ApiError, match="does not contain declared merge key: name"):
        strategic({"spec": {"containers": containers("a")}}, {"spec": {"containers": [{"image": "x"}]}})


def test_merge_patches_replace_lists_and_remove_nulls():
    assert patches.merge_patch({"a": [1, 2], "b": {"c": 1, "d": 2}}, {"a": [3], "b": {"c": None}}) == {
        "a": [3],
        "b": {"d": 2},
    }


def test_json_patches_change_single_places():
    operations = [{"op": "test", "path": "/a/0", "value": 1}, {"op": "replace", "path": "/a/0", "value": 9}]
    assert patches.json_patch({"a": [1, 2]}, operations) == {"a": [9, 2]}


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "test", "path": "/a", "value": 2}],
        [{"op": "remove", "path": "/missing"}],
        [{"op": "dance", "path": "/a"}],
    ],
)
def test_json_patches_that_do_not_fit_are_refused(operations):
    with pytest.raises(ApiError) as refusal:
        patches.json_patch({"a": 1}, operations)
    assert refusal.value.code == 422
