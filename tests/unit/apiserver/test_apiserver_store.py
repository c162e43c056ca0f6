"""The storage: versions, conflicts, graceful deletion, watches, and what survives the process."""

import collections

import pytest

from embedded.apiserver import resources
from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, PODS
from embedded.apiserver.store import Store


@pytest.fixture
def bare():
    store = Store()
    yield store
    store.close()


def make(store, name="a", **data):
    return store.create(CONFIG_MAPS, {"metadata": {"name": name, "namespace": "shop"}, "data": data})


def test_each_write_has_a_new_version(bare):
    first, second = make(bare, "a"), make(bare, "b")
    assert int(second["metadata"]["resourceVersion"]) > int(first["metadata"]["resourceVersion"])


def test_a_write_based_on_an_old_version_conflicts(bare):
    old = make(bare, x="1")
    bare.update(CONFIG_MAPS, {**old, "data": {"x": "2"}})
    with pytest.raises(ApiError, match="object has been modified") as refusal:
        bare.update(CONFIG_MAPS, {**old, "data": {"x": "3"}})
    assert (refusal.value.code, refusal.value.reason) == (409, "Conflict")
    assert bare.get(CONFIG_MAPS, "shop", "a")["data"] == {"x": "2"}


def test_an_unchanged_object_keeps_its_version_and_tells_nobody(bare):
    body = make(bare)
    watch = bare.watch(CONFIG_MAPS)
    assert bare.update(CONFIG_MAPS, body)["metadata"] == body["metadata"]
    assert watch._queue.empty()


def test_status_and_the_rest_are_written_separately(bare):
    made = bare.create(DEPLOYMENTS, {"metadata": {"name": "d"}, "spec": {"replicas": 1}, "status": {"replicas": 9}})
    assert "status" not in made
    bare.update(DEPLOYMENTS, {**made, "spec": {"replicas": 5}, "status": {"replicas": 1}}, "status")
    found = bare.get(DEPLOYMENTS, "default", "d")
    assert (found["spec"], found["status"]) == ({"replicas": 1}, {"replicas": 1})
    assert found["metadata"]["generation"] == 1


def test_a_changed_spec_is_a_new_generation(bare):
    made = bare.create(DEPLOYMENTS, {"metadata": {"name": "d"}, "spec": {"replicas": 1}})
    assert bare.update(DEPLOYMENTS, {**made, "spec": {"replicas": 2}})["metadata"]["generation"] == 2


def test_a_finalizer_holds_an_object_until_it_is_taken_away(bare):
    bare.create(CONFIG_MAPS, {"metadata": {"name": "a", "finalizers": ["x/y"]}})
    bare.delete(CONFIG_MAPS, "default", "a")
    held = bare.get(CONFIG_MAPS, "default", "a")
    assert held["metadata"]["deletionTimestamp"]
    held["metadata"]["finalizers"] = []
    bare.update(CONFIG_MAPS, held)
    assert bare.find(CONFIG_MAPS, "default", "a") is None


def test_a_bound_pod_waits_for_the_kubelet_and_its_grace_only_shrinks(bare):
    bare.create(PODS, {"metadata": {"name": "p"}, "spec": {"nodeName": "n", "terminationGracePeriodSeconds": 9}})
    assert bare.delete(PODS, "default", "p")["metadata"]["deletionGracePeriodSeconds"] == 9
    assert bare.delete(PODS, "default", "p", grace=20)["metadata"]["deletionGracePeriodSeconds"] == 9
    bare.delete(PODS, "default", "p", grace=0)
    assert bare.find(PODS, "default", "p") is None


def test_a_pod_without_node_goes_at_once(bare):
    bare.create(PODS, {"metadata": {"name": "p"}, "spec": {}})
    bare.delete(PODS, "default", "p")
    assert bare.find(PODS, "default", "p") is None


def test_a_namespace_terminates_until_its_controller_lets_it_go(store):
    assert store.delete(NAMESPACES, "", "shop")["status"]["phase"] == "Terminating"
    store.mutate(NAMESPACES, "", "shop", lambda body: body["spec"].update(finalizers=[]))
    assert store.find(NAMESPACES, "", "shop") is None


def test_a_watch_begins_after_the_version_that_it_names(bare):
    first = make(bare, "a")
    make(bare, "b")
    watch = bare.watch(CONFIG_MAPS, "shop", first["metadata"]["resourceVersion"])
    event = watch._queue.get_nowait()
    assert (event.kind, event.body["metadata"]["name"]) == ("ADDED", "b")
    assert watch._queue.empty()


def test_a_watch_from_too_far_back_is_told_to_list_again(bare):
    bare._history = collections.deque(maxlen=3)
    body = make(bare)
    for turn in range(5):
        body = bare.update(CONFIG_MAPS, {**body, "data": {"turn": str(turn)}})
    with pytest.raises(ApiError) as refusal:
        bare.watch(CONFIG_MAPS, None, "2")
    assert (refusal.value.code, refusal.value.reason) == (410, "Expired")


def test_a_rehearsal_stores_nothing_and_refuses_what_would_be_refused(bare):
    make(bare, "a")
    before = bare.revision
    with bare.rehearsal():
        assert make(bare, "b")["metadata"]["uid"]
        bare.delete(CONFIG_MAPS, "shop", "a")
        with pytest.raises(ApiError, match="already exists"):
            make(bare, "a")
    assert bare.revision == before
    assert [item["metadata"]["name"] for item in bare.list(CONFIG_MAPS)] == ["a"]


def test_what_was_stored_survives_and_old_watches_do_not(tmp_path):
    store = Store(tmp_path / "db")
    body = make(store, x="1")
    store.close()
    again = Store(tmp_path / "db")
    assert again.get(CONFIG_MAPS, "shop", "a") == body
    assert again.revision == body["metadata"]["resourceVersion"]
    with pytest.raises(ApiError, match="too old"):
        again.watch(CONFIG_MAPS, None, "1")
    again.close()


def test_what_is_handed_out_is_a_copy(bare):
    make(bare, x="1")["data"]["x"] = "changed"
    bare.get(CONFIG_MAPS, "shop", "a")["data"]["x"] = "changed"
    bare.list(CONFIG_MAPS)[0]["data"]["x"] = "changed"
    assert bare.get(CONFIG_MAPS, "shop", "a")["data"] == {"x": "1"}


def test_generated_names_differ(bare):
    body = {"metadata": {"generateName": "order-"}}
    names = {bare.create(CONFIG_MAPS, body)["metadata"]["name"] for _ in range(20)}
    assert len(names) == 20
    assert all(name.startswith("order-") and len(name) == len("order-") + 5 for name in names)


def test_deleting_with_the_wrong_uid_conflicts(bare):
    make(bare)
    with pytest.raises(ApiError, match="UID in the precondition"):
        bare.delete(CONFIG_MAPS, "shop", "a", uid="other")


@pytest.mark.parametrize(("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")])
def test_propagation_is_left_to_the_collector(bare, policy, finalizer):
    make(bare)
    held = bare.delete(resources.CONFIG_MAPS, "shop", "a", propagation=policy)
    assert held["metadata"]["finalizers"] == [finalizer]
    assert held["metadata"]["deletionTimestamp"]
