"""The loop behind every controller: it survives failures, lost watches and restarts, and does nothing twice."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from tests.unit.controllers.lab import NAMESPACE, Metrics, deployment

from embedded.apiserver import defaults
from embedded.apiserver.resources import CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, PODS
from embedded.apiserver.store import Store
from embedded.controllers import all_controllers
from embedded.controllers.coverage import COVERAGE
from embedded.controllers.intstr import scaled
from embedded.controllers.runtime import Controller, WorkQueue


class Recorder(Controller):
    """Writes down what it is asked to reconcile."""

    name = "recorder"
    watched = (CONFIG_MAPS,)

    def __init__(self, store):
        self.now = 1000.0
        super().__init__(store, lambda: self.now)
        self.seen = []
        self.answer = None
        self.broken = 0

    def keys(self):
        return [("all", item["metadata"]["name"]) for item in self.store.peek(CONFIG_MAPS)]

    def affected(self, event):
        if event.body["metadata"]["name"] == "malformed":
            raise KeyError("spec")
        yield "one", event.body["metadata"]["name"]

    def reconcile(self, namespace, name):
        self.seen.append((namespace, name))
        if self.broken:
            self.broken -= 1
            raise RuntimeError("not today")
        return self.answer

    def work(self):
        while self.step():
            pass


@pytest.fixture
def recorder():
    return Recorder(Store())


def put(store, name, **data):
    if store.find(CONFIG_MAPS, NAMESPACE, name) is None:
        store.create(CONFIG_MAPS, {"metadata": {"name": name, "namespace": NAMESPACE}, "data": data})
    else:
        store.mutate(CONFIG_MAPS, NAMESPACE, name, lambda body: body.update(data=data))


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is waited for knows nothing of the test
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def running(*controllers):
    tasks = [asyncio.create_task(controller.run()) for controller in controllers]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_many_changes_of_one_object_are_one_look(recorder):
    async with running(recorder):
        await until(lambda: recorder.store._watches)
        for number in range(20):
            put(recorder.store, "a", value=str(number))
        await until(lambda: recorder.seen)
        assert recorder.seen == [("one", "a")]


async def test_a_start_looks_at_everything(recorder):
    put(recorder.store, "a")
    put(recorder.store, "b")
    async with running(recorder):
        await until(lambda: len(recorder.seen) == 2)
    assert recorder.seen == [("all", "a"), ("all", "b")]


async def test_a_lost_watch_is_opened_again_with_a_look_at_everything(recorder):
    put(recorder.store, "a")
    async with running(recorder):
        await until(lambda: recorder.seen)
        for watch in list(recorder.store._watches):
            watch.close()
        await until(lambda: len(recorder.seen) == 2)
        put(recorder.store, "b")
        await until(lambda: ("one", "b") in recorder.seen)
    assert recorder.seen[:2] == [("all", "a")] * 2


def test_a_failure_is_tried_again_later_and_later_and_logged_with_the_name(recorder, caplog):
    put(recorder.store, "a")
    recorder.broken = 3
    recorder.resync()
    waits = []
    while recorder.broken:
        recorder.work()
        waits.append(recorder._queue.next_due() - recorder.now)
        recorder.now += waits[-1]
    assert waits == pytest.approx([0.05, 0.1, 0.2])
    recorder.work()
    assert len(recorder.seen) == 4
    assert recorder._queue.next_due() is None
    assert "all/a" in caplog.text


def test_a_success_forgets_the_failures(recorder):
    put(recorder.store, "a")
    recorder.broken = 2
    recorder.resync()
    for _ in range(3):
        recorder.work()
        recorder.now += 1
    recorder.broken = 1
    recorder.resync()
    recorder.work()
    assert recorder._queue.next_due() - recorder.now == pytest.approx(0.05)


def test_a_malformed_object_leads_to_a_look_at_everything(recorder, caplog):
    watch = recorder.store.watch(None)
    put(recorder.store, "a")
    put(recorder.store, "malformed")
    for _ in range(2):
        recorder.observe(watch._queue.get_nowait())
    recorder.work()
    assert set(recorder.seen) == {("one", "a"), ("all", "a"), ("all", "malformed")}
    assert "malformed" in caplog.text


def test_looks_again_after_as_long_as_reconcile_says(recorder):
    put(recorder.store, "a")
    recorder.answer = 15
    recorder.resync()
    recorder.work()
    recorder.now += 14
    recorder.work()
    assert len(recorder.seen) == 1
    recorder.now += 1
    recorder.work()
    assert len(recorder.seen) == 2


def test_an_event_does_not_put_off_what_is_due_earlier():
    queue = WorkQueue()
    queue.add(("", "a"), 5.0)
    queue.add(("", "a"), 9.0)
    assert queue.take(4.0) is None
    assert queue.take(5.0) == ("", "a")
    assert queue.take(99.0) is None


async def test_a_waiting_loop_wakes_up_for_a_new_key():
    queue = WorkQueue()
    waiting = asyncio.create_task(queue.wait(0.0))
    await asyncio.sleep(0)
    queue.add(("", "a"))
    async with asyncio.timeout(5):
        await waiting


async def test_all_controllers_together_run_until_cancelled_and_do_their_work():
    store = Store(admit=defaults.admit)
    async with running(*all_controllers(store, Metrics())) as tasks:
        store.create(NAMESPACES, {"metadata": {"name": NAMESPACE}})
        store.create(DEPLOYMENTS, deployment())
        await until(lambda: len(store.list(PODS, NAMESPACE)) == 3)
        store.delete(NAMESPACES, "", NAMESPACE)
        await until(lambda: store.find(NAMESPACES, "", NAMESPACE) is None)
        assert not any(task.done() for task in tasks)
    assert all(task.cancelled() for task in tasks)


@pytest.mark.parametrize(
    ("value", "total", "up", "down"),
    [(3, 10, 3, 3), ("25%", 10, 3, 2), ("25%", 4, 1, 1), ("0%", 10, 0, 0), ("100%", 7, 7, 7)],
)
def test_percentages_round_as_asked(value, total, up, down):
    assert scaled(value, total, round_up=True) == up
    assert scaled(value, total, round_up=False) == down


@pytest.mark.parametrize("value", ["25", "x%", "-5%", ""])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match="neither a number nor a percentage"):
        scaled(value, 10, round_up=True)


def test_the_coverage_rows_can_be_printed():
    assert {state for _feature, state, _remark in COVERAGE} == {"supported", "partly", "refused"}
    assert len({feature for feature, _state, _remark in COVERAGE}) == len(COVERAGE)
