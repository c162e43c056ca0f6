"""Both kinds of network: a pod reaches another one under its Service's name, through Envoy."""

import sys

import pytest

CALL = """
import os, time, urllib.request
while True:
    try:
        print(urllib.request.urlopen("http://web:8080/", timeout=5).status, flush=True)
        time.sleep(600)
    except OSError:
        time.sleep(0.1)
"""
PER_POD = pytest.param("per-pod", marks=pytest.mark.skipif(sys.platform != "linux", reason="needs 127.0.0.0/8"))


@pytest.mark.parametrize("network", [PER_POD, "shared"])
def test_a_pod_reaches_another_one_by_the_name_of_its_service(make_cluster, monkeypatch, until, network):
    monkeypatch.setenv("EMBEDDED_NETWORK", network)
    cluster = make_cluster()
    cluster.up()
    for name in ("web", "other"):
        cluster.create_service(name)
        cluster.create_pod(name)
    cluster.create_pod("caller", command=["python", "-S", "-c", CALL], probe=None)
    log = cluster.state.logs / "default" / "caller" / "main" / "0.log"
    assert until(lambda: log.exists() and log.read_text()) == "200\n"
