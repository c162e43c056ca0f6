"""The collector's manifests: what it is started with fits what it serves, sends to, keeps and may do."""

import re

import pytest
import yaml
from tests.manifests import collector_policies as policies
from tests.manifests.collecting import (
    COLLECTOR,
    both,
    config_files,
    configuration,
    container_of,
    listening,
    targets,
    workload_of,
)
from tests.manifests.network import Network
from tests.manifests.policies import pods_are_restricted, references_exist, resources_are_set, services_lead_to_pods
from tests.manifests.rendered import REPOSITORY, SERVICES, named, of_kind, pod_labels, pod_of, render

OBJECTS = both()
CONFIG = configuration(OBJECTS, "otel-collector")
SLOS = [yaml.safe_load(file.read_text()) for file in sorted((REPOSITORY / "observability/slo").glob("*.yaml"))]
THRESHOLDS = {slo["objectives"]["latency"]["threshold_seconds"] for slo in SLOS}
POD = pod_labels(workload_of(OBJECTS, "otel-collector"))
NODE = pod_labels(workload_of(OBJECTS, "otel-node"))
SERVICE, GATEWAY = ("shop", {"app": "order"}), ("istio-system", {"istio": "ingressgateway"})
PROMETHEUS, STRANGER = {"app": "prometheus"}, {"app": "stranger"}


def sampling(name, config=CONFIG):
    return next(each for each in config["processors"]["tail_sampling"]["policies"] if each["name"] == name)


@pytest.mark.parametrize("policy", policies.POLICIES, ids=lambda policy: policy.__name__)
def test_its_configuration_keeps_to_it(policy):
    assert list(policy(CONFIG)) == []


def pipeline(config, name="traces/all"):
    return config["service"]["pipelines"][name]


# (policy, how the configuration is broken, words of the complaint)
BREACHES = {
    "a processor that is not there": (
        policies.components_are_declared_and_used,
        lambda c: c["processors"].pop("batch"),
        "names batch, which is not declared",
    ),
    "a receiver for nothing": (
        policies.components_are_declared_and_used,
        lambda c: c["receivers"].update(zipkin={}),
        "zipkin is declared and not used",
    ),
    "no health": (
        policies.components_are_declared_and_used,
        lambda c: c["service"].update(extensions=[]),
        "not those started",
    ),
    "a dead end": (
        policies.connectors_lead_on,
        lambda c: pipeline(c)["exporters"].remove("forward/counted"),
        "forward/counted leads from []",
    ),
    "counted afterwards": (
        policies.everything_is_counted,
        lambda c: pipeline(c, "traces/kept")["exporters"].append("span_metrics"),
        "counts what sampling has left",
    ),
    "any amount": (
        policies.memory_is_limited_first,
        lambda c: pipeline(c)["processors"].remove("memory_limiter"),
        "more than the collector bears",
    ),
    "stored whole": (
        policies.nothing_gets_past_the_sampling,
        lambda c: pipeline(c)["exporters"].append("otlp_grpc/jaeger"),
        "stores every trace",
    ),
    "named too late": (
        policies.pods_are_named_before_they_are_forgotten,
        lambda c: pipeline(c)["processors"].insert(0, "batch"),
        "does not know whose spans",
    ),
    "named by nothing": (
        policies.pods_are_named_before_they_are_forgotten,
        lambda c: c["processors"]["k8s_attributes"].update(pod_association=[]),
        "not told by their connection",
    ),
    "tracks together": (
        policies.versions_are_one_series,
        lambda c: c["connectors"]["span_metrics"]["dimensions"].remove({"name": "track"}),
        "counted together",
    ),
    "pods apart": (
        policies.versions_are_one_series,
        lambda c: c["connectors"]["span_metrics"].pop("resource_metrics_key_attributes"),
        "hide each other",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_it_finds_its_breach(breach):
    policy, damage, words = BREACHES[breach]
    config = configuration(render(COLLECTOR), "otel-collector")
    damage(config)
    assert words in "; ".join(policy(config))


def test_every_policy_has_a_breach():
    assert {policy for policy, _damage, _words in BREACHES.values()} == set(policies.POLICIES)


def test_every_error_and_every_trace_beyond_an_objective_is_kept_and_a_share_of_the_rest():
    assert sampling("errors") == {
        "name": "errors",
        "type": "status_code",
        "status_code": {"status_codes": ["ERROR"]},
    }
    assert sampling("slow")["latency"] == {"threshold_ms": min(THRESHOLDS) * 1000}
    assert 0 < sampling("share")["probabilistic"]["sampling_percentage"] < 100


def test_durations_can_be_compared_with_the_objectives():
    buckets = CONFIG["connectors"]["span_metrics"]["histogram"]["explicit"]["buckets"]
    bounds = {float(text.removesuffix("ms")) / 1000 for text in buckets if text.endswith("ms")}
    assert bounds >= THRESHOLDS


def test_pods_give_their_spans_what_releases_are_told_apart_by():
    labels = {each["tag_name"] for each in CONFIG["processors"]["k8s_attributes"]["extract"]["labels"]}
    assert labels == {"app", "version", "track"}


@pytest.mark.parametrize("name", ["otel-collector", "otel-node", "jaeger"])
def test_its_ports_are_those_it_listens_on(name):
    ports = {port["containerPort"] for port in container_of(OBJECTS, name)["ports"]}
    assert ports == listening(configuration(OBJECTS, name))


@pytest.mark.parametrize("name", ["otel-collector", "otel-node"])
def test_it_sends_to_ports_of_services_that_exist(name):
    for host, port in targets(configuration(OBJECTS, name)):
        assert port in {each["port"] for each in named(OBJECTS, "Service", host)["spec"]["ports"]}


@pytest.mark.parametrize("name", ["otel-collector", "otel-node"])
def test_it_reads_every_file_of_its_configuration(name):
    [volume] = [each for each in pod_of(workload_of(OBJECTS, name))["volumes"] if "configMap" in each]
    data = named(OBJECTS, "ConfigMap", volume["configMap"]["name"])["data"]
    assert set(config_files(OBJECTS, name)) == set(data)


@pytest.mark.parametrize("name", SERVICES)
def test_services_find_it_under_the_name_that_they_are_given(name):
    service = named(OBJECTS, "Service", "otel-collector")
    ports = {each["name"]: each["port"] for each in service["spec"]["ports"]}
    found = f"http://otel-collector.{service['metadata']['namespace']}:{ports['http-otlp']}"
    settings = (REPOSITORY / "k8s/base" / name / "settings.env").read_text().splitlines()
    assert f"OTEL_EXPORTER_OTLP_ENDPOINT={found}" in settings


def test_a_trace_is_whole_before_it_is_decided_on():
    """The longest request, and the five seconds that a proxy may keep its spans."""
    routes = named(render(REPOSITORY / "k8s/overlays/kind"), "VirtualService", "order")["spec"]["http"]
    longest = max(float(route["timeout"].removesuffix("s")) for route in routes)
    assert float(CONFIG["processors"]["tail_sampling"]["decision_wait"].removesuffix("s")) > longest + 5


@pytest.mark.parametrize("policy", [pods_are_restricted, resources_are_set, references_exist, services_lead_to_pods])
def test_its_pods_keep_to_what_those_of_the_shop_do(policy):
    as_deployments = [body | {"kind": "Deployment"} if body["kind"] == "DaemonSet" else body for body in OBJECTS]
    assert list(policy(as_deployments)) == []


def test_it_may_look_at_what_it_counts_and_touch_nothing():
    [collector] = [b for b in of_kind(OBJECTS, "ClusterRole") if b["metadata"]["name"].endswith("collector")]
    assert {verb for rule in collector["rules"] for verb in rule["verbs"]} == {"list", "watch"}
    resources = {resource for rule in collector["rules"] for resource in rule["resources"]}
    assert not resources & {"secrets", "configmaps", "*"}


def test_a_kubelet_is_shown_a_token_that_opens_its_figures_only():
    role = named(OBJECTS, "ClusterRole", "proving-ground-otel-node")
    assert role["rules"] == [{"apiGroups": [""], "resources": ["nodes/stats"], "verbs": ["get"]}]


FLOWS = [
    ("spans of a service", SERVICE, POD, 4318, True),
    ("spans of a gateway", GATEWAY, POD, 4317, True),
    ("figures of nodes", NODE, POD, 4317, True),
    ("Prometheus", PROMETHEUS, POD, 8889, True),
    ("Prometheus, of itself", PROMETHEUS, POD, 8888, True),
    ("figures for a stranger", STRANGER, POD, 8889, False),
    ("figures for a stranger elsewhere", ("shop", STRANGER), POD, 8888, False),
]


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow[0])
def test_its_network(flow):
    _name, source, target, port, passes = flow
    assert Network(OBJECTS).lets(source, target, port) == passes


def test_prometheus_reads_both_of_its_ports_and_leaves_the_labels_alone():
    prometheus = render(REPOSITORY / "observability/prometheus")
    data = next(b for b in of_kind(prometheus, "ConfigMap") if "prometheus.yaml" in b["data"])["data"]
    [job] = [
        each
        for each in yaml.safe_load(data["prometheus.yaml"])["scrape_configs"]
        if each["job_name"] == "otel-collector"
    ]
    [keep] = job["relabel_configs"]
    names = [port["name"] for port in container_of(OBJECTS, "otel-collector")["ports"]]
    assert [name for name in names if re.fullmatch(keep["regex"], f"Running;{name}")] == ["metrics-own", "metrics"]
    assert keep["action"] == "keep"
    [selector] = job["kubernetes_sd_configs"][0]["selectors"]
    assert selector["label"] == f"app={POD['app']}"


def test_no_other_job_reads_it_again():
    metadata = workload_of(OBJECTS, "otel-collector")["spec"]["template"]["metadata"]
    assert "prometheus.io/scrape" not in metadata.get("annotations", {})
