"""From objectives to rules: another objective is another rule, and what no rule can hold to is refused."""

import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from delivery.errors import DeliveryError
from monitoring import __main__ as command
from monitoring import generators, slo
from monitoring.burn_rates import FILE
from monitoring.errors import MonitoringError

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def root(tmp_path):
    """A checkout with the objectives of this one, and the rules that follow."""
    shutil.copytree(REPOSITORY / slo.OBJECTIVES, tmp_path / slo.OBJECTIVES)
    generators.write(tmp_path, [slo.generate])
    return tmp_path


def change(path, written, instead):
    text = path.read_text()
    assert written in text
    path.write_text(text.replace(written, instead))


def rules(root, service="order"):
    groups = yaml.safe_load(slo.generate(root)[slo.TARGET])["groups"]
    return next(group["rules"] for group in groups if group["name"] == f"slo-{service}")


def alert(root, name, window, service="order"):
    return next(
        rule for rule in rules(root, service) if rule.get("alert") == name and rule["labels"]["window"] == window
    )


def test_another_objective_is_another_threshold_and_makes_the_rules_stale(root):
    assert "> 14.4 * 0.001\n" in alert(root, "AvailabilityBurnsFast", "1h")["expr"]
    assert generators.stale(root, [slo.generate]) == []
    change(root / slo.OBJECTIVES / "order.yaml", "availability: 0.999", "availability: 0.98")
    assert "> 14.4 * 0.02\n" in alert(root, "AvailabilityBurnsFast", "1h")["expr"]
    assert "> 14.4 * 0.001\n" in alert(root, "AvailabilityBurnsFast", "1h", "user")["expr"]
    assert generators.stale(root, [slo.generate]) == [slo.TARGET]


def test_another_threshold_of_latency_counts_other_requests_as_slow(root):
    change(root / slo.OBJECTIVES / "order.yaml", "threshold_seconds: 0.25", "threshold_seconds: 1")
    [slow] = [rule for rule in rules(root) if rule.get("record") == "service:slow_requests:rate1m"]
    assert 'le="1"' in slow["expr"]
    assert "took more than 1 s" in alert(root, "LatencyBurnsFast", "1h")["annotations"]["description"]


def test_another_factor_changes_every_service(root):
    change(root / FILE, "factor: 6,", "factor: 7.5,")
    for service in ("order", "user"):
        assert "> 7.5 * 0.001\n" in alert(root, "AvailabilityBurnsFast", "6h", service)["expr"]


def test_a_new_service_gets_alerts_with_its_objectives(root):
    text = (root / slo.OBJECTIVES / "order.yaml").read_text()
    (root / slo.OBJECTIVES / "stock.yaml").write_text(text.replace("service: order", "service: stock"))
    own = rules(root, "stock")
    assert sum("alert" in rule for rule in own) == sum("alert" in rule for rule in rules(root))
    assert not [rule for rule in own if "order" in rule["expr"]]


def test_the_objectives_are_series_for_dashboards(root):
    found = {
        rule["labels"]["slo"]: rule["expr"] for rule in rules(root) if rule.get("record") == "service:objective:ratio"
    }
    assert found == {"availability": "vector(0.999)", "latency": "vector(0.95)"}


def test_a_burn_rate_that_nothing_can_reach_is_left_out(root):
    change(root / slo.OBJECTIVES / "order.yaml", "share: 0.95", "share: 0.9")
    windows = {rule["labels"]["window"] for rule in rules(root) if rule.get("alert", "").startswith("Latency")}
    assert windows == {"6h", "1d", "3d"}


# (which file, what stands in it, what instead, words of the complaint)
WRONG = {
    "no bound": ("order.yaml", "threshold_seconds: 0.25", "threshold_seconds: 0.3", "no bound at 0.3 s, only at"),
    "unknown field": ("order.yaml", "share: 0.95", "shares: 0.95", "objectives.latency.share: field required"),
    "another service": ("order.yaml", "service: order", "service: user", "the file is called order.yaml"),
    "no duration": (FILE.name, "long: 1h", "long: 1hour", "1hour is no duration"),
    "windows the wrong way round": (FILE.name, "short: 5m", "short: 2h", "2h is not shorter than 1h"),
    "no such severity": (FILE.name, "severity: page, factor: 6", "severity: mail, factor: 6", "burn_rates.1.severity"),
    "no YAML": (FILE.name, "burn_rates:", "burn_rates: [", "is no YAML"),
    "too rarely": (FILE.name, "evaluation_seconds: 15", "evaluation_seconds: 60", "evaluation_seconds"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_is_one_line_with_its_place(wrong, root):
    name, written, instead, words = WRONG[wrong]
    folder = root / slo.OBJECTIVES
    path = folder / "alerting" / name if name == FILE.name else folder / name
    change(path, written, instead)
    with pytest.raises((MonitoringError, DeliveryError)) as caught:
        slo.generate(root)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


def test_missing_burn_rates_are_named(root):
    (root / FILE).unlink()
    with pytest.raises(MonitoringError, match=r"burn-rates\.yaml is missing"):
        slo.generate(root)


def test_the_command_line_says_what_is_wrong_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["monitoring", "check"])
    monkeypatch.setattr(generators, "stale", lambda: ["observability/a.yaml"])
    with pytest.raises(SystemExit, match="1"):
        command.main()
    assert capsys.readouterr().err == "error: out of date: observability/a.yaml; run `python -m monitoring write`\n"


def test_writing_says_what_was_written(monkeypatch):
    monkeypatch.setattr(generators, "write", lambda: ["observability/a.yaml"])
    assert CliRunner().invoke(command.app, ["write"]).output == "wrote observability/a.yaml\n"
