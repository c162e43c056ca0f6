"""The real Jaeger with the platform's configuration: a trace is there after a restart."""

import json

import pytest
from tests.manifests.collecting import JAEGER, configuration, container_of
from tests.manifests.rendered import render
from tests.manifests.running import answers, get, on_loopback, post, program, running, spans_of, trace, until

TRACE = trace(1, http__route="/orders")
IDENTITY = spans_of(TRACE)[0]["traceId"]


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """The platform's configuration and its ports, with the volume in a folder; the environment is set."""
    for each in container_of(render(JAEGER), "jaeger")["env"]:
        monkeypatch.setenv(each["name"], each["value"])
    config, ports = on_loopback(configuration(render(JAEGER), "jaeger"))
    [backend] = config["extensions"]["jaeger_storage"]["backends"].values()
    backend["badger"]["directories"] = {"keys": f"{tmp_path}/data/keys", "values": f"{tmp_path}/data/values"}
    config["extensions"]["jaeger_query"].pop("ui")
    config["extensions"]["jaeger_query"]["grpc"] = {"endpoint": "127.0.0.1:0"}
    return config, ports


def spans(ports):
    """Return the spans that the API gives of the trace."""
    return json.loads(get(f"http://127.0.0.1:{ports[16686]}/api/traces/{IDENTITY}"))["data"][0]["spans"]


def test_a_trace_outlives_the_process(settings, tmp_path):
    binary = program("jaeger")
    config, ports = settings
    query = f"http://127.0.0.1:{ports[16686]}/api/traces/{IDENTITY}"
    with running(binary, config, tmp_path, f"http://127.0.0.1:{ports[13133]}/status"):
        assert not answers(query)
        post(f"http://127.0.0.1:{ports[4318]}/v1/traces", TRACE)
        until(lambda: answers(query), "the trace can be read")
        before = spans(ports)
    assert not answers(query)
    with running(binary, config, tmp_path, f"http://127.0.0.1:{ports[13133]}/status"):
        assert spans(ports) == before


def test_it_knows_the_service_and_no_other(settings, tmp_path):
    binary = program("jaeger")
    config, ports = settings
    api = f"http://127.0.0.1:{ports[16686]}/api"
    with running(binary, config, tmp_path, f"http://127.0.0.1:{ports[13133]}/status"):
        post(f"http://127.0.0.1:{ports[4318]}/v1/traces", TRACE)
        until(lambda: answers(f"{api}/traces/{IDENTITY}"), "the trace can be read")
        assert json.loads(get(f"{api}/services"))["data"] == ["order"]
