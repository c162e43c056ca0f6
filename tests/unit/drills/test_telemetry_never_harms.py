"""Whatever is the matter with the tools beside the shop, a drill comes to the same verdict and to an end.

The tools are real clients that meet real sockets; the shop is the fake one.
"""

import contextlib
import dataclasses
import io
import json
import os
import signal
import threading
from itertools import repeat

import pytest
from rich.console import Console
from tests.unit.cluster.fake_api import fake_api
from tests.unit.cluster.sick import EVERY_WAY, sick
from tests.unit.drills.fakes import TIMING, Shop, system

from cluster import ways
from cluster.client import Cluster
from cluster.elasticsearch import Elasticsearch
from cluster.grafana import Grafana
from cluster.jaeger import Jaeger
from cluster.prometheus import Prometheus
from drills import campaign, evidence_gathering
from drills.campaign import Campaign, Run
from drills.canary import Canary
from drills.evidence import Nothing, Telemetry
from drills.twins import TWINS
from drills.verdict import Limits

NAMES = ("PROMETHEUS", "JAEGER", "ELASTICSEARCH", "GRAFANA")


@pytest.fixture
def telemetry(tmp_path, monkeypatch):
    """Return the real clients of tools at these addresses."""
    monkeypatch.setattr(ways, "TIMEOUT", 0.2)
    monkeypatch.setattr("cluster.prometheus.TIMEOUT", 0.2)
    monkeypatch.setattr(ways, "MAX_BYTES", 100)
    with fake_api() as api:

        def made(urls):
            for name, url in zip(NAMES, urls, strict=True):
                monkeypatch.setenv(f"{name}_URL", url)
            cluster = Cluster.connect(api.kubeconfig(tmp_path)).aside()
            return Telemetry(Prometheus(cluster), Jaeger(cluster), Elasticsearch(cluster), Grafana(cluster))

        yield made


@pytest.fixture
def perform(tmp_path, monkeypatch):
    """Carry out one canary with these tools, and return the campaign, the signal and the report."""
    monkeypatch.setattr(evidence_gathering, "LIMIT_SECONDS", 1.0)

    def carry_out(telemetry, versions=dict, twin="errors"):
        whole = dataclasses.replace(system(Shop()), telemetry=telemetry, versions=versions)
        done = Campaign(whole, tmp_path, 200, Console(file=io.StringIO()), TIMING)
        number = done.carry_out([Run(Canary(), TWINS[twin], "order", Limits(slow_ms=250, hurt=1e6))])
        return done, number, json.loads((tmp_path / f"canary-{twin}" / "report.json").read_text())

    return carry_out


def assert_unharmed(report, number):
    assert (report["verdict"], report["outcome"], number) == ("Passed", "RolledBack", 0), report["reason"]
    assert report["requests"]["failed"] > 0
    assert all(source["reason"] and "\n" not in source["reason"] for source in report["evidence"]["sources"].values())
    assert all(each["trace_missing"] and each["logs_missing"] for each in report["evidence"]["requests"])


@pytest.mark.parametrize("how", EVERY_WAY)
def test_tools_that_are_ill_change_nothing(perform, telemetry, how):
    with sick(how) as url:
        _, number, report = perform(telemetry(repeat(url, 4)))
    assert_unharmed(report, number)
    states = {kind: source["state"] for kind, source in report["evidence"]["sources"].items()}
    assert states == dict.fromkeys(("metrics", "traces", "logs", "annotations"), "failed")


def test_no_tools_at_all_change_nothing(perform):
    _, number, report = perform(Telemetry())
    assert_unharmed(report, number)
    assert {source["state"] for source in report["evidence"]["sources"].values()} == {"absent"}


def test_tools_that_are_killed_in_the_middle_change_nothing(perform, telemetry):
    with contextlib.ExitStack() as tools:
        urls = [tools.enter_context(sick("nonsense")) for _ in NAMES]
        made = telemetry(urls)
        killing = dataclasses.replace(made, metrics=Killing(tools))
        _, number, report = perform(killing)
    assert_unharmed(report, number)


class Killing(Nothing):
    """Ends all other tools when it is asked: the evidence is being gathered then."""

    def __init__(self, tools):
        super().__init__("Prometheus")
        self._tools = tools

    def version(self):
        self._tools.close()
        raise ConnectionResetError("killed")


def test_bugs_of_our_own_change_nothing(perform, monkeypatch):
    monkeypatch.setattr(evidence_gathering, "gather", lambda *_args: {}["a bug"])
    _, number, report = perform(Telemetry())
    assert (report["verdict"], number) == ("Passed", 0)
    assert report["evidence"]["sources"]["traces"]["reason"] == "KeyError: 'a bug'"


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_gathering_ends_it_and_keeps_the_verdict(perform, monkeypatch, kind):
    over = threading.Event()
    monkeypatch.setattr(evidence_gathering, "LIMIT_SECONDS", 60.0)

    class Interrupted(Nothing):
        def version(self):
            os.kill(os.getpid(), kind)
            over.wait()

    _, number, report = perform(Telemetry(metrics=Interrupted("Prometheus")))
    over.set()
    assert (number, report["verdict"], report["outcome"]) == (kind, "Passed", "RolledBack")
    assert report["evidence"]["sources"]["traces"]["reason"] == f"interrupted by {kind.name}"


def test_after_an_interrupted_drill_nobody_is_asked(perform, monkeypatch):
    class Interrupting(campaign.Experiment):
        def run(self):
            super().run()
            self._record.signal, self._record.error = signal.SIGINT, "interrupted by SIGINT"

    monkeypatch.setattr(campaign, "Experiment", Interrupting)
    monkeypatch.setattr(evidence_gathering, "gather", lambda *_args: pytest.fail("was asked"))
    _, number, report = perform(Telemetry())
    assert (number, report["verdict"]) == (signal.SIGINT, "Error")
    assert report["evidence"]["sources"]["traces"]["reason"] == "interrupted by SIGINT"
