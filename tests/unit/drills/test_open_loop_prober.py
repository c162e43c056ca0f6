"""The prober: open loop, nothing sent twice, everything written down."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from drills.probes import MAX_RATE, Plan, ProbeError, Prober, Schedule

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"
DEADLINE = 20


@pytest.fixture
def running():
    probers = []

    def start(server, **plan):
        prober = Prober(Plan(server.url, **plan))
        probers.append(prober)
        prober.start()
        return prober

    yield start
    for prober in probers:
        prober.stop()


def wait_for(condition):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.01)


def test_every_slot_becomes_one_sample(server, running):
    prober = running(server, rate=100)
    wait_for(lambda: len(prober.samples) >= 60)
    schedule = prober.stop()
    times = sorted(sample.scheduled for sample in prober.samples)
    assert abs(schedule.due - len(times)) <= 1
    assert [round(later - sooner, 4) for sooner, later in pairwise(times)] == [0.01] * (len(times) - 1)
    assert not any(sample.failed for sample in prober.samples)
    assert {sample.version for sample in prober.samples} == {"v1"}


def test_each_request_has_its_own_trace_and_order_key(server, running):
    prober = running(server, rate=200)
    wait_for(lambda: len(prober.samples) >= 100)
    prober.stop()
    traces = [trace.split("-")[1] for _, _, trace, _ in server.seen]
    assert len(set(traces)) == len(traces)
    assert {sample.trace_id for sample in prober.samples} <= set(traces)
    assert all(key for method, path, _, key in server.seen if (method, path) == ("POST", "/orders"))


def test_a_release_of_user_is_seen_through_user_and_order(server, running):
    prober = running(server, rate=200, service="user")
    wait_for(lambda: any(sample.path == "/users" for sample in prober.samples))
    prober.stop()
    assert {sample.service for sample in prober.samples} == {"user", "order"}
    assert not any(sample.failed for sample in prober.samples)


def test_a_service_of_which_nobody_said_what_it_is_asked_for_is_refused(server):
    with pytest.raises(ProbeError, match=r"nobody says what gift-card is asked for: write .*/traffic/gift_card\.py"):
        Prober(Plan(server.url, service="gift-card")).start()


def test_an_order_that_is_sent_twice_must_not_be_placed_twice(server, running):
    """A shop that ignores the key of an order is found out, once some user presses the button twice."""

    def forgetful(request, sent, number):
        server.placed.clear()
        return server.right_answer(request, sent, number)

    server.answer = forgetful
    prober = running(server, rate=200)
    wait_for(lambda: any(sample.failed for sample in prober.samples))
    prober.stop()
    failed = {(sample.method, sample.path, sample.error[:14]) for sample in prober.samples if sample.failed}
    assert failed == {("POST", "/orders", "wrong body: id")}


def test_a_dropped_connection_costs_one_request_and_is_not_repeated(server, running):
    """aiohttp repeats a GET on a kept connection that drops: here every third request is dropped, after reading it."""
    prepared = 1 + 4 + 15
    server.drop = lambda request, number: number > prepared and number % 3 == 0
    prober = running(server, rate=100)
    wait_for(lambda: len(prober.samples) >= 100)
    prober.stop()
    sent = Counter(trace.split("-")[1] for _, _, trace, _ in server.seen[prepared:])
    assert set(sent.values()) == {1}
    assert len(sent) == len(prober.samples)
    failed = [sample for sample in prober.samples if sample.failed]
    assert len(failed) == sum(number % 3 == 0 for number in range(prepared + 1, server.count + 1))
    assert {sample.method for sample in failed} == {"GET", "POST"}
    assert all(sample.status is None and "Disconnected" in sample.error for sample in failed)


def test_slow_answers_do_not_slow_the_schedule(server, running):
    """A closed loop with one user would manage five requests in a second here."""

    def slow(request, sent, number):
        if number > 20:
            time.sleep(0.2)
        return server.right_answer(request, sent, number)

    server.answer = slow
    prober = running(server, rate=50)
    wait_for(lambda: len(prober.samples) >= 40)
    schedule = prober.stop()
    assert len(prober.samples) >= schedule.due - 1
    assert all(sample.latency_ms >= 200 for sample in prober.samples)


def test_wrong_answers_are_failures(server, running):
    wrongs = [(503, {}), (200, {"id": "somebody-else"}), (200, []), (404, {"id": "x"})]

    def wrong(request, sent, number):
        return server.right_answer(request, sent, number) if number <= 20 else wrongs[number % len(wrongs)]

    server.answer = wrong
    prober = running(server, rate=100)
    wait_for(lambda: len(prober.samples) >= 40)
    prober.stop()
    assert all(sample.failed for sample in prober.samples)
    assert {"status 503", "status 404", "wrong body"} <= {sample.error[:10] for sample in prober.samples}


def test_no_answer_is_a_failure_after_the_timeout(server, running):
    blocked = threading.Event()

    def hang(request, sent, number):
        if number == 21:
            blocked.wait(DEADLINE)
        return server.right_answer(request, sent, number)

    server.answer = hang
    prober = running(server, rate=20)
    wait_for(lambda: server.count > 25)
    prober.stop()
    blocked.set()
    [failed] = [sample for sample in prober.samples if sample.failed]
    assert "no answer within" in failed.error
    assert failed.status is None


def test_a_system_that_does_not_take_orders_is_refused(server):
    server.answer = lambda request, sent, number: (503, {})
    prober = Prober(Plan(server.url))
    with pytest.raises(ProbeError, match="POST /users could not be prepared: status 503"):
        prober.start()
    assert not prober.alive


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (Plan("http://127.0.0.1:1", rate=MAX_RATE + 1), "out of bounds"),
        (Plan("http://127.0.0.1:1", rate=0), "out of bounds"),
        (Plan("http://192.0.2.7"), "GATEWAY_URL"),
        (Plan("http://shop.example"), "GATEWAY_URL"),
        (Plan("ftp://127.0.0.1"), "no http"),
        (Plan("127.0.0.1:80"), "no http"),
    ],
)
def test_plans_out_of_bounds_are_refused(plan, reason):
    with pytest.raises(ProbeError, match=reason):
        Prober(plan)


@pytest.mark.parametrize(
    "plan",
    [
        Plan("http://127.9.8.7:80"),
        Plan("http://[::1]:80"),
        Plan("http://localhost"),
        Plan("http://shop.example", named=True),
    ],
)
def test_this_machine_and_named_targets_are_allowed(plan):
    assert plan.check() is plan


def test_a_prober_that_was_killed_did_not_keep_its_schedule(server, running):
    prober = running(server, rate=100)
    wait_for(lambda: len(prober.samples) >= 20)
    prober._process.kill()
    killed = time.monotonic()
    wait_for(lambda: time.monotonic() - killed > 0.3)
    assert not prober.stop().kept


def test_a_prober_that_was_stopped_for_a_while_did_not_keep_its_schedule(server, running):
    prober = running(server, rate=100)
    wait_for(lambda: len(prober.samples) >= 20)
    os.kill(prober._process.pid, signal.SIGSTOP)
    stopped = time.monotonic()
    wait_for(lambda: time.monotonic() - stopped > 0.6)
    os.kill(prober._process.pid, signal.SIGCONT)
    schedule = prober.stop()
    assert schedule.late > 0
    assert not schedule.kept


@pytest.mark.parametrize(
    ("sent", "late", "kept"), [(1000, 0, True), (990, 0, True), (980, 0, False), (1000, 10, True), (1000, 11, False)]
)
def test_schedule_bounds(sent, late, kept):
    assert Schedule(100, 1000, sent, 100, 0, 0, late).kept is kept


def test_a_schedule_without_slots_was_not_kept():
    assert not Schedule.of([], 100, 0.0).kept


PARENT = """
import sys, time
from drills.probes import Plan, Prober
prober = Prober(Plan(sys.argv[1], rate=100))
prober.start()
print(prober._process.pid, flush=True)
time.sleep(60)
"""


def test_the_prober_dies_with_its_parent(server):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, server.url],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
    ) as parent:
        pid = int(parent.stdout.readline())
        parent.kill()

    def gone():
        # A killed parent leaves its child to init, which may not collect it in a container: a zombie is gone too.
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        return True

    wait_for(gone)


def test_the_users_share_no_code_with_the_analysis():
    """The prober process loads neither the delivery nor the cluster, so it shares no blind spot with them."""
    program = "import sys, drills.prober; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    loaded = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    roots = {name.partition(".")[0] for name in loaded.stdout.split()}
    assert "aiohttp" in roots
    assert not roots & {"delivery", "cluster", "kubernetes", "embedded"}
