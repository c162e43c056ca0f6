"""The arithmetic of the simulation: the bound, the chances, the traffic, and who is counted as hurt."""

import math
from dataclasses import replace

import numpy as np
import pytest

from bench.rivals.flagger import Flagger
from bench.simulation import targets
from bench.simulation.bound import bound
from bench.simulation.bursts import Tempered
from bench.simulation.cells import Cell, Ended, ended
from bench.simulation.chance import interval
from bench.simulation.contest import FLAGGERS, OURS, Contest
from bench.simulation.evidence import baseline, blocks
from bench.simulation.judged import NOTHING_PROVED, Asked, errors_alone
from bench.simulation.ramped import ramp_of, walked
from bench.simulation.times import BOUNDS_MS, Slowness
from bench.simulation.world import Bursts, World, draw
from delivery.judge.evidence import Evidence
from delivery.judge.sequential import SequentialJudge
from delivery.judgement import Verdict
from delivery.slo import load_slo

FAILING = World(weight=10, rate=200, stable=0.001, candidate=0.2)
SOUND = replace(FAILING, candidate=0.001)
SLOW = replace(SOUND, slowness=Slowness(factor=1.5))


def rng():
    return np.random.default_rng(7)


def of(requests, hurt, found=1, missed=0):
    return Cell([Ended(3, requests, hurt)] * found + [Ended(None, requests, hurt)] * missed)


def test_the_bound_is_the_one_of_the_formula():
    pooled = 0.5 * 0.5 + 0.5 * 0.1
    new = 0.5 * math.log(0.5 / pooled) + 0.5 * math.log(0.5 / (1 - pooled))
    old = 0.1 * math.log(0.1 / pooled) + 0.9 * math.log(0.9 / (1 - pooled))
    world = World(weight=50, rate=100, stable=0.1, candidate=0.5)
    assert bound(world, 0.01) == pytest.approx(0.5 * math.log(100) / (0.5 * new + 0.5 * old))


def test_what_is_no_worse_is_never_found():
    assert bound(SOUND, 0.01) == math.inf


def test_a_slower_version_has_a_bound_by_its_times_alone():
    assert bound(SLOW, 0.01) < bound(replace(SLOW, slowness=Slowness(factor=1.1)), 0.01) < math.inf


@pytest.mark.parametrize(("hits", "trials", "low", "high"), [(0, 100, 0, 0.0362), (5, 100, 0.0164, 0.1128)])
def test_the_interval_is_clopper_and_pearsons(hits, trials, low, high):
    assert interval(hits, trials) == pytest.approx((low, high), abs=1e-4)


def test_the_shares_of_times_are_shares():
    shares = Slowness(share=0.01, extra_ms=500).shares()
    assert shares.sum() == pytest.approx(1)
    beyond_half_a_second = shares[BOUNDS_MS.index(500) + 1 :].sum()
    assert beyond_half_a_second == pytest.approx(0.01, rel=0.01)


def test_the_traffic_has_the_rate_the_weight_and_the_errors_of_its_world():
    traffic = draw(FAILING, releases=20, seconds=200, rng=rng())
    assert ((traffic.candidate + traffic.reference).sum(axis=2) == FAILING.rate).all()
    new, old = traffic.candidate.sum(axis=(0, 1)), traffic.reference.sum(axis=(0, 1))
    assert new.sum() / (new.sum() + old.sum()) == pytest.approx(0.1, rel=0.05)
    assert new[-1] / new.sum() == pytest.approx(0.2, rel=0.05)


@pytest.mark.parametrize("shared", [True, False])
def test_bursts_come_at_the_same_time_only_where_they_are_shared(shared):
    traffic = draw(replace(SOUND, weight=50, bursts=Bursts(shared=shared)), releases=50, seconds=200, rng=rng())
    burning = [(counts[:, :, -1] > 10) for counts in (traffic.candidate, traffic.reference)]
    assert burning[0].sum() == burning[1].sum() == 50 * 3
    assert bool((burning[0] == burning[1]).all()) is shared


def test_hurt_are_those_who_failed_until_the_rollback():
    counts = np.array([(9, 1), (8, 2), (7, 3)])
    assert ended(counts, 2) == Ended(second=2, requests=20, hurt=3)
    assert ended(counts, None) == Ended(second=None, requests=30, hurt=6)


def test_the_classes_of_a_block_are_the_baselines():
    measured = baseline(SLOW, 20, 0.25, rng())
    assert 0.25 in measured.bounds
    assert sum(measured.shares) == pytest.approx(1)
    traffic = draw(SLOW, 1, 3, rng())
    for second, block in enumerate(blocks(traffic.candidate[0], traffic.reference[0], measured, [10] * 3)):
        assert len(block.candidate.timed) == len(measured.shares)
        assert sum(block.candidate.timed) + block.candidate.errors == block.candidate.requests
        assert block.candidate.requests == traffic.candidate[0, second].sum()


def test_errors_alone_have_all_of_alpha():
    traffic = draw(FAILING, 1, 40, rng())
    new, old = traffic.candidate[0], traffic.reference[0]
    asked = Asked(SequentialJudge(load_slo("order")), baseline(FAILING, 20, 0.25, rng()), 10)
    half = load_slo("order").analysis.alpha / 2
    assert errors_alone(new, old, half) == asked.rolled_back(new, old)
    assert errors_alone(new, old, 2 * half) <= errors_alone(new, old, half)


def test_a_release_on_the_ramp_begins_with_a_handful_and_goes_back_early():
    slo = load_slo("order")
    first = ramp_of(slo, FAILING).weights[0]
    walks = walked(slo, replace(FAILING, candidate=1.0), 5, 60, rng())
    assert walks.share(Verdict.FAILED) == 1.0
    assert {each.weight for each in walks.releases} == {first}
    assert walks.hurt == walks.requests < FAILING.per_scrape


def test_a_sound_release_on_the_ramp_is_promoted_after_its_last_weight():
    slo = load_slo("order")
    [release] = walked(slo, replace(SOUND, slowness=Slowness()), 1, 300, rng()).releases
    assert release.verdict is Verdict.PASSED
    assert release.weight == ramp_of(slo, SOUND).weights[-1]


@pytest.mark.parametrize("world", [FAILING, SLOW])
def test_the_short_way_finds_the_second_at_which_the_judge_says_so_first(world):
    judge, measured = SequentialJudge(load_slo("order")), baseline(world, 20, 0.25, rng())
    traffic = draw(world, 1, 40, rng())
    new, old = traffic.candidate[0], traffic.reference[0]
    seen = list(blocks(new, old, measured, [10] * 40))
    said = [judge.examine(Evidence(tuple(seen[:look]), measured, NOTHING_PROVED)).verdict for look in range(1, 41)]
    asked = Asked(judge, measured, 10)
    assert asked.rolled_back(new, old) == 1 + said.index(Verdict.FAILED)
    assert asked.rolled_back(new, old, at_the_end=True) == 1 + said.index(Verdict.FAILED)


def test_a_contest_shows_all_policies_the_same_traffic_and_twice_the_same():
    contest = Contest(load_slo("order"), releases=3, seconds=70)
    found = contest.run(FAILING, rng())
    assert found[OURS].power == found[Flagger(10, 1).name].power == 1.0
    assert found[OURS].hurt < found[Flagger(10, 1).name].hurt < found[Flagger(10, 2).name].hurt
    assert contest.run(FAILING, rng()) == found


def test_bursts_are_blamed_on_the_canary_unless_the_baseline_has_shown_them():
    world = replace(SOUND, rate=500, bursts=Bursts(every=40))
    slo, generator = load_slo("order"), rng()
    untold, told = (Tempered(slo, releases=6, seconds=120, before=before).run(world, generator) for before in (0, 400))
    assert untold.found > 3
    assert told.found == 0


def test_one_scrape_is_granted_on_top_of_the_bound():
    limit = bound(FAILING, 0.01)
    assert targets.over_bound(FAILING, of(20 + 1.5 * limit, 1), 0.01) == pytest.approx(1.5)
    assert targets.detection("errors", {FAILING: {OURS: of(20 + 1.9 * limit, 1)}}, 0.01, OURS).reached
    assert not targets.detection("errors", {FAILING: {OURS: of(20 + 2.1 * limit, 1)}}, 0.01, OURS).reached


def test_a_world_in_which_some_are_never_found_misses_the_target():
    assert not targets.detection("errors", {FAILING: {OURS: of(20, 1, found=9, missed=1)}}, 0.01, OURS).reached


def test_more_false_alarms_than_alpha_miss_the_target():
    assert targets.false_alarms("errors", {SOUND: {OURS: of(1, 1, found=1, missed=99)}}, 0.01, OURS).reached
    assert not targets.false_alarms("errors", {SOUND: {OURS: of(1, 1, found=2, missed=98)}}, 0.01, OURS).reached


def flaggers(fastest, others):
    names = [each.name for each in FLAGGERS]
    return {**dict.fromkeys(names[:-1], others), names[-1]: fastest}


def test_the_fastest_setting_counts_only_where_its_false_alarms_are_few():
    scores = {FAILING: flaggers(of(1, 20), of(1, 200))}
    few, many = of(1, 1, found=1, missed=99), of(1, 1, found=10, missed=90)
    ours = {FAILING: 5.0}
    assert not targets.beside_flagger("ours", ours, scores, {SOUND: flaggers(few, few)}).reached
    assert targets.beside_flagger("ours", ours, scores, {SOUND: flaggers(many, few)}).reached
