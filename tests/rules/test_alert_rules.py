"""Every alert has data that make it fire and data that keep it silent, and no rule file is without its checks."""

import re
import shutil

import pytest
import yaml
from tests.rules import budgets
from tests.rules.promtool import REPOSITORY, RULES, alerts, holds, run

WRITTEN = sorted((REPOSITORY / "tests/rules").glob("*.yaml"))
OBJECTIVES = RULES / "slo.yaml"
RUNBOOKS = REPOSITORY / "docs/runbooks.md"
STATIC = ("alert", "service", "slo", "window", "severity")


def kind(rule):
    """Return what tells one alert from another of the same name."""
    labels = rule.get("labels", {})
    return tuple(labels.get(name) for name in STATIC[1:]) if "slo" in labels else rule["alert"]


def tried(fires):
    """Return the alerts for which some test says that they fire, or that they are silent."""
    known = {tuple(case.labels[name] for name in STATIC[1:]) for case in budgets.cases()}
    moments = [
        moment
        for path in WRITTEN
        for group in yaml.safe_load(path.read_text())["tests"]
        for moment in group["alert_rule_test"]
    ]
    return known | {moment["alertname"] for moment in moments if bool(moment["exp_alerts"]) is fires}


@pytest.mark.parametrize("path", sorted(RULES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_rules_are_valid_and_none_stands_twice(path):
    fine, said = run("check", "rules", "--lint=all", "--lint-fatal", path)
    assert fine, said


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_the_written_cases_hold(path):
    fine, said = run("test", "rules", path)
    assert fine, said


def test_every_alert_is_seen_firing_and_silent():
    every = {kind(rule) for _file, rule in alerts()}
    assert every - tried(fires=True) == set(), "no data make these fire"
    assert every - tried(fires=False) == set(), "no data keep these silent"


@pytest.mark.parametrize("fires", [True, False])
def test_a_forgotten_alert_is_found(fires, tmp_path):
    shutil.copytree(RULES, tmp_path / "rules")
    text = (tmp_path / "rules/platform.yaml").read_text()
    (tmp_path / "rules/platform.yaml").write_text(text.replace("alert: TargetDown", "alert: Forgotten"))
    assert {kind(rule) for _file, rule in alerts(tmp_path / "rules")} - tried(fires) == {"Forgotten"}


def test_the_objectives_have_just_the_alerts_that_they_ask_for():
    wanted = {tuple(case.labels[name] for name in STATIC[1:]) for case in budgets.cases()}
    assert {kind(rule) for file, rule in alerts() if file == "slo.yaml"} == wanted


def test_budgets_that_burn_alert_somebody_and_budgets_that_last_nobody(tmp_path):
    groups = [make(case) for case in budgets.cases() for make in (budgets.burns, budgets.lasts)]
    fine, said = holds(tmp_path, groups, OBJECTIVES)
    assert fine, said


def test_what_has_ended_alerts_nobody(tmp_path):
    [service, *_] = budgets.services()
    groups = [budgets.ended(case) for case in budgets.cases() if case.service == service]
    fine, said = holds(tmp_path, groups, OBJECTIVES)
    assert fine, said


def test_a_handful_of_bad_requests_alerts_nobody(tmp_path):
    groups = [group for case in budgets.cases() for group in budgets.few(case)]
    fine, said = holds(tmp_path, groups, OBJECTIVES)
    assert fine, said


# (what stands in the rules, what instead, which alert, under which data it shows)
BREACHES = {
    "too high": (r"14.4 \* 0.001", "20 * 0.001", "order-availability-page-1h", budgets.burns),
    "too low": (r"14.4 \* 0.001", "10 * 0.001", "order-availability-page-1h", budgets.lasts),
    "another budget": (r"> 3 \* 0.05", "> 3 * 0.1", "user-latency-ticket-1d", budgets.burns),
    "another metric": ("and service:slow_per", "and service:errors_per", "order-latency-page-6h", budgets.burns),
    "no short window": (r"\n *and service:\w+:ratio_rate.*", "", "order-availability-page-1h", budgets.ended),
    "no least number": (
        r"\n *and sum_over_time.*",
        "",
        "order-availability-page-1h",
        lambda case: budgets.few(case)[0],
    ),
    "a higher least number": (">= 10", ">= 20", "order-latency-page-1h", lambda case: budgets.few(case)[1]),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_rules_that_are_not_those_of_the_objectives_are_found(breach, tmp_path):
    written, instead, name, data = BREACHES[breach]
    [case] = [case for case in budgets.cases() if str(case) == name]
    text = OBJECTIVES.read_text()
    damaged = tmp_path / "slo.yaml"
    damaged.write_text(re.sub(written, instead, text))
    assert damaged.read_text() != text
    fine, said = holds(tmp_path, [data(case)], damaged)
    assert not fine, said


@pytest.mark.parametrize("field", ["summary", "description", "runbook"])
def test_every_alert_says_what_to_do(field):
    assert [rule["alert"] for _file, rule in alerts() if not rule["annotations"].get(field)] == []


def test_every_alert_has_its_section_in_the_runbooks_and_no_section_is_left_over():
    sections = {line[3:].strip() for line in RUNBOOKS.read_text().splitlines() if line.startswith("## ")}
    assert sections == {rule["alert"] for _file, rule in alerts()}
    for _file, rule in alerts():
        assert rule["annotations"]["runbook"] == f"docs/runbooks.md#{rule['alert'].lower()}"


def test_every_alert_is_a_page_or_a_ticket():
    assert {rule["labels"]["severity"] for _file, rule in alerts()} == {"page", "ticket"}
