import time

import pytest
from tests.unit.delivery import rights
from tests.unit.delivery.shop import open_shop, steady
from tests.unit.delivery.simulation import envoy

from cluster import endpoints, health, wait
from cluster.transport import Transport
from delivery import capacity, starting
from delivery.counters.sources import ENVOY_REQUESTS, ENVOY_TIMES
from delivery.journal.pulse import Pulse
from delivery.judgement import Finding, Verdict
from delivery.planning import traffic


@pytest.fixture(autouse=True)
def no_patience(monkeypatch):
    """Nothing here changes by itself: whatever is waited for is there at once or never."""
    monkeypatch.setattr(endpoints, "PROPAGATION", 0.0)
    monkeypatch.setattr(endpoints, "ENDPOINTS_DEADLINE", 0.5)
    monkeypatch.setattr(wait, "LOOK_AGAIN", 0.05)
    monkeypatch.setattr(starting, "REACH_DEADLINE", 0.3)
    monkeypatch.setattr(capacity, "RETURN_DEADLINE", 0.3)
    monkeypatch.setattr(traffic, "PATIENCE", 0.0)
    monkeypatch.setitem(health.TOLERANCES, "CrashLoopBackOff", 0.1)
    for name in ("KUBECONTEXT", "NAMESPACE", "PROMETHEUS_URL", "CONFIRM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def silent_in_the_end(monkeypatch):
    """No heart goes on beating after its test."""
    started, start = [], Pulse.start

    def begin(pulse):
        started.append(pulse)
        start(pulse)

    monkeypatch.setattr(Pulse, "start", begin)
    yield
    for pulse in started:
        pulse.stop()


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    """No release asks for what the Role of the release Job does not grant: no fake API server would refuse it."""
    asked, request, watch = set(), Transport.request, Transport.watch

    def asking(transport, method, path, **more):
        asked.add(rights.needed(method, path))
        return request(transport, method, path, **more)

    def watching(transport, path, query):
        asked.add(rights.needed("GET", path, watching=True))
        return watch(transport, path, query)

    monkeypatch.setattr(Transport, "request", asking)
    monkeypatch.setattr(Transport, "watch", watching)
    yield asked
    assert asked - rights.granted() - rights.STAGING - {None} == set()


@pytest.fixture
def canary_shop(tmp_path, monkeypatch):
    with open_shop(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def blue_green_shop(tmp_path, monkeypatch):
    with open_shop(tmp_path, monkeypatch, blue_green=True) as found:
        yield found


class Constant:
    """A judge that has made up its mind: blind, or bribed."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def examine(self, evidence):
        return Finding(self.verdict, "made up")

    def smoke(self, answers, version):
        return Finding(self.verdict, "made up")


@pytest.fixture
def always():
    return Constant


def growing(query):
    """Answer as a Prometheus whose counters grow, so that there is something to look at."""
    now = time.time()
    if query == "time()":
        return {"resultType": "scalar", "result": [now, str(now)]}
    if query.endswith(f"[{traffic.REACH:g}s]"):
        return steady(now)
    values = [[now - age, str(round(1000 * (now - age)))] for age in (20, 1, 0)]
    kinds = [{"__name__": ENVOY_REQUESTS, "envoy_response_code": "200"}]
    kinds += [{"__name__": ENVOY_TIMES, "le": le} for le in ("250", "+Inf")]
    series = [envoy(track, **kind) for track in ("stable", "canary") for kind in kinds]
    return {"resultType": "matrix", "result": [{"metric": each, "values": values} for each in series]}


@pytest.fixture(name="traffic")
def growing_traffic():
    return growing
