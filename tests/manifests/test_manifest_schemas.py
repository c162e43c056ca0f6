"""Every object has only fields that its kind has, with values of their types."""

import pytest
from tests.manifests.rendered import APART, OVERLAYS, named, overlay, pod_of, render, with_optional_components
from tests.manifests.strict import problems


@pytest.mark.parametrize("folder", [*OVERLAYS, *APART], ids=lambda folder: folder.name)
def test_every_object_reads_strictly(folder):
    assert {str(body["metadata"]): problems(body) for body in render(folder) if problems(body)} == {}


def test_optional_components_read_strictly(tmp_path):
    objects = with_optional_components(tmp_path)
    assert {str(body["metadata"]): problems(body) for body in objects if problems(body)} == {}
    assert {"HorizontalPodAutoscaler", "PodDisruptionBudget"} <= {body["kind"] for body in objects}


def probe_of(deployment):
    return pod_of(deployment)["containers"][0]["livenessProbe"]


def source_of(policy):
    return policy["spec"]["rules"][0]["from"][0]["source"]


# (kind, name, how the object is spoilt, words of the complaint)
MISTAKES = [
    ("Deployment", "order", lambda body: probe_of(body).update(periodSecond=1), "periodSecond"),
    ("Deployment", "order", lambda body: body["spec"].update(replicas="2"), "replicas"),
    ("ServiceAccount", "order", lambda body: body.update(data={}), "data"),
    ("Service", "order", lambda body: body.update(apiVersion="v9"), "no Service in v9"),
    ("VirtualService", "order", lambda body: body["spec"]["http"][0].update(timeouts="1s"), "timeouts"),
    ("DestinationRule", "order", lambda body: body["spec"]["trafficPolicy"].update(outliers={}), "outliers"),
    ("DestinationRule", "order", lambda body: body["spec"]["subsets"][0].update(labels=[]), "labels"),
    ("Gateway", "shop", lambda body: body.update(apiVersion="networking.istio.io/v2"), "no Gateway in"),
    ("PeerAuthentication", "default", lambda body: body["spec"]["mtls"].update(mode="MAYBE"), "MAYBE"),
    ("AuthorizationPolicy", "allow-user", lambda body: body["spec"].update(rule=[]), "rule"),
    ("AuthorizationPolicy", "allow-user", lambda body: source_of(body).update(serviceAccount=["order"]), "serviceAcc"),
    ("RequestAuthentication", "order", lambda body: body["spec"]["jwtRules"][0].update(jwksURI="x"), "jwksURI"),
    (
        "EnvoyFilter",
        "shop-rate-limit",
        lambda body: body["spec"]["configPatches"][0].update(applyTo="FILTER"),
        "FILTER",
    ),
    ("ServiceEntry", "database", lambda body: body["spec"].update(resolution="dns"), "dns"),
    ("Gateway", "shop", lambda body: body["spec"]["servers"][0].update(tls={"mode": "TLS"}), "TLS"),
    ("StatefulSet", "postgres", lambda body: body["spec"].update(volumeClaimTemplate=[]), "volumeClaimTemplate"),
    ("Job", "order-migrate", lambda body: body["spec"].update(backOffLimit=1), "backOffLimit"),
    ("NetworkPolicy", "order", lambda body: body["spec"].update(policyType=[]), "policyType"),
    ("Telemetry", "default", lambda body: body["spec"]["tracing"][0].update(randomSamplingPercentage=101), "101"),
]


@pytest.mark.parametrize(
    ("kind", "name", "spoil", "words"), MISTAKES, ids=[f"{each[0]}-{each[3]}" for each in MISTAKES]
)
def test_a_mistake_is_found(kind, name, spoil, words):
    objects = [*overlay("kind"), *(body for folder in APART for body in render(folder))]
    body = named(objects, kind, name)
    assert problems(body) == []
    spoil(body)
    assert words in "; ".join(problems(body))
