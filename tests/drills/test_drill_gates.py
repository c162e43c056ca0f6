"""Every gate bites: what is broken on purpose is not passed."""

import contextlib
import dataclasses
import socket
import threading
from urllib.parse import urlsplit

import pytest

from cluster.client import Cluster
from delivery.judge.sequential import SequentialJudge
from delivery.judgement import Finding, Verdict
from delivery.rollout import Rollout
from delivery.slo import load_slo
from drills.probes import Plan, Prober

pytestmark = pytest.mark.timeout(400)

SIGHT = Finding(Verdict.PASSED, "nothing to be seen")


class Blind:
    """A judge that passes whatever it is shown."""

    def examine(self, evidence):
        return SIGHT

    def smoke(self, answers, version):
        return SIGHT


class Shortsighted(SequentialJudge):
    """A judge that sees nothing before users meet the release."""

    def smoke(self, answers, version):
        return SIGHT


class Skipping(Rollout):
    """A release whose switch does not patch the selector."""

    def switch(self):
        self._strategy.move = lambda *_: None
        super().switch()


@pytest.fixture
def with_rollout(drill_cluster):
    """Return the system with another way of making rollouts."""

    def make(kind=Rollout, **parts):
        cluster = Cluster.connect(drill_cluster.kubeconfig)
        return dataclasses.replace(
            drill_cluster.system(), rollout=lambda service, strategy: kind(cluster, service, strategy, **parts)
        )

    return make


def test_a_blinded_judge_fails_the_faulty_canary(perform, with_rollout):
    done = perform("canary", "errors", with_rollout(judge=Blind()))
    assert (done.ruling.verdict, done.record.outcome) == ("Failed", "Promoted"), done.ruling.reason


def test_a_switch_that_is_skipped_is_no_sound_blue_green(perform, with_rollout):
    """The release itself sees that the selector is not what it asked for, goes back, and nothing has been proved."""
    done = perform("blue-green", "sound", with_rollout(Skipping))
    assert (done.ruling.verdict, done.record.outcome) == ("Inconclusive", "RolledBack"), done.ruling.reason
    assert "where the new version should have 100 %" in done.ruling.reason


def test_a_release_that_is_bad_only_after_the_switch_is_taken_back(perform, with_rollout):
    """The drill fails, for users were to be spared; but they are back on stable, and none is hurt any more."""
    done = perform("blue-green", "errors", with_rollout(judge=Shortsighted(load_slo("order"))))
    record = done.record
    assert (done.ruling.verdict, record.outcome) == ("Failed", "RolledBack"), done.ruling.reason
    assert "too late" in done.ruling.reason
    tail = record.between(record.settled_s, record.returning_s)
    assert tail
    assert not any(sample.failed or sample.version == "v2" for sample in tail)


class Wire:
    """A way to the gateway that can be cut."""

    def __init__(self, gateway):
        self._gateway = (urlsplit(gateway).hostname, urlsplit(gateway).port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = {self._listener}
        threading.Thread(target=self._accept, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def cut(self):
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self):
        while True:
            try:
                user, _ = self._listener.accept()
                shop = socket.create_connection(self._gateway)
            except OSError:
                return
            self._open |= {user, shop}
            for source, sink in ((user, shop), (shop, user)):
                threading.Thread(target=self._carry, args=(source, sink), daemon=True).start()

    def _carry(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Cuts:
    """The ways in which the prober's traffic can be cut, ready for one drill."""

    def __init__(self, gateway, how):
        self._how = how
        self._gateway = gateway
        self._wires = []
        self._probers = []

    def prober(self, service):
        wire = Wire(self._gateway)
        self._wires.append(wire)
        self._probers.append(Prober(Plan(wire.url)))
        return self._probers[-1]

    def cut(self):
        if self._how == "the prober":
            self._probers[-1]._process.kill()
        else:
            self._wires[-1].cut()

    def close(self):
        for wire in self._wires:
            wire.cut()


@pytest.mark.parametrize("how", ["the wire", "the prober"])
def test_traffic_that_is_cut_is_inconclusive(drill_cluster, perform, how):
    cluster = Cluster.connect(drill_cluster.kubeconfig)
    cuts = Cuts(cluster.gateway_url, how)

    class Cutting(Rollout):
        def shift(self, canary):
            super().shift(canary)
            cuts.cut()

    changed = dataclasses.replace(
        drill_cluster.system(),
        prober=cuts.prober,
        rollout=lambda service, strategy: Cutting(cluster, service, strategy),
    )
    done = perform("canary", "sound", changed, tries=1)
    cuts.close()
    assert done.ruling.verdict == "Inconclusive", done.ruling.reason
