"""Services outside the mesh are reached directly, and spans say which pod they are from."""

import pytest

from embedded.kubelet import outside

SERVICES = {"otel-collector.observability:4318": "127.16.0.5:8090", "other.observability:80": "127.16.0.6:81"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://otel-collector.observability:4318", "http://127.16.0.5:8090"),
        ("http://otel-collector.observability.svc:4318/v1/traces", "http://127.16.0.5:8090/v1/traces"),
        ("http://otel-collector.observability.svc.cluster.local:4318", "http://127.16.0.5:8090"),
        (
            "a=http://other.observability:80,b=otel-collector.observability:4318",
            "a=http://127.16.0.6:81,b=127.16.0.5:8090",
        ),
        ("http://otel-collector.observability:43180", "http://otel-collector.observability:43180"),
        ("http://my-otel-collector.observability:4318", "http://my-otel-collector.observability:4318"),
        ("http://otel-collector.elsewhere:4318", "http://otel-collector.elsewhere:4318"),
        ("http://otel-collectorxobservability:4318", "http://otel-collectorxobservability:4318"),
    ],
)
def test_names_become_addresses(text, expected):
    assert outside.rewriter(SERVICES)(text) == expected


def test_without_such_services_nothing_changes():
    assert (
        outside.rewriter({})("http://otel-collector.observability:4318") == "http://otel-collector.observability:4318"
    )
    assert outside.hosts({}) == []


async def test_a_container_is_told_addresses_that_pass_the_proxy_by(make_node):
    node = make_node(proxy=lambda namespace: f"http://proxy-of-{namespace}:15001", outside=SERVICES)
    env = [{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://otel-collector.observability:4318"}]
    node.create(containers=[{"env": env}])
    await node.until(node.is_ready)
    values = (await node.ask())["env"]
    assert values["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.16.0.5:8090"
    assert values["NO_PROXY"] == values["no_proxy"] == "127.0.0.1,localhost,127.16.0.5,127.16.0.6"


async def test_a_container_can_say_which_pod_it_is_of(make_node):
    node = make_node()
    made = node.create()
    await node.until(node.is_ready)
    values = (await node.ask())["env"]
    attributes = dict(pair.split("=") for pair in values["OTEL_RESOURCE_ATTRIBUTES"].split(","))
    assert attributes == {
        "k8s.namespace.name": "shop",
        "k8s.pod.name": "web",
        "k8s.pod.uid": made["metadata"]["uid"],
        "k8s.container.name": "main",
    }
