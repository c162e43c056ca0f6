"""The command line: what is run, what is written, and the exit status."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from tests.unit.drills.fakes import TIMING, FakeRollout, Shop, system

from drills import __main__ as commands
from drills import campaign, laboratory
from drills.verdict import Limits

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def drills(monkeypatch, tmp_path):
    """Run the command line on a fake shop and return the exit status."""
    monkeypatch.setattr(laboratory, "limits", lambda *_args: Limits(slow_ms=250, hurt=1e6))
    monkeypatch.setattr(campaign, "Timing", lambda: TIMING)

    def call(*arguments, rollout=FakeRollout):
        monkeypatch.setattr(laboratory, "connect", lambda *_args: system(Shop(), rollout))
        monkeypatch.setattr(sys, "argv", ["drills", *arguments, *(["--reports", str(tmp_path)] if arguments else [])])
        with pytest.raises(SystemExit) as exit_:
            commands.main()
        return exit_.value.code

    return call


def verdicts(folder):
    return {path.parent.name: json.loads(path.read_text())["verdict"] for path in folder.glob("*/report.json")}


def test_all_runs_every_drill_with_every_release(drills, tmp_path, capsys):
    assert drills("all") == 0
    assert len(verdicts(tmp_path)) == 12
    assert set(verdicts(tmp_path).values()) == {"Passed"}
    assert len(ET.parse(tmp_path / "junit.xml").getroot()[0]) == 12
    assert "canary-crash" in capsys.readouterr().out


def test_all_can_be_narrowed_down(drills, tmp_path):
    assert drills("all", "--only", "blue-green-route") == 0
    assert set(verdicts(tmp_path)) == {f"blue-green-route-{twin}" for twin in ("sound", "errors", "slow", "crash")}


def test_the_last_line_names_the_page_of_one_drill(drills, tmp_path, capsys):
    drills("run", "canary", "--twin", "errors")
    page = tmp_path / "canary-errors" / "report.html"
    assert capsys.readouterr().out.splitlines()[-1] == f"Report: {page.as_uri()}"
    assert "RolledBack" not in page.read_text().partition("<main")[0]  # it is told in words
    assert "canary-errors/report.html" in (tmp_path / "index.html").read_text()


def test_the_last_line_names_the_index_over_several_drills(drills, tmp_path, capsys):
    drills("all", "--only", "canary")
    assert capsys.readouterr().out.splitlines()[-1] == f"Report: {(tmp_path / 'index.html').as_uri()}"
    assert len(list(tmp_path.glob("canary-*/report.html"))) == 4


def test_a_page_that_cannot_be_drawn_costs_no_verdict(drills, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("drills.html.page.render", lambda run: 1 / 0)
    drills("run", "canary")
    assert set(verdicts(tmp_path)) == {"canary-sound"}
    assert "no page" in capsys.readouterr().out


def test_a_drill_that_does_not_pass_is_exit_one(drills, tmp_path):
    class Blind(FakeRollout):
        def _judgement(self, good, *samples):
            return super()._judgement(True, *samples)

    assert drills("run", "canary", "--twin", "errors", rollout=Blind) == 1
    assert verdicts(tmp_path) == {"canary-errors": "Failed"}


def test_an_interrupted_run_reports_what_there_is(drills, tmp_path):
    class Interrupted(FakeRollout):
        def switch(self):
            os.kill(os.getpid(), signal.SIGTERM)

    assert drills("all", rollout=Interrupted) == 143
    assert verdicts(tmp_path) == {"blue-green-sound": "Error"}
    suite = ET.parse(tmp_path / "junit.xml").getroot()[0]
    assert (suite.get("errors"), suite.get("skipped")) == ("1", "11")


def test_an_old_verdict_does_not_outlive_a_new_start(drills, tmp_path):
    assert drills("run", "canary") == 0

    class Killed(FakeRollout):
        def start(self, image):
            assert verdicts(tmp_path) == {}
            assert not (tmp_path / "canary-sound" / "report.html").exists()
            assert "Not every drill passed" in (tmp_path / "index.html").read_text()
            super().start(image)

    assert drills("run", "canary", rollout=Killed) == 0


def test_the_picture_is_drawn_on_request(drills, tmp_path):
    assert drills("run", "canary", "--record", str(tmp_path / "demo.svg")) == 0
    assert (tmp_path / "demo.svg").exists()


def drills_process(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "drills", *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts"), **environment},
        check=False,
    )


def test_the_list_names_drills_and_releases():
    listed = drills_process("list").stdout
    assert all(name in listed for name in ("blue-green: ", "canary: ", "--twin sound", "--twin crash"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "canary", "--kubeconfig", "/nowhere/kubeconfig"), "/nowhere/kubeconfig"),
        (("run", "canary", "--service", "warehouse"), "warehouse"),
    ],
)
def test_what_cannot_be_done_is_one_line(arguments, said, tmp_path):
    result = drills_process(*arguments, "--reports", str(tmp_path))
    assert result.returncode == 2
    assert result.stderr.startswith("drills: ")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_unknown_drill_is_named():
    result = drills_process("run", "bluegreen")
    assert result.returncode == 2
    assert "bluegreen" in result.stderr
