"""Budgets: what they foretell is held against releases simulated with the real judge; what cannot end well is refused.

The means of simulated releases stay within FACTOR of what is foretold, and nine in ten within its SPREAD. One look is
allowed besides, since nothing can be seen before the next one. The chance is seeded, so that the tests have none.
"""

import dataclasses
import math
import re

import numpy as np
import pytest
from tests.unit.delivery.releases import Simulated

from delivery.errors import DeliveryError
from delivery.judgement import Verdict
from delivery.planning.budget import Budget
from delivery.planning.forecast import SPREAD, Forecast
from delivery.planning.information import Pair, divergence, harm, safety
from delivery.planning.plan import Plan
from delivery.planning.ramp import resolve
from delivery.planning.traffic import Traffic
from delivery.slo import load_slo

SLO = load_slo("order")
FACTOR = 1.5
# How many of the simulated releases may exceed the spread: one in ten is foretold, the rest is the chance of few.
EXCESS = 0.2
RELEASES = 25


def budget(rate=200.0, scrape=1.0, errors=0.001, at_once=False, **plan):
    traffic = Traffic(rate, scrape, errors)
    return Budget(resolve(Plan(**plan), traffic, SLO, at_once), traffic, SLO)


def simulated(found, errors, releases):
    stable = found.forecast.stable_errors
    return [Simulated(SLO, found.ramp, stable, seed).release(errors) for seed in range(releases)]


def close(foretold, seen, slack):
    return foretold / FACTOR - slack <= seen <= foretold * FACTOR + slack


@pytest.mark.parametrize(
    ("traffic", "errors"),
    [
        ({}, 1.0),
        ({}, 0.2),
        ({}, 0.05),
        ({"scrape": 0.5}, 0.05),
        ({"rate": 60.0}, 0.2),
        ({"errors": 0.01}, 0.2),
        ({"at_once": True}, 0.05),
    ],
    ids=str,
)
def test_bad_versions_are_found_when_it_was_foretold(traffic, errors):
    found = budget(**traffic)
    foretold, look = found.forecast.discovery(errors), found.traffic.look
    ends = simulated(found, errors, RELEASES)
    assert {end.verdict for end in ends} == {Verdict.FAILED}
    seconds = np.array([end.looks for end in ends]) * look
    one = found.ramp.per_look * foretold.weight / 100
    assert close(foretold.seconds, seconds.mean(), look)
    assert close(foretold.requests, np.mean([end.requests for end in ends]), one)
    assert close(foretold.hurt, np.mean([end.failed for end in ends]), errors * one)
    assert np.mean(seconds > foretold.seconds * SPREAD + look) <= EXCESS


@pytest.mark.parametrize("traffic", [{"rate": 1000.0}, {"rate": 400.0, "at_once": True}], ids=str)
def test_sound_versions_prove_it_when_it_was_foretold(traffic):
    found = budget(**traffic)
    steps = found.forecast.sound
    ends = [end for end in simulated(found, 0.001, 12) if end.verdict is Verdict.PASSED]
    assert len(ends) >= 11
    looks = np.array([end.looks for end in ends])
    foretold = sum(step.looks for step in steps)
    assert close(foretold, looks.mean(), 1)
    assert close(sum(step.looks * step.mix.new for step in steps), np.mean([end.requests for end in ends]), 100)
    assert np.mean(looks > foretold * SPREAD + 1) <= EXCESS


def test_the_bounds_are_those_of_kullback_and_leibler():
    assert divergence(0.3, 0.3) == 0
    assert divergence(0.5, 0.25) == pytest.approx(0.5 * math.log(2) + 0.5 * math.log(2 / 3))
    assert divergence(1.0, 0.1) == pytest.approx(math.log(10))
    assert harm(Pair(0.01, 0.01, 0.1)) == pytest.approx(0, abs=1e-12)
    even = Pair(0.2, 0.1, 0.5)
    assert harm(even) == pytest.approx((divergence(0.2, 0.15) + divergence(0.1, 0.15)) / 2)


@pytest.mark.parametrize("part", [0.02, 0.5])
def test_at_the_margin_nothing_speaks_for_safety(part):
    assert safety(Pair(0.01, 0.01, part), 0.01) > 0
    assert safety(Pair(0.06, 0.01, part), 0.05) <= 0


@pytest.mark.parametrize("share", [0.2, 0.05])
def test_fewer_users_at_first_hurt_fewer(share):
    assert budget(handful=4).forecast.discovery(share).hurt < budget(weights=(25, 50)).forecast.discovery(share).hurt


def test_it_says_what_is_to_be_expected():
    lines = budget(rate=200).lines()
    assert len(lines) == 4
    assert lines[0].startswith("at 200 requests/s and this plan an error rate of 100 % is found at 2 %, in about 1 s")
    assert re.search(r"an error rate of 5 % is found at \d+ %, in about \d+ s .*and about \d+ requests", lines[2])
    assert re.search(r"proof of safety needs about \d+ s .*\(\d+ \+ .*and about \d+ requests", lines[3])


def test_error_rates_that_the_stable_version_has_too_are_not_foretold():
    assert [line for line in budget(errors=0.06).lines() if "error rate of 5 %" in line] == []


def test_a_deadline_shorter_than_the_proof_is_refused_with_the_arithmetic_and_a_way_out():
    with pytest.raises(DeliveryError) as error:
        budget(rate=20).check()
    said = str(error.value)
    assert "\n" not in said
    requests, each, needed = map(
        float, re.search(r"takes (\d+) requests.* are (\S+) a second.* takes (\d+) s", said).groups()
    )
    assert (each, requests / each) == (10, pytest.approx(needed, abs=1))
    deadline, rate = map(float, re.search(r"set deadline_seconds to (\d+) .*send (\d+) requests/s", said).groups())
    budget(rate=20, deadline_seconds=deadline).check()
    budget(rate=rate * 1.1).check()


def test_a_switch_with_too_little_before_it_is_refused_with_a_way_out():
    with pytest.raises(DeliveryError) as error:
        budget(rate=42, at_once=True, errors=0.0).check()
    seconds, rate = map(
        float, re.search(r"set baseline_seconds to (\d+) .*send (\d+) requests/s", str(error.value)).groups()
    )
    assert seconds > SLO.analysis.baseline_seconds
    budget(rate=rate * 1.1, at_once=True, errors=0.0).check()


def test_a_deadline_that_only_the_lucky_keep_is_said():
    needed = max(map(budget().seconds, budget().forecast.sound))
    tight = budget(deadline_seconds=needed + 1)
    tight.check()
    assert "more than one sound release in ten runs into a deadline" in tight.lines()[-1]
    assert "deadline" not in budget().lines()[-1]


def test_a_margin_of_nothing_can_never_be_proved():
    margins = SLO.analysis.margins.model_copy(update={"errors": 0.0})
    strict = SLO.model_copy(update={"analysis": SLO.analysis.model_copy(update={"margins": margins})})
    with pytest.raises(DeliveryError, match=r"never proves it.*margin of 0"):
        dataclasses.replace(budget(), slo=strict).check()


def test_what_nobody_finds_is_said_too():
    found = budget()
    blind = SLO.analysis.model_copy(update={"alpha": 1e-300})
    forecast = Forecast(found.ramp, found.traffic, SLO.model_copy(update={"analysis": blind}))
    assert forecast.discovery(0.002).weight is None
