"""Overlays for clusters of several machines keep to every policy made for them, and every policy finds its breach."""

import pytest
from tests.manifests import cluster_policies as policies
from tests.manifests.breaking import autoscaler, container, network, order, settings
from tests.manifests.rendered import CLUSTER_OVERLAYS, named, overlay, pod_of, render


@pytest.mark.parametrize("folder", CLUSTER_OVERLAYS, ids=lambda folder: folder.name)
@pytest.mark.parametrize("policy", policies.POLICIES, ids=lambda policy: policy.__name__)
def test_the_overlay_keeps_to_it(policy, folder):
    assert list(policy(render(folder))) == []


def labels_of_namespace(objects):
    return named(objects, "Namespace", "shop")["metadata"]["labels"]


def template_metadata(objects, kind="Deployment", name="order"):
    return named(objects, kind, name)["spec"]["template"]["metadata"]


def zone(objects):
    return pod_of(order(objects))["topologySpreadConstraints"][0]


def postgres(objects):
    return named(objects, "StatefulSet", "postgres")


# (policy, how it is broken, words of the complaint)
BREACHES = {
    "baseline": (
        policies.the_namespace_is_restricted,
        lambda o: labels_of_namespace(o).update({"pod-security.kubernetes.io/enforce": "baseline"}),
        "not enforce",
    ),
    "no namespace": (
        policies.the_namespace_is_restricted,
        lambda o: o.remove(named(o, "Namespace", "shop")),
        "not enforce",
    ),
    "no injection": (
        policies.pods_get_a_sidecar,
        lambda o: labels_of_namespace(o).pop("istio-injection"),
        "gets a sidecar",
    ),
    "a pod outside the mesh": (
        policies.pods_get_a_sidecar,
        lambda o: template_metadata(o)["labels"].update({"sidecar.istio.io/inject": "false"}),
        "decides for itself",
    ),
    "a proxy that ends first": (
        policies.pods_get_a_sidecar,
        lambda o: template_metadata(o).pop("annotations"),
        "proxy of order",
    ),
    "a proxy that outlives its Job": (
        policies.pods_get_a_sidecar,
        lambda o: template_metadata(o, "Job", "order-migrate").pop("annotations"),
        "proxy of order-migrate",
    ),
    "spans for nobody": (
        policies.spans_reach_the_collector,
        lambda o: settings(o).pop("OTEL_EXPORTER_OTLP_ENDPOINT"),
        "to nobody",
    ),
    "spans of spans": (
        policies.spans_reach_the_collector,
        lambda o: template_metadata(o)["annotations"].pop("traffic.sidecar.istio.io/excludeOutboundPorts"),
        "go through its proxy",
    ),
    "another port than the proxy lets past": (
        policies.spans_reach_the_collector,
        lambda o: settings(o).update(OTEL_EXPORTER_OTLP_ENDPOINT="http://otel-collector.observability:4317"),
        "go through its proxy",
    ),
    "spans that the network keeps": (
        policies.spans_reach_the_collector,
        lambda o: network(o, "traces")["egress"][0]["ports"].pop(),
        "the network keeps",
    ),
    "two pods": (policies.there_are_enough_pods, lambda o: order(o)["spec"].update(replicas=2), "left with 2 pods"),
    "two pods at night": (
        policies.there_are_enough_pods,
        lambda o: order(o)["spec"].pop("replicas") and o.append(autoscaler("order")),
        "left with 2 pods",
    ),
    "a diluted metric": (
        policies.the_proxy_does_not_dilute_the_metric,
        lambda o: o.append(autoscaler("order", metrics=[{"type": "Resource", "resource": {"name": "cpu"}}])),
        "counts what the proxy uses",
    ),
    "one node": (
        policies.pods_are_spread,
        lambda o: pod_of(order(o))["topologySpreadConstraints"].pop(),
        "not spread over zones and nodes",
    ),
    "a zone that must be there": (
        policies.pods_are_spread,
        lambda o: zone(o).update(whenUnsatisfiable="DoNotSchedule"),
        "cannot start",
    ),
    "versions counted together": (policies.pods_are_spread, lambda o: zone(o).pop("matchLabelKeys"), "by itself"),
    "keys without a selector": (policies.pods_are_spread, lambda o: zone(o).pop("labelSelector"), "by itself"),
    "no wait": (policies.drains_keep_to_the_clock, lambda o: container(o).pop("lifecycle"), "still send it requests"),
    "a short wait": (
        policies.drains_keep_to_the_clock,
        lambda o: container(o)["lifecycle"]["preStop"]["sleep"].update(seconds=1),
        "stops after 1 s",
    ),
    "a short grace period": (
        policies.drains_keep_to_the_clock,
        lambda o: pod_of(order(o)).update(terminationGracePeriodSeconds=26),
        "is killed before",
    ),
    "a long drain": (
        policies.drains_keep_to_the_clock,
        lambda o: settings(o).update(SHUTDOWN_DRAIN_SECONDS="25"),
        "is killed before",
    ),
    "no budget": (
        policies.a_drained_node_takes_one_pod,
        lambda o: o.remove(named(o, "PodDisruptionBudget", "order")),
        "several pods at once",
    ),
    "a large budget": (
        policies.a_drained_node_takes_one_pod,
        lambda o: named(o, "PodDisruptionBudget", "order")["spec"].update(maxUnavailable=2),
        "several pods at once",
    ),
    "data in the container": (
        policies.databases_outlive_pods,
        lambda o: postgres(o)["spec"].pop("volumeClaimTemplates"),
        "keeps no volume",
    ),
    "a database that is killed": (
        policies.databases_outlive_pods,
        lambda o: pod_of(postgres(o)).update(terminationGracePeriodSeconds=10),
        "before it has written",
    ),
    "any image": (
        policies.foreign_images_are_pinned,
        lambda o: pod_of(postgres(o))["containers"][0].update(image="postgres:latest"),
        "whatever",
    ),
    "no default deny": (
        policies.nobody_talks_by_default,
        lambda o: o.remove(named(o, "NetworkPolicy", "default-deny")),
        "denies",
    ),
    "no default deny of egress": (
        policies.nobody_talks_by_default,
        lambda o: network(o, "default-deny").update(policyTypes=["Ingress"]),
        "denies",
    ),
    "any peer": (
        policies.networks_are_opened_by_name,
        lambda o: network(o, "user")["ingress"][0].pop("from"),
        "opens ingress to everybody",
    ),
    "any port": (
        policies.networks_are_opened_by_name,
        lambda o: network(o, "database")["egress"][0].pop("ports"),
        "opens egress to everybody",
    ),
    "any namespace": (
        policies.networks_are_opened_by_name,
        lambda o: network(o, "user")["ingress"][0]["from"].append({"namespaceSelector": {}}),
        "opens ingress to everybody",
    ),
    "any address": (
        policies.networks_are_opened_by_name,
        lambda o: network(o, "database")["egress"][0].update(to=[{"ipBlock": {"cidr": "0.0.0.0/0"}}]),
        "opens egress to everybody",
    ),
    "rules that do not count": (
        policies.networks_are_opened_by_name,
        lambda o: network(o, "database").update(policyTypes=["Ingress"]),
        "does not say so",
    ),
    "opened for no pods": (
        policies.networks_are_opened_by_name,
        lambda o: network(o, "user")["podSelector"]["matchLabels"].update(app="users"),
        "for no pods",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_it_finds_its_breach(breach):
    policy, damage, words = BREACHES[breach]
    objects = overlay("kind")
    assert list(policy(objects)) == []
    damage(objects)
    assert words in "; ".join(policy(objects))


def test_every_policy_has_a_breach():
    assert {policy for policy, _damage, _words in BREACHES.values()} == set(policies.POLICIES)
