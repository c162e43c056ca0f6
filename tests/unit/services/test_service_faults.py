"""Faults are seen when configured, absent when not, and never on probes and metrics."""

import time

import pytest
from tests.unit.services import support

from chassis.faults import SPARED


def slept(monkeypatch):
    naps = []
    monkeypatch.setattr(time, "sleep", naps.append)
    return naps


def test_no_fault_unless_configured(user, monkeypatch):
    naps = slept(monkeypatch)
    assert {user.get("/users").status_code for _ in range(50)} == {200}
    assert naps == []
    assert user.application.before_request_funcs == {}


def test_error_share_of_one_fails_every_request_but_no_probe(tmp_path):
    client = support.client("user", tmp_path, "v2", fault_error_share=1)
    answer = client.get("/users")
    assert answer.status_code == 500
    assert answer.json["type"] == "urn:problem:injected-fault"
    assert answer.headers["X-App-Version"] == "v2"
    assert {path: client.get(path).status_code for path in SPARED} == dict.fromkeys(SPARED, 200)
    assert client.get("/nothing").status_code == 500


def test_error_share_is_a_share(tmp_path):
    client = support.client("user", tmp_path, "v2", fault_error_share=0.2)
    failed = sum(client.get("/users").status_code == 500 for _ in range(1000))
    # Eight standard deviations on either side.
    assert 100 < failed < 300


def test_latency_is_added_to_its_share_but_to_no_probe(tmp_path, monkeypatch):
    naps = slept(monkeypatch)
    client = support.client("user", tmp_path, "v2", fault_latency_ms=400)
    assert client.get("/users").status_code == 200
    assert naps == [0.4]
    for path in SPARED:
        client.get(path)
    assert naps == [0.4]


def test_latency_share_leaves_the_others_fast(tmp_path, monkeypatch):
    naps = slept(monkeypatch)
    client = support.client("user", tmp_path, "v2", fault_latency_ms=400, fault_latency_share=0.5)
    for _ in range(200):
        client.get("/users")
    assert 30 < len(naps) < 170


def test_not_ready_serves_all_the_same(tmp_path):
    client = support.client("user", tmp_path, "v2", fault_not_ready=True)
    assert client.get("/readyz").status_code == 503
    assert client.get("/livez").status_code == 200
    assert client.get("/users").status_code == 200


@pytest.mark.parametrize("service", support.SERVICES)
def test_crash_on_start_ends_the_process_but_not_the_migration(tmp_path, service):
    crash = {"FAULT_CRASH_ON_START": "true", "APP_VERSION": "v2"}
    assert support.run(tmp_path, "-m", f"{support.package(service)}.migrate", **crash).returncode == 0
    done = support.run(tmp_path, *support.command(service)[1:], **crash, HTTP_HOST="127.0.0.1", HTTP_PORT="0")
    assert done.returncode == 1
    assert "FAULT_CRASH_ON_START" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
