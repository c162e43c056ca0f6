"""What every overlay must keep to: each policy returns the breaches that it finds in rendered objects."""

import re

from tests.manifests.rendered import CATALOGUE, containers, includes, named, of_kind, pod_labels, pod_of

from delivery.naming import version_of

PART_OF = "app.kubernetes.io/part-of"
WORKLOADS = ("Deployment", "Job", "StatefulSet")
SERVING = ("Deployment", "StatefulSet")
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
# What the proxy itself failed at before the service saw the request; anything else might be repeated.
SAFE_RETRIES = {"connect-failure", "refused-stream", "reset-before-request"}


def resources_are_set(objects):
    for workload in of_kind(objects, *WORKLOADS):
        for container in containers(workload):
            resources = container.get("resources", {})
            if not {"cpu", "memory"} <= resources.get("requests", {}).keys():
                yield f"{container['name']} requests no CPU or memory"
            if "memory" not in resources.get("limits", {}):
                yield f"{container['name']} has no limit of memory"


def probes_are_set(objects):
    for deployment in of_kind(objects, "Deployment"):
        for container in pod_of(deployment)["containers"]:
            for probe in PROBES:
                path = container.get(probe, {}).get("httpGet", {}).get("path")
                wanted = "/readyz" if probe == "readinessProbe" else "/livez"
                if path != wanted:
                    yield f"{probe} of {container['name']} asks {path}, not {wanted}"


def pods_are_restricted(objects):
    for workload in of_kind(objects, *WORKLOADS):
        pod, name = pod_of(workload), workload["metadata"]["name"]
        context = pod.get("securityContext", {})
        if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
            yield f"{name} may run as root"
        if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name} has no seccomp profile"
        if any(pod.get(field) for field in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{name} shares the node's namespaces"
        yield from (f"{name}: {volume['name']} is on the node" for volume in pod["volumes"] if "hostPath" in volume)
        for container in containers(workload):
            yield from _container_is_restricted(container)


def _container_is_restricted(container):
    context, name = container.get("securityContext", {}), container["name"]
    if context.get("allowPrivilegeEscalation") is not False or context.get("privileged"):
        yield f"{name} may get more privileges"
    if context.get("readOnlyRootFilesystem") is not True:
        yield f"{name} may write to its root file system"
    if context.get("capabilities") != {"drop": ["ALL"]}:
        yield f"{name} keeps capabilities"


def rollouts_lose_nothing(objects):
    for deployment in of_kind(objects, "Deployment"):
        name, spec = deployment["metadata"]["name"], deployment["spec"]
        if spec.get("strategy", {}).get("rollingUpdate", {}).get("maxUnavailable") != 0:
            yield f"{name} takes pods away before others are ready"
        waits, drain = waits_of(deployment, objects), float(settings_of(deployment, objects)["SHUTDOWN_DRAIN_SECONDS"])
        if all(waits):
            yield f"{name} waits twice before it drains"
        leaving = sum(waits) + drain
        if leaving >= pod_of(deployment)["terminationGracePeriodSeconds"]:
            yield f"{name} is killed before its {leaving:g} s of shutdown are over"


def waits_of(deployment, objects):
    """Return the seconds for which a pod that leaves goes on serving: by its preStop hook, and by itself."""
    hook = pod_of(deployment)["containers"][0].get("lifecycle", {}).get("preStop", {})
    delay = settings_of(deployment, objects)["SHUTDOWN_DELAY_SECONDS"]
    return hook.get("sleep", {}).get("seconds", 0), float(delay)


def settings_of(deployment, objects):
    """Return what the service's container reads from ConfigMaps."""
    settings = {}
    for source in pod_of(deployment)["containers"][0].get("envFrom", []):
        settings |= named(objects, "ConfigMap", source["configMapRef"]["name"])["data"]
    return settings


def images_are_in_the_catalogue(objects):
    """Of those with a digest each service has as many as it has commits: there the tag is the version."""
    known = {f"{image['name']}:{image['tag']}": image["env"]["APP_VERSION"] for image in CATALOGUE["images"]}
    for workload in of_kind(objects, "Deployment", "Job"):
        for container in containers(workload):
            image, _at, digest = container["image"].rpartition("/")[2].partition("@")
            if image not in known and not (digest and image.partition(":")[0] in CATALOGUE["services"]):
                yield f"{container['name']} runs {image}, which nobody builds"
            elif workload["kind"] == "Deployment" and pod_labels(workload).get("version") != (
                version_of(container["image"]) if digest else known[image]
            ):
                yield f"{workload['metadata']['name']} is not labelled as the version of {image}"


def labels_are_set(objects):
    for body in objects:
        metadata = body["metadata"]
        if metadata.get("labels", {}).get(PART_OF) != "proving-ground":
            yield f"{body['kind']} {metadata['name']} has no label {PART_OF}"
        if body["kind"] == "Deployment":
            labels = pod_labels(body)
            missing = {"app", "track", "version", "app.kubernetes.io/name", PART_OF} - labels.keys()
            yield from (f"pods of {metadata['name']} have no label {label}" for label in sorted(missing))
            if not includes(labels, body["spec"]["selector"]["matchLabels"]):
                yield f"{metadata['name']} does not select its own pods"


def objects_are_in_the_namespace(objects):
    for body in objects:
        space = body["metadata"]["name"] if body["kind"] == "Namespace" else body["metadata"].get("namespace")
        if space != "shop":
            yield f"{body['kind']} {body['metadata']['name']} is in namespace {space}"


def weights_are_those_of_git(objects):
    for virtual_service in of_kind(objects, "VirtualService"):
        for route in virtual_service["spec"]["http"]:
            weights = [entry.get("weight", 100) for entry in route["route"]]
            if weights not in ([100], [100, 0]):
                yield f"{virtual_service['metadata']['name']}, route {route['name']}: {weights}"
            if len(weights) == 2 and route["route"][0]["destination"]["subset"] != "stable":
                yield f"{virtual_service['metadata']['name']}, route {route['name']}: stable is not first"


def destinations_exist(objects):
    for virtual_service in of_kind(objects, "VirtualService"):
        for route in virtual_service["spec"]["http"]:
            for entry in route["route"]:
                yield from _destination_exists(entry["destination"], objects)


def _destination_exists(destination, objects):
    host, subset = destination["host"], destination.get("subset")
    if named(objects, "Service", host) is None:
        yield f"there is no Service {host}"
    rules = [rule for rule in of_kind(objects, "DestinationRule") if rule["spec"]["host"] == host]
    known = {each["name"] for rule in rules for each in rule["spec"]["subsets"]}
    if subset and subset not in known:
        yield f"there is no subset {subset} of {host}"


def gateways_exist(objects):
    for virtual_service in of_kind(objects, "VirtualService"):
        for gateway in virtual_service["spec"]["gateways"]:
            if gateway != "mesh" and named(objects, "Gateway", gateway) is None:
                yield f"there is no Gateway {gateway}"


def routes_have_limits(objects):
    """Every route ends, and repeats only what never reached the service: a retry would hide a bad canary."""
    for virtual_service in of_kind(objects, "VirtualService"):
        for route in virtual_service["spec"]["http"]:
            if not re.fullmatch(r"[\d.]+m?s", route.get("timeout", "")):
                yield f"{virtual_service['metadata']['name']}, route {route['name']}: no timeout"
            retried = set(route.get("retries", {}).get("retryOn", "the default").split(","))
            if not retried <= SAFE_RETRIES:
                yield f"{virtual_service['metadata']['name']}, route {route['name']}: retries {retried - SAFE_RETRIES}"


def services_lead_to_pods(objects):
    for service in of_kind(objects, "Service"):
        name, selector = service["metadata"]["name"], service["spec"]["selector"]
        # What a preview leads to exists during a release only: the same app in another version.
        wanted = {"app": selector["app"]} if name.endswith("-preview") else selector
        found = [each for each in of_kind(objects, *SERVING) if includes(pod_labels(each), wanted)]
        if not found:
            yield f"Service {name} selects no pods"
        for workload in found:
            ports = {port["name"] for each in pod_of(workload)["containers"] for port in each.get("ports", [])}
            missing = {port["targetPort"] for port in service["spec"]["ports"]} - ports
            yield from (f"Service {name} leads to port {port}, which no container has" for port in missing)


def pods_keep_a_service(objects):
    """Every pod is selected by a Service that does not look at its version.

    Istio's sidecars take requests in for the ports of the Services that select their pod: a pod that the last of them
    lets go of, as a blue-green switch does, turns away what is still under way to it.
    """
    selectors = [each["spec"]["selector"] for each in of_kind(objects, "Service")]
    for workload in of_kind(objects, "Deployment"):
        lasting = [each for each in selectors if "version" not in each and includes(pod_labels(workload), each)]
        if not lasting:
            yield f"Deployment {workload['metadata']['name']} is in a Service only as long as its version is selected"


def subsets_tell_pods_apart(objects):
    for rule in of_kind(objects, "DestinationRule"):
        for subset in rule["spec"]["subsets"]:
            if subset["labels"] != {"track": subset["name"]}:
                yield f"subset {subset['name']} of {rule['spec']['host']} selects {subset['labels']}"


def ejection_spares_the_judge(objects):
    """An error in five must not get a canary's pods ejected, for that would hide it from the analysis."""
    for rule in of_kind(objects, "DestinationRule"):
        outliers = rule["spec"]["trafficPolicy"]["outlierDetection"]
        if 0.2 ** outliers.get("consecutive5xxErrors", 5) > 1e-9:
            yield f"{rule['metadata']['name']}: five errors in a row happen by chance"
        if outliers.get("consecutiveGatewayErrors") or not outliers.get("splitExternalLocalOriginErrors"):
            yield f"{rule['metadata']['name']}: errors of the service count as errors of the way to it"
        if outliers.get("maxEjectionPercent", 10) > 50:
            yield f"{rule['metadata']['name']}: may eject more than half of the pods"


def references_exist(objects):
    for workload in of_kind(objects, *WORKLOADS):
        wanted = [("ServiceAccount", pod_of(workload)["serviceAccountName"]), *_configuration_of(workload)]
        yield from (f"there is no {kind} {name}" for kind, name in wanted if named(objects, kind, name) is None)
    for autoscaler in of_kind(objects, "HorizontalPodAutoscaler"):
        name = autoscaler["spec"]["scaleTargetRef"]["name"]
        deployment = named(objects, "Deployment", name)
        if deployment is None:
            yield f"there is no Deployment {name} to scale"
        elif "replicas" in deployment["spec"]:
            yield f"{name} is scaled by an autoscaler and by its manifest"


def _configuration_of(workload):
    for container in containers(workload):
        for source in container.get("envFrom", []):
            yield "ConfigMap", source["configMapRef"]["name"]
    for volume in pod_of(workload)["volumes"]:
        if "configMap" in volume:
            yield "ConfigMap", volume["configMap"]["name"]
        if "persistentVolumeClaim" in volume:
            yield "PersistentVolumeClaim", volume["persistentVolumeClaim"]["claimName"]


def autoscalers_keep_bounds(objects):
    for autoscaler in of_kind(objects, "HorizontalPodAutoscaler"):
        name, spec = autoscaler["metadata"]["name"], autoscaler["spec"]
        if spec["minReplicas"] < 2 or spec["maxReplicas"] != 10:
            yield f"{name} has {spec['minReplicas']} to {spec['maxReplicas']} pods, not 2 to 10"
        if [source_of(metric)["target"].get("averageUtilization") for metric in spec["metrics"]] != [70]:
            yield f"{name} does not aim at 70 % of CPU"


def source_of(metric):
    """Return what a metric of an autoscaler measures, of the pod or of one container."""
    return metric.get("resource") or metric["containerResource"]


def mirrors_repeat_no_writes(objects):
    for virtual_service in of_kind(objects, "VirtualService"):
        for route in virtual_service["spec"]["http"]:
            methods = {match.get("method", {}).get("exact") for match in route.get("match", [{}])}
            if ("mirror" in route or "mirrors" in route) and methods != {"GET"}:
                yield f"{virtual_service['metadata']['name']}, route {route['name']}: a mirrored write happens twice"


POLICIES = [
    autoscalers_keep_bounds,
    destinations_exist,
    ejection_spares_the_judge,
    gateways_exist,
    images_are_in_the_catalogue,
    labels_are_set,
    mirrors_repeat_no_writes,
    objects_are_in_the_namespace,
    pods_keep_a_service,
    pods_are_restricted,
    probes_are_set,
    references_exist,
    resources_are_set,
    rollouts_lose_nothing,
    routes_have_limits,
    services_lead_to_pods,
    pods_keep_a_service,
    subsets_tell_pods_apart,
    weights_are_those_of_git,
]
