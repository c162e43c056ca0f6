"""The scheduler: what fits is bound, what does not says why and waits for room."""

import asyncio

import pytest

from embedded.apiserver.resources import EVENTS, NODES, PODS
from embedded.apiserver.store import Store
from embedded.kubelet import node as nodes
from embedded.kubelet.scheduler import Scheduler


@pytest.fixture
async def store():
    store = Store()
    nodes.register(store, "127.0.0.1")
    room = {"cpu": "2", "memory": "1Gi", "pods": "3"}
    store.mutate(NODES, "", nodes.NODE, lambda node: node["status"].update(allocatable=room), "status")
    task = asyncio.create_task(Scheduler(store).run())
    yield store
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    store.close()


def create(store, name, cpu="0", memory="0", init_cpu="0", **spec):
    def container(amount):
        return {"name": "c", "resources": {"requests": {"cpu": amount, "memory": memory}}}

    spec |= {"containers": [container(cpu)], "initContainers": [container(init_cpu)]}
    meta = {"name": name, "namespace": "shop"}
    store.create(PODS, {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec})


async def settled(store, name):
    """Wait until the scheduler has said something about a pod; return its node and its condition."""
    async with asyncio.timeout(10):
        with store.watch(PODS) as watch:
            while not (pod := store.get(PODS, "shop", name)).get("status", {}).get("conditions"):
                await anext(aiter(watch))
    return pod["spec"].get("nodeName"), pod["status"]["conditions"][0]


async def test_pods_are_bound_as_long_as_there_is_room(store):
    for name in ("a", "b", "c"):
        create(store, name, cpu="1")
    assert (await settled(store, "a"))[0] == (await settled(store, "b"))[0] == "embedded"
    where, condition = await settled(store, "c")
    assert where is None
    assert (condition["status"], condition["reason"]) == ("False", "Unschedulable")
    assert condition["message"] == "0/1 nodes are available: 1 Insufficient cpu."
    store.mutate(PODS, "shop", "a", lambda pod: pod["status"].update(phase="Succeeded"), "status")
    async with asyncio.timeout(10):
        with store.watch(PODS) as watch:
            while not store.get(PODS, "shop", "c")["spec"].get("nodeName"):
                await anext(aiter(watch))


@pytest.mark.parametrize(
    ("pod", "why"),
    [
        ({"memory": "2Gi"}, "1 Insufficient memory"),
        ({"init_cpu": "3"}, "1 Insufficient cpu"),
        ({"nodeSelector": {"disk": "ssd"}}, "1 node(s) didn't match Pod's node affinity/selector"),
    ],
)
async def test_what_cannot_fit_says_why_once(store, pod, why):
    create(store, "web", **pod)
    where, condition = await settled(store, "web")
    assert where is None
    assert why in condition["message"]
    create(store, "other")
    await settled(store, "other")
    said = [event for event in store.peek(EVENTS) if event["reason"] == "FailedScheduling"]
    assert [event["count"] for event in said] == [1]


async def test_no_more_pods_than_the_node_takes(store):
    for name in ("a", "b", "c", "d"):
        create(store, name)
    assert "Too many pods" in (await settled(store, "d"))[1]["message"]


async def test_a_cordoned_node_takes_nothing(store):
    store.mutate(NODES, "", nodes.NODE, lambda node: node["spec"].update(unschedulable=True))
    create(store, "web")
    assert "unschedulable" in (await settled(store, "web"))[1]["message"]


async def test_a_bad_quantity_hurts_its_own_pod_only(store):
    create(store, "bad", cpu="lots")
    create(store, "good")
    assert (await settled(store, "good"))[0] == "embedded"
    said = [event["message"] for event in store.peek(EVENTS) if event["reason"] == "FailedScheduling"]
    assert any("'lots' is not a quantity" in message for message in said)
