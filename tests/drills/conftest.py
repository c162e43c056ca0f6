"""One embedded cluster for all drill tests, with the shop on it."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from drills import laboratory
from drills.__main__ import EVERY
from drills.campaign import Campaign, Run
from drills.experiment import Timing
from drills.twins import TWINS

REPOSITORY = Path(__file__).resolve().parents[2]
# Where a machine is busy with other things, fewer users a second may still be served in time.
RATE = float(os.environ.get("DRILL_RATE", "200"))
# The tests are about verdicts, not about how many requests back them.
TIMING = Timing(steady=2.0, tail=2.0, sound=0.0, again=1.0)


class DrillCluster:
    """An embedded cluster in a folder of its own, driven by the commands that users have."""

    def __init__(self, state):
        self.state = state
        self.kubeconfig = state / "kubeconfig"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in ("GATEWAY_URL", "PROMETHEUS_URL")},
            "PYTHONPATH": os.pathsep.join(str(REPOSITORY / root) for root in ("services", "scripts")),
            "KUBECONFIG": str(self.kubeconfig),
        }

    def command(self, *arguments):
        return [sys.executable, "-m", *map(str, arguments)]

    def call(self, *arguments):
        done = subprocess.run(
            self.command(*arguments), cwd=REPOSITORY, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{' '.join(map(str, arguments))}: {done.stdout}{done.stderr}"

    def up(self):
        """Do what `make up` does."""
        self.call("embedded", "up", "--state", self.state)
        self.call("cluster", "stage", "k8s/overlays/embedded")

    def down(self):
        self.call("embedded", "down", "--state", self.state)

    def system(self):
        """Return the system that drills act on; tests replace parts of it."""
        return laboratory.connect(self.kubeconfig, None, "embedded", RATE)


@pytest.fixture(scope="session")
def drill_cluster(tmp_path_factory):
    cluster = DrillCluster(tmp_path_factory.mktemp("drills") / "state")
    try:
        cluster.up()
        yield cluster
    finally:
        cluster.down()


@pytest.fixture
def perform(drill_cluster, tmp_path):
    """Carry out one drill, on the real system or on one with another part in it, and return what came of it.

    Where the machine was too busy for the prober to keep its rate nothing was learned, and the drill is done once more.
    """

    def carry_out(drill, twin, system=None, tries=2):
        console = Console(file=io.StringIO(), width=200)
        limits = laboratory.limits(EVERY[drill], twin, "order", RATE)
        campaign = Campaign(system or drill_cluster.system(), tmp_path, RATE, console, TIMING)
        for _ in range(tries):
            campaign.carry_out([Run(EVERY[drill], TWINS[twin], "order", limits)])
            schedule = campaign.done[-1].record.schedule
            if schedule and schedule.kept:
                break
        print(console.file.getvalue())  # noqa: T201 - pytest shows it when a test fails
        return campaign.done[-1]

    return carry_out
