"""Ctrl-C and SIGKILL in the middle of a canary: no process is left, and traffic ends up on stable."""

import contextlib
import json
import os
import signal
import subprocess
import time

import psutil
import pytest
import requests

from cluster.client import Cluster
from cluster.errors import NotFound
from cluster.routing import Router

pytestmark = pytest.mark.timeout(400)

DEADLINE = 90


def wait_for(condition, what):
    deadline = time.monotonic() + DEADLINE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)
    return found


def processes_below(pid):
    """Return a process's children and theirs, zombies left out."""
    return {child for child in psutil.Process(pid).children(recursive=True) if alive(child)}


def alive(process):
    """Tell whether a process still runs; psutil knows a later one with the same id from it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.fixture
def cluster(drill_cluster):
    return Cluster.connect(drill_cluster.kubeconfig)


@pytest.fixture
def canary_under_way(drill_cluster, cluster, tmp_path):
    """A drill in a process of its own, at the moment when users meet the canary."""
    arguments = drill_cluster.command("drills", "run", "canary", "--reports", tmp_path)
    with (tmp_path / "output").open("w") as output:
        drill = subprocess.Popen(arguments, env=drill_cluster.environment, stdout=output, stderr=output)
    try:
        wait_for(lambda: Router(cluster).weights("order").get("canary"), "users on the canary")
        yield drill
    finally:
        drill.kill()
        drill.wait()


def assert_on_stable(cluster):
    assert Router(cluster).weights("order") == {"stable": 100, "canary": 0}
    with pytest.raises(NotFound):
        cluster.deployments.get("order-canary")
    answers = [requests.get(f"{cluster.gateway_url}/orders", timeout=5) for _ in range(30)]
    assert {(answer.status_code, answer.headers["X-App-Version"]) for answer in answers} == {(200, "v1")}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_drill_goes_back_reports_and_leaves_no_process(canary_under_way, cluster, tmp_path, number):
    drill = canary_under_way
    children = wait_for(lambda: processes_below(drill.pid), "the prober")
    drill.send_signal(number)
    assert drill.wait(DEADLINE) == 128 + number
    assert not [pid for pid in children if alive(pid)]
    assert_on_stable(cluster)
    report = json.loads((tmp_path / "canary-sound" / "report.json").read_text())
    assert (report["verdict"], report["outcome"]) == ("Error", "RolledBack")
    assert signal.Signals(number).name in report["reason"]


def test_after_a_kill_the_next_stage_puts_traffic_on_stable(canary_under_way, drill_cluster, cluster, tmp_path):
    drill = canary_under_way
    children = wait_for(lambda: processes_below(drill.pid), "the prober")
    os.kill(drill.pid, signal.SIGKILL)
    drill.wait(DEADLINE)
    wait_for(lambda: not any(alive(pid) for pid in children), "the end of the prober")
    assert not (tmp_path / "canary-sound" / "report.json").exists()
    drill_cluster.up()
    assert_on_stable(cluster)
