"""The real collector with the platform's configuration: what it keeps, what it counts, what it calls things."""

import re
import subprocess

import pytest
from tests.manifests.collecting import COLLECTOR, config_files, configuration
from tests.manifests.rendered import render
from tests.manifests.running import attributes, get, on_loopback, post, program, running, sink, spans_of, trace, until

REST = 100
HALF = REST // 2
POSTED = REST + 5


def settings(store, *, keep=True):
    """Return the platform's configuration without what needs a cluster, storing traces at an address."""
    config, ports = on_loopback(configuration(render(COLLECTOR), "otel-collector"))
    config["receivers"].pop("k8s_cluster")
    config["exporters"]["otlphttp"] = {"traces_endpoint": f"{store}/v1/traces", "encoding": "json"}
    config["exporters"]["otlphttp"]["compression"] = "none"
    config["exporters"].pop("otlp_grpc/jaeger")
    config["processors"]["tail_sampling"]["decision_wait"] = "1s"
    if not keep:
        config["processors"]["tail_sampling"]["policies"] = config["processors"]["tail_sampling"]["policies"][-1:]
    for pipeline in config["service"]["pipelines"].values():
        pipeline["receivers"] = [each for each in pipeline["receivers"] if each != "k8s_cluster"]
        pipeline["exporters"] = [each.replace("otlp_grpc/jaeger", "otlphttp") for each in pipeline["exporters"]]
        pipeline["processors"] = [each for each in pipeline["processors"] if not each.startswith("k8s_attributes")]
    config["processors"] = {k: v for k, v in config["processors"].items() if not k.startswith("k8s_attributes")}
    return config, ports


KEPT = {
    "error": trace(REST + 1, error=True, http__response__status_code=500),
    "slow": trace(REST + 2, milliseconds=251),
    "503 of a proxy": trace(REST + 3, http__status_code="503"),
    "asked for": trace(REST + 5, state="proving-ground=keep"),
}
PROBE = trace(REST + 4, error=True, url__path="/readyz", http__response__status_code=503)


class Ran:
    """What a collector made of the traces: which it stored, what it counted, and what it gave as examples."""

    def __init__(self):
        self.stored, self.counted, self.exemplars = set(), "", ""


def send(ports):
    """Send every trace, half of the rest by one pod and half by another, and a figure of a pod."""
    intake = f"http://127.0.0.1:{ports[4318]}/v1"
    for number in range(1, REST + 1):
        pod = {"k8s__pod__name": "a" if number <= HALF else "b"}
        post(f"{intake}/traces", trace(number, resource=pod, http__route="/orders"))
    for each in (*KEPT.values(), PROBE):
        post(f"{intake}/traces", each)
    post(f"{intake}/metrics", FIGURE)


def look(ports, ran):
    """Take what is counted, and the examples when they are there: they last until the next counts."""
    figures = f"http://127.0.0.1:{ports[8889]}/metrics"
    ran.counted, text = get(figures), get(figures, "application/openmetrics-text; version=1.0.0")
    ran.exemplars = text if "trace_id" in text else ran.exemplars
    return ran.exemplars and sum(calls(ran.counted)) == POSTED - 1


def decided(ports):
    text = get(f"http://127.0.0.1:{ports[8888]}/metrics")
    counts = re.findall(r"^otelcol_processor_tail_sampling_global_count_traces_sampled\{.*\} (\d+)", text, re.MULTILINE)
    return sum(map(int, counts)) == POSTED - 1


def run(folder, *, keep=True):
    """Send the traces through a collector and return what became of them."""
    binary, ran = program("otelcol-contrib"), Ran()
    with sink() as (store, stored):
        config, ports = settings(store, keep=keep)
        with running(binary, config, folder, f"http://127.0.0.1:{ports[13133]}/"):
            send(ports)
            until(lambda: decided(ports), "it has decided on every trace")
            until(lambda: look(ports, ran), "it has counted every span once and gives examples")
        ran.stored = set(stored)  # all of it: a collector that ends sends what it has
    return ran


FIGURE = {
    "resourceMetrics": [
        {
            "resource": {
                "attributes": attributes(
                    k8s__namespace__name="shop", k8s__pod__name="a", k8s__container__name="order", k8s__pod__uid="1"
                )
            },
            "scopeMetrics": [
                {
                    "metrics": [
                        {
                            "name": "container.memory.working_set",
                            "unit": "By",
                            "gauge": {"dataPoints": [{"asInt": "7", "timeUnixNano": "1"}]},
                        }
                    ]
                }
            ],
        }
    ]
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    return run(tmp_path_factory.mktemp("collector"))


def identity(body):
    return spans_of(body)[0]["traceId"]


def calls(text, labels=""):
    """Return the counts of calls, one for each series that has these labels."""
    found = re.findall(rf"^traces_span_metrics_calls_total\{{.*{labels}.*\}} (\d+)", text, re.MULTILINE)
    return [int(count) for count in found]


@pytest.mark.parametrize("what", KEPT)
def test_what_somebody_will_look_for_is_kept(ran, what):
    assert identity(KEPT[what]) in ran.stored


def test_of_the_rest_a_share_is_kept(ran):
    kept = ran.stored & {identity(trace(number)) for number in range(1, REST + 1)}
    assert 0 < len(kept) < REST // 4


def test_probes_are_neither_kept_nor_counted(ran):
    assert identity(PROBE) not in ran.stored
    assert sum(calls(ran.counted)) == POSTED - 1


def test_everything_is_counted_once_for_all_pods_of_a_version(ran):
    assert calls(ran.counted, 'http_route="/orders"') == [REST]


def test_counts_tell_versions_and_tracks_apart_and_show_an_example(ran):
    [line] = re.findall(r'^traces_span_metrics_calls_total\{.*http_route="/orders".*$', ran.counted, re.MULTILINE)
    assert {'service_name="order"', 'service_version="v1"', 'track="stable"'} <= set(re.findall(r'\w+="[^"]*"', line))
    assert "pod=" not in line
    assert re.search(r"traces_span_metrics_duration_seconds_bucket.* # \{.*trace_id=", ran.exemplars)


def test_a_503_of_a_proxy_is_an_error_in_the_services_words(ran):
    assert re.search(r'http_response_status_code="503".*status_code="STATUS_CODE_ERROR"', ran.counted)


def test_figures_of_pods_bear_prometheus_own_labels(ran):
    assert re.findall(r"^container_memory_working_set_bytes\{(.*)\} 7", ran.counted, re.MULTILINE) == [
        'container="order",namespace="shop",pod="a"'
    ]


def test_without_its_policies_they_would_be_lost(tmp_path):
    """It is the policies that keep them, not luck."""
    assert not {identity(each) for each in KEPT.values()} & run(tmp_path, keep=False).stored


@pytest.mark.parametrize("name", ["otel-collector", "otel-node"])
def test_the_real_collector_reads_the_configuration_as_it_stands(name, tmp_path):
    """But for the account of the node's collector, which is looked for when the configuration is read."""
    binary = program("otelcol-contrib")
    arguments = []
    for file, text in config_files(render(COLLECTOR), name).items():
        (tmp_path / file).write_text(text.replace("auth_type: serviceAccount", "auth_type: none"))
        arguments.append(f"--config={tmp_path}/{file}")
    done = subprocess.run([binary, "validate", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
