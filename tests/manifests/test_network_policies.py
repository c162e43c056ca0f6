"""The network lets through what the platform needs, and nothing else."""

import pytest
from tests.manifests.network import Network
from tests.manifests.rendered import CLUSTER_OVERLAYS, SERVICES, named, of_kind, overlay, pod_labels, render

KIND = overlay("kind")
STABLE = {name: pod_labels(named(KIND, "Deployment", name)) for name in SERVICES}
USER, ORDER = STABLE["user"], STABLE["order"]
CANARY = {**ORDER, "track": "canary", "version": "v2"}
MIGRATION = pod_labels(named(KIND, "Job", "order-migrate"))
POSTGRES = pod_labels(named(KIND, "StatefulSet", "postgres"))
STRANGER = {"app": "stranger"}
GATEWAY = ("istio-system", {"istio": "ingressgateway"})
ISTIOD = ("istio-system", {"app": "istiod"})
DNS = ("kube-system", {"k8s-app": "kube-dns"})
PROMETHEUS = ("observability", {"app": "prometheus"})
COLLECTOR = ("observability", {"app": "otel-collector"})
API_SERVER = ("kube-system", {"component": "kube-apiserver"})
SERVING = {**STABLE, "canary": CANARY}
PODS = {**SERVING, "migration": MIGRATION, "postgres": POSTGRES}

NEEDED = [
    *((f"gateway to {name}", GATEWAY, pod, 8080) for name, pod in SERVING.items()),
    ("order to user", ORDER, USER, 8080),
    ("canary to user", CANARY, USER, 8080),
    *((f"{name} to postgres", pod, POSTGRES, 5432) for name, pod in PODS.items() if name != "postgres"),
    *((f"{name} to istiod", pod, ISTIOD, 15012) for name, pod in PODS.items()),
    *((f"{name} to DNS", pod, DNS, 53) for name, pod in PODS.items()),
    *(
        (f"Prometheus to {name}, {port}", PROMETHEUS, pod, port)
        for name, pod in PODS.items()
        for port in (15020, 15090)
    ),
    *((f"{name} to collector, {port}", pod, COLLECTOR, port) for name, pod in SERVING.items() for port in (4317, 4318)),
]
REFUSED = [
    ("user to order", USER, ORDER, 8080),
    ("order to itself", ORDER, ORDER, 8080),
    ("migration to user", MIGRATION, USER, 8080),
    ("postgres to user", POSTGRES, USER, 8080),
    ("gateway to postgres", GATEWAY, POSTGRES, 5432),
    ("gateway to another port", GATEWAY, ORDER, 15000),
    ("Prometheus to the service", PROMETHEUS, ORDER, 8080),
    ("Prometheus to Envoy's administration", PROMETHEUS, ORDER, 15000),
    ("stranger of the namespace to user", STRANGER, USER, 8080),
    ("stranger of the namespace to postgres", STRANGER, POSTGRES, 5432),
    ("stranger elsewhere to order", ("default", STRANGER), ORDER, 8080),
    ("other pod of the gateway's namespace", ("istio-system", STRANGER), ORDER, 8080),
    ("somebody else who is called like the gateway", ("default", GATEWAY[1]), ORDER, 8080),
    ("order to the API server", ORDER, API_SERVER, 6443),
    ("order to elsewhere", ORDER, ("default", STRANGER), 8080),
    ("order to istiod's webhook", ORDER, ISTIOD, 15017),
]


@pytest.mark.parametrize("flow", NEEDED, ids=lambda flow: flow[0])
def test_it_lets_through(flow):
    assert Network(KIND).lets(*flow[1:])


@pytest.mark.parametrize("flow", REFUSED, ids=lambda flow: flow[0])
def test_it_refuses(flow):
    assert not Network(KIND).lets(*flow[1:])


def test_dns_goes_over_udp_as_well():
    assert Network(KIND).lets(ORDER, DNS, 53, "UDP")
    assert not Network(KIND).lets(ORDER, DNS, 123, "UDP")


def test_without_policies_everybody_talks():
    assert Network([]).lets(USER, ORDER, 8080)


@pytest.mark.parametrize("folder", CLUSTER_OVERLAYS, ids=lambda folder: folder.name)
def test_what_serves_in_a_release_is_let_through_in_every_overlay(folder):
    objects = render(folder)
    for deployment in of_kind(objects, "Deployment"):
        assert Network(objects).lets(GATEWAY, pod_labels(deployment), 8080)
