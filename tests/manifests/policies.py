"""What every overlay must keep to: each policy returns the breaches that it finds in rendered objects."""

import re

from tests.manifests.rendered import CATALOGUE, containers, includes, named, of_kind, pod_labels, pod_of

PART_OF = "app.kubernetes.io/part-of"
WORKLOADS = ("Deployment", "Job")
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
        settings = settings_of(deployment, objects)
        leaving = float(settings["SHUTDOWN_DELAY_SECONDS"]) + float(settings["SHUTDOWN_DRAIN_SECONDS"])
        if leaving >= pod_of(deployment)["terminationGracePeriodSeconds"]:
            yield f"{name} is killed before its {leaving:g} s of shutdown are over"


def settings_of(deployment, objects):
    """Return what the service's container reads from ConfigMaps."""
    settings = {}
    for source in pod_of(deployment)["containers"][0]["envFrom"]:
        settings |= named(objects, "ConfigMap", source["configMapRef"]["name"])["data"]
    return settings


def images_are_in_the_catalogue(objects):
    known = {f"{image['name']}:{image['tag']}": image["env"]["APP_VERSION"] for image in CATALOGUE["images"]}
    for workload in of_kind(objects, *WORKLOADS):
        for container in containers(workload):
            image = container["image"].rpartition("/")[2]
            if image not in known:
                yield f"{container['name']} runs {image}, which nobody builds"
            elif workload["kind"] == "Deployment" and pod_labels(workload).get("version") != known[image]:
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
        found = [each for each in of_kind(objects, "Deployment") if includes(pod_labels(each), wanted)]
        if not found:
            yield f"Service {name} selects no pods"
        for deployment in found:
            ports = {port["name"] for each in pod_of(deployment)["containers"] for port in each.get("ports", [])}
            missing = {port["targetPort"] for port in service["spec"]["ports"]} - ports
            yield from (f"Service {name} leads to port {port}, which no container has" for port in missing)


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
        pod = pod_of(workload)
        wanted = [("ServiceAccount", pod["serviceAccountName"])]
        wanted += [("ConfigMap", s["configMapRef"]["name"]) for c in containers(workload) for s in c["envFrom"]]
        claims = [volume["persistentVolumeClaim"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume]
        wanted += [("PersistentVolumeClaim", claim["claimName"]) for claim in claims]
        yield from (f"there is no {kind} {name}" for kind, name in wanted if named(objects, kind, name) is None)
    for autoscaler in of_kind(objects, "HorizontalPodAutoscaler"):
        name = autoscaler["spec"]["scaleTargetRef"]["name"]
        deployment = named(objects, "Deployment", name)
        if deployment is None:
            yield f"there is no Deployment {name} to scale"
        elif "replicas" in deployment["spec"]:
            yield f"{name} is scaled by an autoscaler and by its manifest"


def access_is_granted_by_name(objects):
    policies = of_kind(objects, "AuthorizationPolicy")
    if not any(policy["spec"] == {} for policy in policies):
        yield "nothing denies what is not allowed"
    for policy in (each for each in policies if each["spec"]):
        labels = policy["spec"]["selector"]["matchLabels"]
        if not any(includes(pod_labels(each), labels) for each in of_kind(objects, "Deployment")):
            yield f"{policy['metadata']['name']} selects no pods"
        for principal in _principals(policy):
            _domain, _ns, namespace, _sa, account = principal.split("/")
            if namespace == "shop" and named(objects, "ServiceAccount", account) is None:
                yield f"{policy['metadata']['name']} allows {account}, which does not exist"
    modes = {body["spec"]["mtls"]["mode"] for body in of_kind(objects, "PeerAuthentication")}
    if modes != {"STRICT"}:
        yield f"mutual TLS is {modes}"


def _principals(policy):
    for rule in policy["spec"]["rules"]:
        for source in rule["from"]:
            yield from source["source"]["principals"]


POLICIES = [
    access_is_granted_by_name,
    destinations_exist,
    ejection_spares_the_judge,
    gateways_exist,
    images_are_in_the_catalogue,
    labels_are_set,
    objects_are_in_the_namespace,
    pods_are_restricted,
    probes_are_set,
    references_exist,
    resources_are_set,
    rollouts_lose_nothing,
    routes_have_limits,
    services_lead_to_pods,
    subsets_tell_pods_apart,
    weights_are_those_of_git,
]
