"""promtool and its tests: those written as files, and those that follow from the objectives."""

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
RULES = REPOSITORY / "observability" / "prometheus" / "rules"
OWN = REPOSITORY / ".tools" / "prometheus" / "bin"


def program(name):
    """Return the path of a program of Prometheus', as set up in the checkout or from PATH."""
    found = shutil.which(name, path=str(OWN)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is neither in {OWN} nor on PATH: run `make setup`")
    return found


def run(*arguments):
    """Run promtool; return whether it was content, and what it said."""
    command = [program("promtool"), *[str(argument) for argument in arguments]]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    return done.returncode == 0, done.stdout + done.stderr


def holds(folder, groups, *rules, interval="60s", order=()):
    """Let promtool try groups of tests over rule files."""
    content = {
        "rule_files": [str(path) for path in rules],
        "evaluation_interval": interval,
        "group_eval_order": list(order),
        "tests": groups,
    }
    path = folder / "test.yaml"
    path.write_text(yaml.safe_dump(content))
    return run("test", "rules", path)


def series(name, values, **labels):
    """Return one series as promtool wants it."""
    inside = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return {"series": f"{name}{{{inside}}}", "values": values}


def expects(expr, at, *wanted):
    """Return an expression with the samples that it has to give: pairs of labels and value."""
    samples = [{"labels": labels, "value": value} for labels, value in wanted]
    return {"expr": expr, "eval_time": at, "exp_samples": samples}


def alerts(rules=RULES):
    """Return every alert of every rule file: (file, rule)."""
    groups = [(path.name, group) for path in sorted(rules.glob("*.yaml")) for group in _groups(path)]
    return [(name, rule) for name, group in groups for rule in group["rules"] if "alert" in rule]


def _groups(path):
    return yaml.safe_load(path.read_text())["groups"]
