"""Jaeger's manifests: traces stand on a volume for days, come from the collector only, and lead to their logs."""

import json
import re
from urllib.parse import unquote

import pytest
from tests.manifests.cluster_policies import databases_outlive_pods, foreign_images_are_pinned
from tests.manifests.collecting import both, configuration, container_of, targets, workload_of
from tests.manifests.network import Network
from tests.manifests.rendered import named, of_kind, pod_labels, pod_of

OBJECTS = both()
CONFIG = configuration(OBJECTS, "jaeger")
POD = pod_labels(workload_of(OBJECTS, "jaeger"))
COLLECTOR = pod_labels(workload_of(OBJECTS, "otel-collector"))
GRAFANA, STRANGER = {"app": "grafana"}, ("shop", {"app": "stranger"})


def badger(config=CONFIG):
    [backend] = config["extensions"]["jaeger_storage"]["backends"].values()
    return backend["badger"]


def mounts():
    """Return where the volumes of claims are mounted."""
    claims = {each["metadata"]["name"] for each in workload_of(OBJECTS, "jaeger")["spec"]["volumeClaimTemplates"]}
    return [each["mountPath"] for each in container_of(OBJECTS, "jaeger")["volumeMounts"] if each["name"] in claims]


def test_traces_stand_on_the_volume():
    [mount] = mounts()
    assert badger()["ephemeral"] is False
    assert {folder.startswith(f"{mount}/") for folder in badger()["directories"].values()} == {True}


def test_traces_are_kept_for_days_and_not_for_ever():
    hours = int(badger()["ttl"]["spans"].removesuffix("h"))
    assert hours % 24 == 0
    assert 1 <= hours // 24 <= 30


@pytest.mark.parametrize("policy", [databases_outlive_pods, foreign_images_are_pinned])
def test_it_is_kept_as_a_database_is(policy):
    assert list(policy(OBJECTS)) == []


def test_what_is_stored_is_what_is_asked_for():
    [storage] = CONFIG["extensions"]["jaeger_storage"]["backends"]
    assert CONFIG["extensions"]["jaeger_query"]["storage"] == {"traces": storage}
    assert CONFIG["exporters"]["jaeger_storage_exporter"] == {"trace_storage": storage}
    assert CONFIG["service"]["pipelines"]["traces"]["exporters"] == ["jaeger_storage_exporter"]


def test_the_collector_sends_to_where_it_listens():
    [(host, port)] = targets(configuration(OBJECTS, "otel-collector"))
    service = named(OBJECTS, "Service", host)
    assert service["spec"]["selector"].items() <= POD.items()
    assert f"0.0.0.0:{port}" == CONFIG["receivers"]["otlp"]["protocols"]["grpc"]["endpoint"]


def test_the_api_has_the_port_that_drills_ask():
    ports = [each["port"] for each in named(OBJECTS, "Service", "jaeger")["spec"]["ports"]]
    assert ports == [16686]
    assert CONFIG["extensions"]["jaeger_query"]["http"]["endpoint"] == "0.0.0.0:16686"


def test_it_makes_no_traces_of_itself():
    assert {"name": "OTEL_TRACES_SAMPLER", "value": "always_off"} in container_of(OBJECTS, "jaeger")["env"]


def test_a_trace_leads_to_its_log_lines():
    [data] = [b["data"] for b in of_kind(OBJECTS, "ConfigMap") if b["metadata"]["name"].startswith("jaeger-")]
    [link] = json.loads(data["ui.json"])["linkPatterns"]
    assert link["type"] == "traces"
    address, _hash, state = link["url"].partition("#")
    assert re.fullmatch(r"http://localhost:5601/app/discover", address)
    assert state.startswith("/view/requests-by-trace?")
    assert "query:'trace.id:\"#{traceID}\"'" in unquote(state)


def test_the_link_looks_as_far_back_as_traces_are_kept():
    [data] = [b["data"] for b in of_kind(OBJECTS, "ConfigMap") if b["metadata"]["name"].startswith("jaeger-")]
    days = re.search(r"from:now-(\d+)d", data["ui.json"])
    assert days is not None
    assert int(days[1]) * 24 == int(badger()["ttl"]["spans"].removesuffix("h"))


def test_its_configuration_is_where_it_looks_for_it():
    [mount] = [
        each["mountPath"] for each in container_of(OBJECTS, "jaeger")["volumeMounts"] if each["name"] == "config"
    ]
    assert container_of(OBJECTS, "jaeger")["args"] == [f"--config={mount}/jaeger.yaml"]
    assert CONFIG["extensions"]["jaeger_query"]["ui"]["config_file"] == f"{mount}/ui.json"


def test_it_gets_no_token():
    account = named(OBJECTS, "ServiceAccount", pod_of(workload_of(OBJECTS, "jaeger"))["serviceAccountName"])
    assert account["automountServiceAccountToken"] is False


FLOWS = [
    ("the collector writes", COLLECTOR, 4317, True),
    ("Grafana reads", GRAFANA, 16686, True),
    ("a drill's proxy reads", STRANGER, 16686, True),
    ("Prometheus counts", {"app": "prometheus"}, 8888, True),
    ("a service writes past the collector", ("shop", {"app": "order"}), 4318, False),
    ("Grafana writes", GRAFANA, 4317, False),
    ("a stranger counts", STRANGER, 8888, False),
]


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow[0])
def test_its_network(flow):
    _name, source, port, passes = flow
    assert Network(OBJECTS).lets(source, POD, port) == passes
