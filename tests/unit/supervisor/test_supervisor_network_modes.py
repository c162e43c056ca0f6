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
SEND = """
import json, os, urllib.request
endpoint = os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] + "/v1/traces"
span = {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "name": "x"}
body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
request = urllib.request.Request(endpoint, body, {"Content-Type": "application/json"})
print(urllib.request.urlopen(request, timeout=5).status, endpoint, flush=True)
"""
SERVICES = "/api/v1/namespaces/observability/services"
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


@pytest.mark.parametrize("network", [PER_POD, "shared"])
def test_what_a_pod_sends_and_says_is_found_by_the_names_of_any_cluster(make_cluster, monkeypatch, until, network):
    monkeypatch.setenv("EMBEDDED_NETWORK", network)
    cluster = make_cluster()
    cluster.up()
    env = [{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://otel-collector.observability:4318"}]
    cluster.create_pod("sender", command=["python", "-S", "-c", SEND], env=env, probe=None)
    query = {"query": {"term": {"kubernetes.pod.name": "sender"}}, "sort": [{"@timestamp": "asc"}]}
    search = f"{SERVICES}/elasticsearch:9200/proxy/logs-proving_ground-*/_search"
    hits = until(lambda: cluster.request(search, query)["hits"]["hits"])
    assert hits[0]["_source"]["message"].startswith("200 http://127.")
    trace = cluster.request(f"{SERVICES}/jaeger:16686/proxy/api/traces/0af7651916cd43dd8448eb211c80319c")
    assert trace["data"][0]["spans"][0]["operationName"] == "x"
    # Straight there, not through the proxy.
    access_log = cluster.state.folder / "envoy" / "access.log"
    assert not access_log.exists() or "/v1/traces" not in access_log.read_text()
