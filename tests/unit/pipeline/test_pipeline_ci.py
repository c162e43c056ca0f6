"""The pipeline on a laptop: what failed stops it, and what could not be made is said and never counted as passed."""

import os
import subprocess

import pytest
from tests.unit.pipeline.conftest import REPOSITORY, stopped

from pipeline import ci, steps
from pipeline.errors import RefusedError
from pipeline.steps import Step

MAKE = """#!/bin/sh
case "$2" in
  drills) echo "canary-errors: Failed"; echo "error: the drill canary-errors is Failed" >&2; exit 1;;
  types) echo "found 1 error"; echo "make: *** [Makefile:9: types] Error 1"; exit 1;;
esac
"""


@pytest.fixture
def make(programs):
    (programs / "make").write_text(MAKE)
    (programs / "make").chmod(0o755)
    return str(programs / "make")


def test_a_failing_step_stops_it_and_the_others_are_made(make, checkout):
    said = []
    results = ci.run([Step("types"), Step("drills"), Step("lint")], said.append, make)
    assert [result.word for result in results] == [ci.FAILED, ci.FAILED, ci.PASSED]
    assert results[0].reason.startswith("found 1 error (all of it: reports/ci/types.log")
    assert results[1].reason.startswith("error: the drill canary-errors is Failed")
    assert said[0].startswith("[1/3] make types ... ")


def test_what_cannot_be_made_here_is_said_and_not_counted(make, checkout, monkeypatch):
    monkeypatch.setitem(steps.NEEDS, "docker", lambda: "Docker is missing: install it")
    results = ci.run([Step("lint"), Step("scan", needs=("docker", "syft"))], lambda _line: None, make)
    lines = ci.table(results)
    assert lines[1].split("  ")[-1].strip() == "left out: Docker is missing: install it"
    assert lines[-1].startswith("1 passed, 0 failed, 1 left out;")
    assert len([line for line in lines if "left out: " in line]) == 1 + len(steps.MAIN_ONLY)


def test_its_exit_status_is_that_of_its_steps(pipeline, make):
    assert pipeline("ci", ONLY="lint").returncode == 0
    done = pipeline("ci", ONLY="lint types")
    assert done.returncode == 1
    assert "1 passed, 1 failed, 0 left out" in done.stdout


def test_a_step_that_is_none_is_refused(pipeline, make):
    assert stopped(pipeline("ci", ONLY="lints"), 1, "lints is no step", "lint, types, workflows")
    with pytest.raises(RefusedError):
        ci.chosen(["publish"])


def test_each_need_can_be_missing(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("OSV_URL", "http://127.0.0.1:9/v1/query")
    for step in steps.STEPS:
        assert bool(steps.missing(step)) is bool(step.needs), step
    assert "packages were not audited" in steps.missing(Step("audit", needs=("advisories",)))


PYTHON = """#!/bin/sh
echo "$@" >> {asked}
case "$*" in "-m drills all"*) exit {status};; esac
"""


@pytest.mark.parametrize("status", [0, 1])
def test_a_failing_drill_stops_the_target(tmp_path, status):
    """The Makefile itself, with a Python that only acts."""
    program = tmp_path / "python"
    program.write_text(PYTHON.format(asked=tmp_path / "asked", status=status))
    program.chmod(0o755)
    command = ["make", "drills", f"PY={program}", f"PYTHON={program}", f"STATE={tmp_path}/state"]
    done = subprocess.run(command, cwd=REPOSITORY, env=os.environ | {"MAKEFLAGS": ""}, capture_output=True, text=True)
    assert bool(done.returncode) is bool(status), done.stderr
    assert "-m drills all --overlay embedded" in (tmp_path / "asked").read_text()
