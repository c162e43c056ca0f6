"""The rules of the verdict, each at its edge."""

import dataclasses

import pytest
from tests.unit.drills.fakes import sample

from drills.probes import Schedule
from drills.record import Finding, Record, Step
from drills.twins import TWINS
from drills.verdict import Limits, hurt, judge

START = 1_000.0
LIMITS = Limits(slow_ms=250, hurt=5)
ACTED, SETTLED, RETURNING, RETURNED = 10, 20, 30, 40


def record_of(twin="sound", outcome="Promoted", during=(), tail=(), again=(), **fields):
    """A drill in four windows of ten seconds: before, during, tail, and the way back that ends at 40."""
    new = "v2" if outcome == "Promoted" else "v1"
    made = Record("canary", TWINS[twin], "order", "c", "h", "v2", 200, started=START, stable="v1", outcome=outcome)
    made.acted_s, made.settled_s, made.returning_s, made.returned_s = ACTED, SETTLED, RETURNING, RETURNED
    made.schedule = Schedule(200, 1000, 1000, 200, 1, 1, 0)
    defaults = ([sample(version="v1")], [sample(version="v1")] * 100, [sample(version=new)], [sample(version="v1")])
    windows = zip((0, ACTED, SETTLED, RETURNED), ((), during, tail, again), defaults, strict=True)
    made.samples = [moved(one, START + at + 1) for at, given, usual in windows for one in (given or usual)]
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def moved(one, at):
    return type(one)(**{**{name: getattr(one, name) for name in one.__slots__}, "scheduled": at})


def failed_finding(samples=()):
    return Finding("preview before any user", 15.0, "Failed", "errors", "q", list(samples), {})


def errors(number, good=0):
    return [sample(version="v2", status=500)] * number + [sample(version="v2")] * good + [sample(version="v1")] * 100


def verdict(record, limits=LIMITS):
    return judge(record, limits).verdict


def test_a_sound_release_without_a_failed_request_passes():
    ruling = judge(record_of(), LIMITS)
    assert (ruling.verdict, ruling.reason) == ("Passed", "Promoted; not one of 103 requests failed.")


@pytest.mark.parametrize("window", ["during", "tail", "again"])
def test_one_failed_request_fails_a_sound_release_wherever_it_is(window):
    version = "v2" if window == "tail" else "v1"
    one = [sample(version=version), sample(version=None, status=None, error="ServerDisconnectedError")]
    ruling = judge(record_of(**{window: one}), LIMITS)
    assert ruling.verdict == "Failed"
    assert "ServerDisconnectedError" in ruling.reason


def test_a_sound_release_that_was_rolled_back_fails_with_the_reason():
    ruling = judge(record_of(outcome="RolledBack", findings=[failed_finding()]), LIMITS)
    assert (ruling.verdict, ruling.reason) == ("Failed", "A sound release was rolled back: errors.")


def test_a_sound_release_that_nobody_could_judge_is_inconclusive():
    blind = [dataclasses.replace(failed_finding(), verdict="Inconclusive", reason="Prometheus cannot be asked")]
    ruling = judge(record_of(outcome="RolledBack", findings=blind), LIMITS)
    assert ruling.verdict == "Inconclusive"
    assert ruling.reason == "A sound release was rolled back for want of evidence: Prometheus cannot be asked."


def test_an_analysis_without_data_excuses_nothing_else():
    blind = [dataclasses.replace(failed_finding(), verdict="Inconclusive")]
    one = [sample(version=None, status=None, error="ServerDisconnectedError")]
    assert verdict(record_of(outcome="RolledBack", findings=blind, during=one)) == "Failed"
    assert verdict(record_of(outcome="RolledBack", findings=[*blind, failed_finding()])) == "Failed"
    assert verdict(record_of(outcome="RolledBack", findings=blind, refused="no pod")) == "Failed"


def test_users_of_the_old_version_at_the_end_fail_a_promotion():
    assert verdict(record_of(tail=[sample(version="v2"), sample(version="v1")])) == "Failed"


def test_other_services_do_not_count_as_the_old_version():
    assert verdict(record_of(tail=[sample(version="v2"), sample(version="v1", service="user")])) == "Passed"


@pytest.mark.parametrize("missing", [0, ACTED, SETTLED, RETURNED])
def test_a_window_without_users_is_inconclusive(missing):
    record = record_of()
    record.samples = [one for one in record.samples if one.scheduled != START + missing + 1]
    assert verdict(record) == "Inconclusive"


def test_a_broken_schedule_is_inconclusive():
    assert verdict(record_of(schedule=Schedule(200, 1000, 900, 180, 1, 1, 0))) == "Inconclusive"


def test_errors_come_before_everything():
    assert verdict(record_of(error="x", unsteady="y")) == "Error"
    assert verdict(record_of(outcome="")) == "Error"


def test_a_faulty_release_that_was_rolled_back_in_time_passes():
    record = record_of("errors", "RolledBack", during=errors(5, 20), findings=[failed_finding()])
    record.steps = [Step("shift", "", 11.0, 12.0)]
    ruling = judge(record, LIMITS)
    assert (ruling.verdict, ruling.reason) == (
        "Passed",
        "Rolled back after 4.0 s; 5 requests were hurt.",
    )


def test_harm_beyond_the_budget_fails():
    record = record_of("errors", "RolledBack", during=errors(10), findings=[failed_finding()])
    assert len(hurt(record, LIMITS)) == 10
    assert verdict(record) == "Failed"


def test_late_answers_are_harm_only_from_the_new_version():
    late = [sample(version="v2", latency=400.0)] * 5 + [sample(version="v1", latency=400.0)] * 95
    record = record_of("slow", "RolledBack", during=late, findings=[failed_finding()])
    assert len(hurt(record, LIMITS)) == 5
    assert verdict(record) == "Passed"


def test_a_faulty_release_that_was_promoted_fails():
    assert verdict(record_of("errors", "Promoted", during=errors(2))) == "Failed"


def test_failures_after_the_way_back_fail():
    tail = [sample(version="v1"), sample(version="v1", status=503)]
    assert verdict(record_of("errors", "RolledBack", during=errors(1), tail=tail)) == "Failed"


def test_users_of_the_bad_version_after_the_way_back_fail():
    tail = [sample(version="v1"), sample(version="v2")]
    assert verdict(record_of("errors", "RolledBack", during=errors(1), tail=tail)) == "Failed"


def test_an_error_that_nobody_saw_is_inconclusive():
    assert verdict(record_of("errors", "RolledBack")) == "Inconclusive"
    assert verdict(record_of("errors", "Promoted", during=[sample(version="v2")] * 100)) == "Inconclusive"


def test_the_judge_is_not_believed_about_a_fault_that_nobody_saw():
    few = [sample(version="v2")] * 10
    assert verdict(record_of("errors", "RolledBack", during=few, findings=[failed_finding()])) == "Inconclusive"


def smoke(status=200, seconds=0.005, version="v2"):
    return {"path": "/orders", "status": status, "version": version, "seconds": seconds, "error": ""}


@pytest.mark.parametrize(
    ("twin", "answers", "expected"),
    [
        ("errors", [smoke()] * 49 + [smoke(500)], "Passed"),
        ("errors", [smoke()] * 50, "Inconclusive"),
        ("errors", [smoke(500, version="v1")] * 50, "Inconclusive"),
        ("slow", [smoke(seconds=0.4)] * 50, "Passed"),
        ("slow", [smoke()] * 26 + [smoke(seconds=0.4)] * 24, "Inconclusive"),
        ("slow", [smoke(seconds=0.4)] * 4, "Inconclusive"),
    ],
)
def test_a_fault_that_no_user_met_shows_in_the_raw_smoke_answers(twin, answers, expected):
    assert verdict(record_of(twin, "RolledBack", findings=[failed_finding(answers)])) == expected


def test_failures_of_the_stable_version_are_not_the_fault():
    during = [sample(version="v1", status=500)] + [sample(version="v1")] * 99
    assert verdict(record_of("errors", "RolledBack", during=during)) == "Inconclusive"


@pytest.mark.parametrize(
    ("rejected", "expected"),
    [("order-canary: CrashLoopBackOff", "Passed"), ("", "Inconclusive"), ("ErrImagePull: no order:v2", "Inconclusive")],
)
def test_a_crash_was_seen_only_if_something_crashed(rejected, expected):
    limits = Limits(slow_ms=250, hurt=0)
    assert verdict(record_of("crash", "RolledBack", rejected=rejected), limits) == expected


def test_a_crash_may_hurt_nobody():
    during = [sample(version=None, status=503)] + [sample(version="v1")] * 999
    record = record_of("crash", "RolledBack", during=during, rejected="CrashLoopBackOff")
    assert verdict(record, Limits(slow_ms=250, hurt=0)) == "Failed"


DROPPED = sample(version=None, status=None, error="ServerDisconnectedError")


def test_what_breaks_around_a_release_may_cost_its_toll_and_no_more():
    limits = dataclasses.replace(LIMITS, hurt=0, toll=2)
    ruling = judge(record_of(troubled=["a pod was killed"], during=[DROPPED] * 2), limits)
    assert (ruling.verdict, ruling.reason[:40]) == ("Passed", "Promoted; 2 of 5 requests failed, 2 of t")
    ruling = judge(record_of(troubled=["a pod was killed"], during=[DROPPED] * 3), limits)
    assert (ruling.verdict, "at most 2 may" in ruling.reason) == ("Failed", True)


def test_what_fails_when_the_release_is_over_is_no_toll():
    tail = [sample(version="v2"), dataclasses.replace(DROPPED, version="v2")]
    assert verdict(record_of(troubled=["x"], tail=tail), dataclasses.replace(LIMITS, toll=9)) == "Failed"


@pytest.mark.parametrize("twin", ["sound", "errors"])
def test_a_drill_in_which_nothing_broke_is_inconclusive(twin):
    outcome = TWINS[twin].expected
    assert (
        verdict(record_of(twin, outcome, during=errors(1), findings=[failed_finding()], troubled=[])) == "Inconclusive"
    )


def test_a_sick_old_version_is_no_fault_of_a_sound_release_but_its_own_errors_are():
    sick = dataclasses.replace(LIMITS, sick=True)
    old = [sample(version="v1", status=500)] * 50
    assert verdict(record_of(troubled=["x"], during=old), sick) == "Passed"
    assert verdict(record_of(troubled=["x"], during=old)) == "Failed"
    assert verdict(record_of(troubled=["x"], during=[*old, sample(version="v2", status=500)]), sick) == "Failed"


def test_a_bad_release_is_charged_with_its_own_errors_alone_where_the_old_version_is_sick():
    sick = dataclasses.replace(LIMITS, sick=True)
    old = [sample(version="v1", status=500)] * 50
    record = record_of("errors", "RolledBack", during=[*old, *errors(5)], findings=[failed_finding()])
    assert len(hurt(record, sick)) == 5
    assert verdict(record, sick) == "Passed"
    assert len(hurt(record, LIMITS)) == 55


def unknowable(**fields):
    record = record_of(troubled=["Prometheus was gone"], **fields)
    record.twin = dataclasses.replace(record.twin, expected="RolledBack")
    return record


def test_where_nobody_can_know_a_sound_release_goes_back():
    assert verdict(unknowable(outcome="RolledBack")) == "Passed"
    assert verdict(unknowable(outcome="Promoted")) == "Failed"
    assert verdict(unknowable(outcome="RolledBack", during=[DROPPED])) == "Failed"
    assert verdict(unknowable(outcome="RolledBack", tail=[sample(version="v2")])) == "Failed"
