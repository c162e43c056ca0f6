"""The release command in a process of its own: what it says is kept, and nothing of it is left."""

import contextlib
import os
import signal
import threading

import psutil
import pytest

from cluster.client import Cluster
from drills.chaos.process import Ended, ReleaseProcess, Releases
from drills.chaos.rules import Kill, Refuse, Rule


@pytest.fixture
def releases(api, tmp_path):
    """The release command before the fake API server, on which no release is under way."""
    api.put("/api/v1/namespaces/shop/services/order", {"spec": {"selector": {"app": "order"}}})
    (tmp_path / "upstream").mkdir()
    with Cluster.connect(api.kubeconfig(tmp_path / "upstream")) as cluster:
        yield Releases(cluster.upstream(), "embedded", "shop", "order", "canary", ("--weights", "10"))


def test_it_reaches_the_cluster_through_the_proxy_and_its_words_are_kept(releases, api):
    heard = []
    with releases.process(["abort", "order"], hear=heard.append) as process:
        ended = process.wait()
    assert (ended.status, ended.outcome, ended.killed) == (2, "", False)
    assert "under way" in ended.reason
    assert len(ended.complaints) == 1
    assert heard == ended.said
    assert api.tokens[-1] == "Bearer secret"


def test_the_options_go_into_the_command(releases):
    arguments = ["release", "order", "--image", "order:v2", "--strategy", "canary", "--weights", "10"]
    assert releases.release("order:v2") == arguments


def test_a_rule_kills_it(releases):
    with releases.process(["abort", "order"], [Rule(Kill(), path="/namespaces/shop/")]) as process:
        ended = process.wait()
    assert ended.killed
    assert ended.status == -signal.SIGKILL


def test_what_breaks_is_told(releases):
    events = []
    with releases.process(["abort", "order"], [Rule(Refuse(403), path="/version")], on_event=events.append) as process:
        assert "403" in process.wait().reason
    assert [event.action for event in events] == [Refuse(403)]


def test_one_that_does_not_end_is_killed_and_said_so(releases):
    with releases.process(["abort", "order"]) as process:
        os.killpg(process.pid, signal.SIGSTOP)
        ended = process.wait(seconds=0.2)
    assert ended.killed
    assert "did not end within" in ended.reason


def test_nothing_of_it_is_left_when_the_block_ends(releases):
    threads = threading.active_count()
    with contextlib.suppress(RuntimeError), releases.process(["abort", "order"]) as process:
        raise RuntimeError
    assert not psutil.pid_exists(process.pid)
    process.wait()
    assert threading.active_count() <= threads


def test_an_unknown_verb_is_no_outcome():
    ended = ReleaseProcess(["dance"]).wait()
    assert (ended.status, ended.outcome) == (2, "")


@pytest.mark.parametrize(
    ("ended", "outcome"),
    [
        (Ended(0, ["Promoted: good"]), "Promoted"),
        (Ended(1, ["RolledBack: bad"]), "RolledBack"),
        (Ended(2, ["Promoted: good"]), ""),
        (Ended(-9, ["Promoted: good"]), ""),
        (Ended(0, ["   1.0 s  start  "]), ""),
        (Ended(0), ""),
    ],
)
def test_an_outcome_needs_its_word_and_its_exit_status(ended, outcome):
    assert ended.outcome == outcome
