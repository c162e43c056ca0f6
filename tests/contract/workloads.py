"""Workloads of the contract tests: a few lines of HTTP server in an image that every cluster of the project has."""

from kubernetes import client
from tests.contract.waiting import until

IMAGE = "user:v1"
# The embedded cluster says where to listen, as it does to the project's services; a real one has a network per pod.
SERVER = (
    "import http.server as h, os;"
    "a = os.environ.get('HTTP_HOST', '0.0.0.0'), int(os.environ.get('HTTP_PORT', '8080'));"
    "h.ThreadingHTTPServer(a, h.SimpleHTTPRequestHandler).serve_forever()"
)
# What the "restricted" Pod Security level asks for, so that the tests run where a namespace enforces it by default.
POD_SECURITY = {
    "securityContext": {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
}
CONTAINER_SECURITY = {"securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}}


def container(path="/", release="1"):
    return {
        "name": "web",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-c", SERVER],
        "env": [{"name": "RELEASE", "value": release}],
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": path, "port": "http"}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
        **CONTAINER_SECURITY,
    }


def pod_spec(**options):
    return {"terminationGracePeriodSeconds": 1, "containers": [container(**options)], **POD_SECURITY}


def deployment(name="web", replicas=2, **spec):
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec()},
            **spec,
        },
    }


def release(**options):
    """Return the patch that makes another release of the deployment."""
    return {"spec": {"template": {"spec": pod_spec(**options)}}}


class Workloads:
    """One namespace, through the official client."""

    def __init__(self, api_client, namespace):
        self.api_client = api_client
        self.namespace = namespace
        self.apps = client.AppsV1Api(api_client)
        self.core = client.CoreV1Api(api_client)
        self.discovery = client.DiscoveryV1Api(api_client)
        self.policy = client.PolicyV1Api(api_client)
        self.autoscaling = client.AutoscalingV2Api(api_client)

    def create(self, body):
        return self.apps.create_namespaced_deployment(self.namespace, body)

    def start(self, body):
        """Create a deployment and wait until all of it is available."""
        self.create(body)
        self.complete(body["metadata"]["name"])

    def complete(self, name="web"):
        try:
            until(lambda: self.is_complete(name), f"{name} rolled out")
        except AssertionError as late:
            raise AssertionError(f"{late}; warnings: {self.warnings()}") from None

    def warnings(self):
        """Return what the cluster complains about, such as a node that is full."""
        events = self.core.list_namespaced_event(self.namespace, field_selector="type=Warning").items
        return sorted({f"{event.reason}: {event.message}" for event in events})

    def is_complete(self, name):
        body = self.deployment(name)
        counts = (body.status.replicas, body.status.updated_replicas, body.status.available_replicas)
        seen = (body.status.observed_generation or 0) >= body.metadata.generation
        return seen and all((count or 0) == body.spec.replicas for count in counts)

    def deployment(self, name="web"):
        return self.apps.read_namespaced_deployment(name, self.namespace)

    def patch(self, body, name="web"):
        return self.apps.patch_namespaced_deployment(name, self.namespace, body)

    def replica_sets(self):
        return self.apps.list_namespaced_replica_set(self.namespace).items

    def all_pods(self, selector=""):
        return self.core.list_namespaced_pod(self.namespace, label_selector=selector).items

    def pods(self, selector=""):
        """Return the pods that are not on their way out."""
        return [pod for pod in self.all_pods(selector) if pod.metadata.deletion_timestamp is None]

    def ready(self, selector=""):
        return [pod for pod in self.pods(selector) if has_condition(pod, "Ready", "True")]

    def endpoints(self, service):
        """Return the names of the pods behind a Service that are ready for requests."""
        selector = f"kubernetes.io/service-name={service}"
        slices = self.discovery.list_namespaced_endpoint_slice(self.namespace, label_selector=selector).items
        found = [item for part in slices for item in part.endpoints or () if item.conditions.ready]
        return {item.target_ref.name for item in found}


def has_condition(body, kind, status, reason=None):
    return any(
        (item.type, item.status) == (kind, status) and reason in (None, item.reason)
        for item in body.status.conditions or ()
    )
