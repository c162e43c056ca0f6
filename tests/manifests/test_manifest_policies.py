"""Every overlay keeps to every policy, and every policy finds the breach that it is made for."""

import pytest
from tests.manifests import access_policies, policies
from tests.manifests.breaking import autoscaler, container, order, route, rule, settings, swap
from tests.manifests.rendered import (
    OVERLAYS,
    REPOSITORY,
    SEEN_BY,
    named,
    overlay,
    pod_labels,
    pod_of,
    render,
    with_optional_components,
)

POLICIES = [*policies.POLICIES, *access_policies.POLICIES]


@pytest.mark.parametrize("folder", OVERLAYS, ids=lambda folder: folder.name)
@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
def test_the_overlay_keeps_to_it(policy, folder):
    assert list(policy(render(folder))) == []


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.__name__)
def test_the_optional_components_keep_to_it(policy, tmp_path):
    assert list(policy(with_optional_components(tmp_path))) == []


# (policy, how it is broken, words of the complaint)
BREACHES = {
    "no memory request": (
        policies.resources_are_set,
        lambda o: container(o)["resources"]["requests"].pop("memory"),
        "requests no",
    ),
    "no memory limit": (policies.resources_are_set, lambda o: container(o)["resources"].pop("limits"), "no limit"),
    "no resources of a migration": (
        policies.resources_are_set,
        lambda o: pod_of(named(o, "Job", "order-migrate"))["containers"][0].pop("resources"),
        "migrate",
    ),
    "no readiness probe": (policies.probes_are_set, lambda o: container(o).pop("readinessProbe"), "readinessProbe"),
    "readiness asks for life": (
        policies.probes_are_set,
        lambda o: container(o)["readinessProbe"]["httpGet"].update(path="/livez"),
        "readinessProbe",
    ),
    "root": (policies.pods_are_restricted, lambda o: pod_of(order(o))["securityContext"].pop("runAsUser"), "as root"),
    "seccomp": (
        policies.pods_are_restricted,
        lambda o: pod_of(order(o))["securityContext"].pop("seccompProfile"),
        "seccomp",
    ),
    "host network": (policies.pods_are_restricted, lambda o: pod_of(order(o)).update(hostNetwork=True), "namespaces"),
    "host path": (
        policies.pods_are_restricted,
        lambda o: pod_of(order(o))["volumes"].append({"name": "etc", "hostPath": {"path": "/etc"}}),
        "on the node",
    ),
    "escalation": (
        policies.pods_are_restricted,
        lambda o: container(o)["securityContext"].pop("allowPrivilegeEscalation"),
        "more privileges",
    ),
    "capability": (
        policies.pods_are_restricted,
        lambda o: container(o)["securityContext"].update(capabilities={"drop": ["ALL"], "add": ["NET_RAW"]}),
        "capabilities",
    ),
    "writable root": (
        policies.pods_are_restricted,
        lambda o: container(o)["securityContext"].update(readOnlyRootFilesystem=False),
        "root file system",
    ),
    "unavailable pods": (
        policies.rollouts_lose_nothing,
        lambda o: order(o)["spec"]["strategy"]["rollingUpdate"].update(maxUnavailable=1),
        "before others",
    ),
    "short grace": (
        policies.rollouts_lose_nothing,
        lambda o: pod_of(order(o)).update(terminationGracePeriodSeconds=20),
        "killed",
    ),
    "latest": (policies.images_are_in_the_catalogue, lambda o: container(o).update(image="order:latest"), "nobody"),
    "no tag": (policies.images_are_in_the_catalogue, lambda o: container(o).update(image="order"), "nobody builds"),
    "wrong version label": (
        policies.images_are_in_the_catalogue,
        lambda o: container(o).update(image="reg.example/order:v2"),
        "not labelled",
    ),
    "no part-of": (policies.labels_are_set, lambda o: o[0]["metadata"].pop("labels"), "part-of"),
    "no track": (policies.labels_are_set, lambda o: pod_labels(order(o)).pop("track"), "track"),
    "other namespace": (
        policies.objects_are_in_the_namespace,
        lambda o: order(o)["metadata"].update(namespace="default"),
        "namespace default",
    ),
    "weights in Git": (
        policies.weights_are_those_of_git,
        lambda o: [e.update(weight=50) for e in route(o)["route"]],
        "[50, 50]",
    ),
    "sum of weights": (policies.weights_are_those_of_git, lambda o: route(o)["route"][1].update(weight=1), "[100, 1]"),
    "canary first": (policies.weights_are_those_of_git, lambda o: route(o)["route"].reverse() or swap(o), "not first"),
    "unknown subset": (
        policies.destinations_exist,
        lambda o: route(o)["route"][1]["destination"].update(subset="beta"),
        "no subset beta",
    ),
    "unknown host": (policies.destinations_exist, lambda o: o.remove(named(o, "Service", "order")), "no Service order"),
    "unknown gateway": (policies.gateways_exist, lambda o: o.remove(named(o, "Gateway", "shop")), "no Gateway shop"),
    "no timeout": (policies.routes_have_limits, lambda o: route(o).pop("timeout"), "no timeout"),
    "retries by default": (policies.routes_have_limits, lambda o: route(o).pop("retries"), "retries"),
    "retries of errors": (
        policies.routes_have_limits,
        lambda o: route(o, "user-mesh")["retries"].update(retryOn="5xx"),
        "5xx",
    ),
    "selector of nothing": (
        policies.services_lead_to_pods,
        lambda o: named(o, "Service", "order")["spec"]["selector"].update(app="ordre"),
        "selects no pods",
    ),
    "unknown port": (
        policies.services_lead_to_pods,
        lambda o: container(o)["ports"][0].update(name="web"),
        "port http",
    ),
    "a switch that leaves pods without a Service": (
        policies.pods_keep_a_service,
        lambda o: named(o, "Service", "order")["spec"]["selector"].update(version="v1"),
        "only as long as its version is selected",
    ),
    "same subsets": (
        policies.subsets_tell_pods_apart,
        lambda o: rule(o)["subsets"][1].update(labels={"track": "stable"}),
        "subset canary",
    ),
    "hasty ejection": (
        policies.ejection_spares_the_judge,
        lambda o: rule(o)["trafficPolicy"]["outlierDetection"].update(consecutive5xxErrors=5),
        "by chance",
    ),
    "gateway errors": (
        policies.ejection_spares_the_judge,
        lambda o: rule(o)["trafficPolicy"]["outlierDetection"].update(consecutiveGatewayErrors=5),
        "errors of the service",
    ),
    "ejecting all": (
        policies.ejection_spares_the_judge,
        lambda o: rule(o)["trafficPolicy"]["outlierDetection"].update(maxEjectionPercent=100),
        "more than half",
    ),
    "unknown config": (
        policies.references_exist,
        lambda o: container(o)["envFrom"][0]["configMapRef"].update(name="order"),
        "no ConfigMap order",
    ),
    "unknown account": (
        policies.references_exist,
        lambda o: pod_of(order(o)).update(serviceAccountName="nobody"),
        "no ServiceAccount nobody",
    ),
    "two masters of replicas": (
        policies.references_exist,
        lambda o: o.append(autoscaler("order")),
        "by an autoscaler and by",
    ),
    "scaling nothing": (policies.references_exist, lambda o: o.append(autoscaler("ordre")), "no Deployment ordre"),
    "few pods": (
        policies.autoscalers_keep_bounds,
        lambda o: o.append(autoscaler("order", minReplicas=1)),
        "1 to 10 pods",
    ),
    "idle pods": (
        policies.autoscalers_keep_bounds,
        lambda o: o.append(autoscaler("order", metrics=[])),
        "70 % of CPU",
    ),
    "mirrored writes": (
        policies.mirrors_repeat_no_writes,
        lambda o: route(o).update(mirrors=[{"destination": {"host": "order"}}]),
        "happens twice",
    ),
    "two waits": (
        policies.rollouts_lose_nothing,
        lambda o: (
            container(o).update(lifecycle={"preStop": {"sleep": {"seconds": 1}}})
            or settings(o).update(SHUTDOWN_DELAY_SECONDS="1")
        ),
        "waits twice",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_it_finds_its_breach(breach):
    policy, damage, words = BREACHES[breach]
    objects = overlay("embedded")
    assert list(policy(objects)) == []
    damage(objects)
    assert words in "; ".join(policy(objects))


def test_every_policy_has_a_breach():
    assert {policy for policy, _damage, _words in BREACHES.values()} == set(policies.POLICIES)


# Filebeat reads the logs of all pods from the node's disk, which no restricted pod may.
ON_THE_NODE = {"filebeat"}


@pytest.mark.parametrize("folder", SEEN_BY, ids=lambda folder: str(folder.relative_to(REPOSITORY)))
def test_what_stands_beside_the_shop_is_restricted_too(folder):
    objects = [body for body in render(folder) if body["metadata"]["name"] not in ON_THE_NODE]
    assert list(policies.pods_are_restricted(objects)) == []
    assert list(policies.resources_are_set(objects)) == []


def test_what_stands_beside_the_shop_is_looked_at():
    objects = render(REPOSITORY / "observability/prometheus")
    container = pod_of(named(objects, "Deployment", "prometheus"))["containers"][0]
    pod_of(named(objects, "Deployment", "prometheus"))["securityContext"].pop("runAsNonRoot")
    container.pop("resources")
    assert list(policies.pods_are_restricted(objects)) != []
    assert list(policies.resources_are_set(objects)) != []
