"""The engine: its order, and that it always goes back."""

import dataclasses
import os
import signal
import threading

import pytest
from tests.unit.drills.fakes import TIMING, FakeProber, FakeRollout, Shop, system

from delivery.errors import DeliveryError
from drills.blue_green import BlueGreen
from drills.blue_green_route import BlueGreenRoute
from drills.canary import Canary
from drills.experiment import Experiment
from drills.probes import Schedule
from drills.record import Record
from drills.twins import TWINS, VERSION
from drills.verdict import Limits, judge

GENEROUS = Limits(slow_ms=250, hurt=1e6)


def perform(drill, twin, shop=None, rollout=FakeRollout, prober=FakeProber, say=lambda line: None):
    shop = shop or Shop()
    record = Record(drill.name, TWINS[twin], "order", "fake", drill.hypothesis(), VERSION, 200)
    Experiment(drill, TWINS[twin], system(shop, rollout, prober), record, TIMING, say).run()
    return record, judge(record, GENEROUS)


@pytest.mark.parametrize("drill", [Canary(), BlueGreen(), BlueGreenRoute()], ids=lambda drill: drill.name)
@pytest.mark.parametrize("twin", TWINS)
def test_every_drill_passes_with_a_right_rollout(drill, twin):
    record, ruling = perform(drill, twin)
    assert (ruling.verdict, record.outcome) == ("Passed", TWINS[twin].expected), ruling.reason


def test_the_engine_owns_the_order():
    record, _ = perform(Canary(), "sound")
    shifts = ["shift", "analysis"] * len(FakeRollout.weights)
    assert [step.name for step in record.steps] == [
        *("stage", "steady state", "start"),
        *shifts,
        *("promote", "tail", "go back", "steady again"),
    ]
    assert all(step.finished_s is not None for step in record.steps)


def test_users_probe_without_a_pause_from_the_steady_state_to_the_end():
    record, _ = perform(Canary(), "sound")
    first, last = record.requests[0].scheduled, record.requests[-1].scheduled
    steady, again = record.steps[1], record.steps[-1]
    assert first - record.started < steady.finished_s
    assert last - record.started > again.started_s


def test_a_failing_judgement_stops_the_canary_at_once():
    record, _ = perform(Canary(), "errors")
    assert [step.name for step in record.steps].count("shift") == 1
    assert record.time_to_detect_s is not None
    assert record.time_to_roll_back_s is not None


def test_the_stage_is_set_before_and_after():
    for drill in (Canary(), BlueGreen()):
        shop = Shop()
        perform(drill, "sound", shop)
        assert shop.staged == [drill.stage, drill.stage]


def test_an_unsteady_shop_is_not_drilled():
    shop = Shop()
    shop.broken = True
    record, ruling = perform(Canary(), "sound", shop)
    assert ruling.verdict == "Inconclusive"
    assert "not steady" in ruling.reason
    assert "start" not in [step.name for step in record.steps]
    assert shop.staged == ["", ""]


def test_a_shop_that_takes_no_orders_is_not_drilled():
    shop = Shop()
    shop.refuses = "POST /users could not be prepared: status 503, expected 201"
    record, ruling = perform(Canary(), "sound", shop)
    assert (ruling.verdict, record.acted_s) == ("Inconclusive", None)
    assert "POST /users" in ruling.reason


def test_a_shop_that_answers_with_the_new_version_already_is_not_drilled():
    class AlreadyThere(Shop):
        def stage(self, ending):
            self.stable = "v2"

    _, ruling = perform(Canary(), "sound", AlreadyThere())
    assert ruling.verdict == "Inconclusive"
    assert "found v2" in ruling.reason


class Crashing(FakeRollout):
    def analysis(self):
        self.shop.users_pass()
        raise RuntimeError("the judge fell\nover")


def test_a_method_that_crashes_is_an_error_and_goes_back():
    shop = Shop()
    record, ruling = perform(Canary(), "sound", shop, Crashing)
    assert ruling.verdict == "Error"
    assert "RuntimeError: the judge fell over" in ruling.reason
    assert record.outcome == "RolledBack"
    assert shop.staged == ["", ""]


def test_an_abort_that_crashes_does_not_keep_the_stage_from_being_set():
    class Worse(Crashing):
        def abort(self, reason):
            raise ConnectionError("no API server")

    shop = Shop()
    _, ruling = perform(Canary(), "sound", shop, Worse)
    assert "the abort failed: ConnectionError" in ruling.reason
    assert shop.staged == ["", ""]


def test_a_way_back_that_fails_is_an_error():
    class Stuck(Shop):
        def stage(self, ending):
            super().stage(ending)
            if len(self.staged) == 2:
                raise TimeoutError("order is not ready")

    _, ruling = perform(Canary(), "sound", Stuck())
    assert ruling.verdict == "Error"
    assert "the way back failed: TimeoutError" in ruling.reason


def test_a_way_back_that_leads_elsewhere_is_an_error():
    class Forgetful(Shop):
        def stage(self, ending):
            self.staged.append(ending)

    _, ruling = perform(Canary(), "sound", Forgetful())
    assert ruling.verdict == "Error"
    assert "steady state after the way back" in ruling.reason


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_method_but_not_the_way_back(number):
    """A second signal comes during the way back: it is answered, not obeyed."""

    class Interrupted(FakeRollout):
        def analysis(self):
            os.kill(os.getpid(), number)
            threading.Event().wait(10)
            raise AssertionError("the signal did not arrive")

        def abort(self, reason):
            os.kill(os.getpid(), number)
            return super().abort(reason)

    said, shop = [], Shop()
    before = signal.getsignal(number)
    record, ruling = perform(Canary(), "sound", shop, Interrupted, say=said.append)
    assert (ruling.verdict, record.signal, record.outcome) == ("Error", number, "RolledBack")
    assert signal.Signals(number).name in ruling.reason
    assert shop.staged == ["", ""]
    assert len(said) == 1
    assert signal.getsignal(number) is before


def test_blinded_judges_fail_the_drill():
    class Blind(FakeRollout):
        def _judgement(self, good, *samples):
            return super()._judgement(True, *samples)

    for drill in (Canary(), BlueGreen()):
        for twin in ("errors", "slow"):
            record, ruling = perform(drill, twin, rollout=Blind)
            assert (ruling.verdict, record.outcome) == ("Failed", "Promoted"), ruling.reason


def test_a_switch_that_does_nothing_fails_the_drill():
    class Skipped(FakeRollout):
        def switch(self):
            pass

        def promote(self):
            self.shop.users_pass()
            return "Promoted"

    _, ruling = perform(BlueGreen(), "sound", rollout=Skipped)
    assert ruling.verdict == "Failed"
    assert "v1" in ruling.reason


def test_a_rollout_that_refuses_to_go_on_fails_a_sound_release():
    class Refusing(FakeRollout):
        def promote(self):
            raise DeliveryError("Service order does not lead to v2")

    record, ruling = perform(BlueGreen(), "sound", rollout=Refusing)
    assert (ruling.verdict, record.outcome) == ("Failed", "RolledBack")
    assert "does not lead to v2" in ruling.reason


def test_a_rollout_that_cannot_begin_is_an_error():
    class Occupied(FakeRollout):
        def start(self, image):
            raise DeliveryError("another release is under way")

    _, ruling = perform(BlueGreen(), "sound", rollout=Occupied)
    assert ruling.verdict == "Error"
    assert "another release is under way" in ruling.reason


def test_traffic_that_is_cut_is_inconclusive():
    class Cutting(FakeRollout):
        def start(self, image):
            super().start(image)
            self.shop.cut = True

    for twin in ("sound", "errors"):
        _, ruling = perform(Canary(), twin, rollout=Cutting)
        assert ruling.verdict == "Inconclusive"


def test_a_wire_that_is_cut_is_inconclusive():
    """Requests go out and none is answered any more, not even when everything is back as it was."""

    class Silent(Shop):
        silent = False

        def answer(self):
            told = super().answer()
            return dataclasses.replace(told, status=None, version=None, error="refused") if self.silent else told

    class Cutting(FakeRollout):
        def start(self, image):
            super().start(image)
            self.shop.silent = True

    for twin in ("sound", "errors"):
        _, ruling = perform(Canary(), twin, Silent(), Cutting)
        assert ruling.verdict == "Inconclusive"


def test_a_prober_that_lags_is_inconclusive():
    class Lagging(FakeProber):
        def __init__(self, shop):
            super().__init__(shop)
            self.schedule = Schedule(200, 5000, 4000, 160, 900, 2000, 700)

    _, ruling = perform(Canary(), "sound", prober=Lagging)
    assert ruling.verdict == "Inconclusive"
    assert "4000 of 5000" in ruling.reason


def test_a_fault_that_silently_does_not_work_is_inconclusive():
    class Harmless(FakeRollout):
        def start(self, image):
            super().start("order:v2")

    for twin in ("errors", "slow", "crash"):
        _, ruling = perform(Canary(), twin, rollout=Harmless)
        assert ruling.verdict == "Inconclusive"
        assert "never seen" in ruling.reason
