"""One step from its first scrape to its verdict, on simulated gateways."""

import dataclasses
import json

import pytest
from tests.unit.delivery.simulation import SimulatedPrometheus, Simulation, envoy

from cluster.errors import PrometheusError
from delivery.analysis import Analysis, Window
from delivery.counters import sources
from delivery.journal.shift import Shift
from delivery.judge.evidence import Demand
from delivery.judge.sequential import SequentialJudge
from delivery.judgement import Finding, Verdict
from delivery.slo import load_slo

SLO = load_slo("order")
DEMAND = Demand(**SLO.analysis.margins.model_dump())


def begin(simulation, judge=None):
    return Analysis(
        SimulatedPrometheus(simulation), judge or SequentialJudge(SLO), SLO, "shop", simulation.clock, simulation.sleep
    )


def window(simulation, weight=10, deadline=60.0, **options):
    """Return the step that begins now: between two scrapes."""
    asked = simulation.now() + 0.2
    options.setdefault("shifts", (Shift(asked, asked + 0.01, weight),))
    step = {"step": f"canary at {weight} %", "at_once": False, "demand": DEMAND, "deadline": deadline}
    return Window(**{**step, **options})


def analyse(simulation, judge=None, **options):
    return begin(simulation, judge).run(window(simulation, **options))


def canary(errors=0.0, slow=0.0, rate=20, **options):
    simulation = Simulation(stable=(200, 0.0, 0.0), **options)
    simulation.traffic = {"stable": (180, 0.0, 0.0), "canary": (rate, errors, slow)}
    return simulation


def switched(errors=0.0, slow=0.0):
    simulation = Simulation(**{"": (200, 0.0, 0.0)})
    simulation.traffic[""] = (200, errors, slow)
    return simulation


class Patient:
    """A judge that wants to see more, and keeps what it was shown."""

    def __init__(self):
        self.shown = []

    def examine(self, evidence):
        self.shown.append(evidence)
        return Finding(Verdict.INCONCLUSIVE, "more")


class Constant:
    def __init__(self, verdict):
        self.verdict = verdict

    def examine(self, evidence):
        return Finding(self.verdict, "made up")


def test_a_sound_canary_passes_once_it_is_proved():
    judgement = analyse(canary())
    assert judgement.successful, judgement.reason
    assert judgement.numbers["candidate"]["errors"] == 0


@pytest.mark.parametrize("fault", [{"errors": 0.2}, {"slow": 1.0}])
def test_a_bad_canary_fails(fault):
    judgement = analyse(canary(**fault))
    assert judgement.verdict is Verdict.FAILED
    assert judgement.numbers["seconds"] < 10


def test_a_canary_that_fails_every_request_fails_with_the_second_scrape_at_the_latest():
    simulation = canary(errors=1.0, rate=4)
    judgement = analyse(simulation, weight=2)
    assert judgement.verdict is Verdict.FAILED
    assert judgement.numbers["candidate"]["requests"] <= 4


def test_only_the_canary_is_blamed():
    simulation = canary()
    simulation.traffic["stable"] = (180, 0.2, 0.0)
    assert analyse(simulation).verdict is not Verdict.FAILED


def test_what_the_release_asked_itself_does_not_count():
    simulation = Simulation(stable=(180, 0.0, 0.0))
    simulation.traffic["canary"] = (20, 1.0, 0.0)
    simulation.skip(0.5)
    simulation.traffic["canary"] = (20, 0.0, 0.0)
    shift = Shift(simulation.now() - 0.2, simulation.now() - 0.1, 10)
    judgement = analyse(simulation, shifts=(shift,), probed=simulation.now() - 0.3)
    assert judgement.successful, judgement.reason


def test_without_any_data_it_is_inconclusive():
    judgement = analyse(Simulation(), deadline=10)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "no data" in judgement.reason
    assert judgement.samples == []


def test_without_a_request_of_the_canary_it_is_inconclusive():
    judgement = analyse(canary(rate=0), judge=Constant(Verdict.PASSED), deadline=10)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "no request of the new version" in judgement.reason


def test_without_a_request_of_the_stable_version_it_is_inconclusive():
    simulation = canary()
    simulation.traffic["stable"] = (0, 0.0, 0.0)
    judgement = analyse(simulation, judge=Constant(Verdict.PASSED), deadline=10)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "no request of the stable version" in judgement.reason


def test_proof_from_before_does_not_pass_a_weight_that_nobody_has_seen():
    simulation = canary()
    first = simulation.now() + 0.2
    simulation.skip(5)
    last = simulation.now() + 0.2
    judge = Patient()
    judge.examine = lambda evidence: (judge.shown.append(evidence), Finding(Verdict.PASSED, "made up"))[1]
    judgement = analyse(simulation, judge=judge, shifts=(Shift(first, first, 10), Shift(last, last, 50)))
    assert judgement.successful
    assert len(judge.shown) > 1


def test_data_that_dry_up_are_inconclusive_whatever_the_judge_says():
    simulation = canary(rate=4)
    simulation.at(4, lambda: setattr(simulation, "scraping", False))
    judge = Patient()
    judgement = analyse(simulation, judge=judge, deadline=20)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "no new data for" in judgement.reason


def test_old_data_pass_nobody_but_still_prove_harm():
    for verdict, expected in ((Verdict.PASSED, Verdict.INCONCLUSIVE), (Verdict.FAILED, Verdict.FAILED)):
        simulation = canary()
        shift = Shift(simulation.now() + 0.2, simulation.now() + 0.2, 10)
        simulation.skip(5)
        simulation.scraping = False
        simulation.skip(SLO.analysis.stale_seconds + 1)
        judgement = analyse(simulation, judge=Constant(verdict), shifts=(shift,), deadline=3)
        assert judgement.verdict is expected


def test_a_prometheus_that_is_away_is_inconclusive():
    simulation = canary()
    simulation.away = True
    judgement = analyse(simulation, deadline=10)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "cannot be asked" in judgement.reason


@pytest.mark.parametrize("trouble", ["away", "dry"])
def test_nobody_is_left_on_a_version_that_nobody_watches(trouble):
    simulation = canary(rate=2)
    before, blind = simulation.time, SLO.analysis.blind_seconds
    trouble = {"away": ("away", True), "dry": ("scraping", False)}[trouble]
    simulation.at(5, lambda: setattr(simulation, *trouble))
    judgement = analyse(simulation, judge=Patient(), deadline=60)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert f"nothing was seen for {blind:.0f} s" in judgement.reason
    assert blind < simulation.time - before < blind + 8


def test_an_undecided_judge_that_sees_has_the_whole_deadline():
    simulation = canary(rate=2)
    before = simulation.time
    analyse(simulation, judge=Patient(), deadline=40)
    assert simulation.time - before >= 40


def test_a_prometheus_that_comes_back_is_asked_for_all_that_was_missed():
    simulation = canary()
    simulation.away = True
    simulation.at(5, lambda: setattr(simulation, "away", False))
    judge = Patient()
    analyse(simulation, judge=judge, deadline=8)
    first = judge.shown[0]
    assert sum(block.candidate.requests for block in first.blocks) >= 80
    assert first.baseline.requests > 5000


@pytest.mark.parametrize(("by", "way"), [(3600, "forward"), (-60, "back")])
def test_a_clock_that_is_set_is_inconclusive(by, way):
    simulation = canary()
    simulation.at(2, lambda: setattr(simulation, "set_by", by))
    judge = Patient()
    judgement = analyse(simulation, judge=judge, deadline=20)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert f"clock was set {way} by {abs(by)} s" in judgement.reason


def test_a_gateway_that_restarts_makes_no_errors():
    simulation = canary()
    simulation.at(3, simulation.restart_gateway)
    assert analyse(simulation).successful


def test_one_gateway_of_several_may_leave():
    simulation = canary(gateways=("g1", "g2", "g3"))
    simulation.at(3, lambda: simulation.gateways.remove("g2"))
    judgement = analyse(simulation)
    assert judgement.successful, judgement.reason


def test_a_switch_is_judged_by_what_was_before_it():
    simulation = switched(slow=1.0)
    judgement = analyse(simulation, weight=100, at_once=True, steady=simulation.now() - 20)
    assert judgement.verdict is Verdict.FAILED
    assert judgement.numbers["reference"]["slow"] == 0


def test_a_sound_switch_passes():
    simulation = switched()
    judgement = analyse(simulation, weight=100, at_once=True, steady=simulation.now() - 20)
    assert judgement.successful, judgement.reason


def test_a_switch_without_a_past_is_inconclusive():
    simulation = switched()
    judgement = analyse(simulation, weight=100, at_once=True, steady=simulation.now(), deadline=15)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "nothing is left of the time before the switch" in judgement.reason


def test_the_judge_is_asked_once_a_scrape():
    judge = Patient()
    analyse(canary(), judge=judge, deadline=20)
    ends = [evidence.blocks[-1].until for evidence in judge.shown if evidence.blocks]
    assert ends == sorted(set(ends))
    assert 38 <= len(ends) <= 42


def test_whoever_resumes_knows_what_the_dead_release_knew():
    judge, other, simulation = Patient(), Patient(), canary(errors=0.05)
    step = window(simulation, deadline=10)
    begin(simulation, judge).run(step)
    begin(simulation, other).run(dataclasses.replace(step, deadline=0.1))
    known = judge.shown[-1].blocks
    assert len(known) > 15
    assert other.shown[-1].blocks[: len(known)] == known
    assert other.shown[-1].baseline == judge.shown[-1].baseline


def test_a_blind_judge_passes_anything():
    assert analyse(canary(errors=1.0), judge=Constant(Verdict.PASSED)).successful


def test_both_sides_come_from_one_query():
    simulation = canary()
    judgement = analyse(simulation)
    assert judgement.query in simulation.queries
    assert all(query.startswith(sources.Selection("shop", "order").selector) for query in simulation.queries)


def test_only_what_is_new_is_read_again():
    simulation = canary()
    analyse(simulation)
    spans = [int(query.split("[")[-1].removesuffix("ms]")) for query in simulation.queries]
    assert spans[0] > 30_000
    assert max(spans[1:]) < 5_000


def test_what_was_read_before_the_first_user_is_not_read_again():
    simulation = canary()
    analysis = begin(simulation)
    analysis.prepare(probed=simulation.now() + 0.7)
    assert simulation.points[next(iter(simulation.points))][-1][0] > simulation.now() - 1
    prepared = len(simulation.queries)
    analysis.run(window(simulation))
    spans = [int(query.split("[")[-1].removesuffix("ms]")) for query in simulation.queries[prepared:]]
    assert max(spans) < 5_000


def test_preparing_does_not_wait_for_a_prometheus_that_is_away():
    simulation = canary()
    simulation.away = True
    before = simulation.time
    begin(simulation).prepare(probed=simulation.now())
    assert simulation.time == before


def test_a_switch_is_prepared_until_there_is_enough_to_compare_with():
    simulation = Simulation(**{"": (200, 0.0, 0.0)})
    steady = simulation.now() - 5
    begin(simulation).prepare(simulation.now(), steady, deadline=60)
    assert simulation.now() - steady >= SLO.analysis.baseline_seconds


def test_whoever_watches_is_told_what_is_new_and_may_end_it():
    told, looks = [], []

    class EndedError(Exception):
        """Somebody else has the release now."""

    def watch():
        looks.append(1)
        if len(looks) > 30:
            raise EndedError

    simulation = canary(rate=2)
    with pytest.raises(EndedError):
        begin(simulation).run(window(simulation), watch, told.append)
    assert len(told) == len({finding.reason for finding in told}) > 1


def test_requests_that_reach_no_pod_are_not_waited_for():
    simulation = canary(rate=0)
    simulation.traffic = {}
    lost = {"destination_service_name": "order", "destination_service_namespace": "shop", "reporter": "source"}
    lost |= {"source_workload": sources.GATEWAY, "instance": "g1", "job": "gateway", "__name__": sources.ISTIO_REQUESTS}
    stable = tuple({**lost, "destination_workload": "order", "response_code": "200"}.items())
    nobody = tuple({**lost, "destination_workload": "unknown", "response_code": "503"}.items())
    simulation.points.clear()
    simulation.values = {("g1", stable): 100, ("g1", nobody): 0}
    simulation.at(2, lambda: simulation.values.update({("g1", stable): 200, ("g1", nobody): 9}))
    simulation.skip(1)
    judgement = analyse(simulation, deadline=60)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "reached no pod" in judgement.reason
    assert judgement.ended - judgement.started < 60
    assert simulation.time < 1060


def test_answers_that_make_no_sense_are_inconclusive(monkeypatch):
    simulation = canary()

    def nonsense(self, query):
        raise PrometheusError("Prometheus answers nonsense")

    monkeypatch.setattr(SimulatedPrometheus, "points", nonsense)
    judgement = analyse(simulation, deadline=5)
    assert (judgement.verdict, judgement.reason) == (Verdict.INCONCLUSIVE, "hold: Prometheus answers nonsense")


def test_a_histogram_without_the_threshold_is_inconclusive():
    simulation = canary()
    for key in [key for key in simulation.values if ("le", "250") in key[1]]:
        del simulation.values[key]
    simulation.points.clear()
    count = simulation._count
    simulation._count = lambda *args, **labels: None if labels.get("le") == "250" else count(*args, **labels)
    simulation.skip(10)
    judgement = analyse(simulation, deadline=10)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert "no bound at 0.25 s" in judgement.reason


def test_a_judgement_can_be_written_down_with_the_evidence_over_time():
    judgement = analyse(canary(errors=0.2))
    written = json.loads(json.dumps(dataclasses.asdict(judgement)))
    assert written["verdict"] == "Failed"
    assert written["samples"][-1]["candidate"] == written["numbers"]["candidate"]
    assert written["samples"][-1]["harm"] == written["numbers"]["harm"]
    assert [sample["time"] for sample in written["samples"]] == sorted(sample["time"] for sample in written["samples"])
    assert written["started"] <= written["ended"]


def test_series_of_other_services_change_nothing():
    alone, beside = Patient(), Patient()
    analyse(canary(errors=0.1), judge=alone, deadline=5)
    simulation = canary(errors=0.1)
    for number, other in enumerate((envoy("canary", service="user"), envoy("canary", namespace="other"))):
        key = tuple({**other, "__name__": sources.ENVOY_REQUESTS, "envoy_response_code": "500"}.items())
        simulation.values["g1", key] = 1000 * number
        simulation.at(2, lambda key=key: simulation.values.update({("g1", key): 5000}))
    analyse(simulation, judge=beside, deadline=5)
    assert [evidence.blocks for evidence in beside.shown] == [evidence.blocks for evidence in alone.shown]
