"""What overlays for clusters of several machines must keep to, beside what all must."""

from tests.manifests.network import Network
from tests.manifests.policies import SERVING, WORKLOADS, settings_of, source_of, waits_of
from tests.manifests.rendered import containers, includes, of_kind, pod_labels, pod_of

LEAST_PODS = 3
# Endpoints reach a gateway within a second; this is what is left for a cluster that is busy.
FORGETTING_SECONDS = 5
# For the proxy to end after the service, and for the kubelet's own second.
SPARE_SECONDS = 3
_LEVELS = ("enforce", "audit", "warn")


def the_namespace_is_restricted(objects):
    [namespace] = of_kind(objects, "Namespace") or [{"metadata": {}}]
    labels = namespace["metadata"].get("labels", {})
    for level in _LEVELS:
        if labels.get(f"pod-security.kubernetes.io/{level}") != "restricted":
            yield f"Pod Security does not {level} the level restricted"


def pods_get_a_sidecar(objects):
    [namespace] = of_kind(objects, "Namespace") or [{"metadata": {}}]
    if namespace["metadata"].get("labels", {}).get("istio-injection") != "enabled":
        yield "no pod of the namespace gets a sidecar"
    for workload in of_kind(objects, *WORKLOADS):
        name, metadata = workload["metadata"]["name"], workload["spec"]["template"]["metadata"]
        if metadata.get("annotations", {}).get("sidecar.istio.io/nativeSidecar") != "true":
            yield f"the proxy of {name} may end before it does"
        if "sidecar.istio.io/inject" in metadata.get("labels", {}):
            yield f"{name} decides for itself whether it is in the mesh"


def spans_reach_the_collector(objects):
    """Of the services, past the proxy, which would make a span of each delivery of spans, and through the network."""
    for deployment in of_kind(objects, "Deployment"):
        name, endpoint = deployment["metadata"]["name"], settings_of(deployment, objects).get(_ENDPOINT, "")
        host, _colon, port = endpoint.removeprefix("http://").partition(":")
        if not host.endswith(".observability"):
            yield f"{name} sends its spans to {endpoint or 'nobody'}"
        annotations = deployment["spec"]["template"]["metadata"].get("annotations", {})
        if annotations.get("traffic.sidecar.istio.io/excludeOutboundPorts") != port:
            yield f"spans of {name} go through its proxy"
        if not Network(objects).lets(pod_labels(deployment), _COLLECTOR, int(port or 0)):
            yield f"the network keeps the spans of {name}"


_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_COLLECTOR = ("observability", {"app": "otel-collector"})


def there_are_enough_pods(objects):
    scaled = {body["spec"]["scaleTargetRef"]["name"]: body["spec"] for body in of_kind(objects, _AUTOSCALER)}
    for deployment in of_kind(objects, "Deployment"):
        name, spec = deployment["metadata"]["name"], deployment["spec"]
        least = scaled[name]["minReplicas"] if name in scaled else spec.get("replicas", 1)
        if least < LEAST_PODS:
            yield f"{name} may be left with {least} pods"


_AUTOSCALER = "HorizontalPodAutoscaler"


def the_proxy_does_not_dilute_the_metric(objects):
    for autoscaler in of_kind(objects, _AUTOSCALER):
        for metric in autoscaler["spec"]["metrics"]:
            if "container" not in source_of(metric):
                yield f"{autoscaler['metadata']['name']} counts what the proxy uses and requests"


def pods_are_spread(objects):
    for deployment in of_kind(objects, "Deployment"):
        name, found = deployment["metadata"]["name"], pod_of(deployment).get("topologySpreadConstraints", [])
        if {each["topologyKey"] for each in found} != {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}:
            yield f"{name} is not spread over zones and nodes"
        for each in found:
            if each["whenUnsatisfiable"] != "ScheduleAnyway":
                yield f"{name} cannot start when {each['topologyKey']} is lost"
            if not {"app", "pod-template-hash"} <= set(each.get("matchLabelKeys", [])) or "labelSelector" not in each:
                yield f"{name} is not spread by itself"


def drains_keep_to_the_clock(objects):
    """Routes forget the pod, the service drains, the proxy ends: within the grace period, and each has its time."""
    for deployment in of_kind(objects, "Deployment"):
        name, wait = deployment["metadata"]["name"], sum(waits_of(deployment, objects))
        if wait < FORGETTING_SECONDS:
            yield f"{name} stops after {wait:g} s, while proxies still send it requests"
        leaving = wait + float(settings_of(deployment, objects)["SHUTDOWN_DRAIN_SECONDS"]) + SPARE_SECONDS
        if leaving > pod_of(deployment)["terminationGracePeriodSeconds"]:
            yield f"{name} needs {leaving:g} s to leave, and is killed before"


def a_drained_node_takes_one_pod(objects):
    for deployment in of_kind(objects, "Deployment"):
        budgets = [
            body["spec"]
            for body in of_kind(objects, "PodDisruptionBudget")
            if includes(pod_labels(deployment), body["spec"]["selector"]["matchLabels"])
        ]
        if [each.get("maxUnavailable") for each in budgets] != [1]:
            yield f"{deployment['metadata']['name']} may lose several pods at once"


def databases_outlive_pods(objects):
    for stateful_set in of_kind(objects, "StatefulSet"):
        name, mounts = stateful_set["metadata"]["name"], pod_of(stateful_set)["containers"][0]["volumeMounts"]
        claims = {claim["metadata"]["name"] for claim in stateful_set["spec"].get("volumeClaimTemplates", [])}
        if not claims & {mount["name"] for mount in mounts}:
            yield f"{name} keeps no volume"
        if pod_of(stateful_set).get("terminationGracePeriodSeconds", 30) < 60:
            yield f"{name} is killed before it has written what it holds"


def foreign_images_are_pinned(objects):
    for stateful_set in of_kind(objects, "StatefulSet"):
        for container in containers(stateful_set):
            tag = container["image"].rpartition("/")[2].partition(":")[2]
            if tag in ("", "latest"):
                yield f"{container['name']} runs whatever its registry has today"


def nobody_talks_by_default(objects):
    denying = [
        body["spec"] for body in of_kind(objects, "NetworkPolicy") if not {"ingress", "egress"} & set(body["spec"])
    ]
    if {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} not in denying:
        yield "no NetworkPolicy denies what is not opened"


def networks_are_opened_by_name(objects):
    for policy in of_kind(objects, "NetworkPolicy"):
        name, spec = policy["metadata"]["name"], policy["spec"]
        for rules, peers in (("ingress", "from"), ("egress", "to")):
            if rules in spec and rules.capitalize() not in spec["policyTypes"]:
                yield f"{name} has rules of {rules} and does not say so"
            for rule in spec.get(rules, []):
                if not rule.get("ports") or not rule.get(peers) or not all(map(_is_narrow, rule[peers])):
                    yield f"{name} opens {rules} to everybody"
        if not any(includes(pod_labels(each), _labels(spec["podSelector"])) for each in of_kind(objects, *SERVING)):
            yield f"{name} is for no pods"


def _is_narrow(peer):
    selectors = [value for key, value in peer.items() if key.endswith("Selector")]
    return all(selectors) and not peer.get("ipBlock", {}).get("cidr", "").endswith("/0")


def _labels(selector):
    return selector.get("matchLabels", {})


POLICIES = [
    a_drained_node_takes_one_pod,
    databases_outlive_pods,
    drains_keep_to_the_clock,
    foreign_images_are_pinned,
    networks_are_opened_by_name,
    nobody_talks_by_default,
    pods_are_spread,
    pods_get_a_sidecar,
    spans_reach_the_collector,
    the_namespace_is_restricted,
    the_proxy_does_not_dilute_the_metric,
    there_are_enough_pods,
]
