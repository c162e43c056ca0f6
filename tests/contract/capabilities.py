"""What not every cluster has, and how to see whether this one has it."""

from kubernetes import client

NAMES = {
    "metrics": "metrics-server (metrics.k8s.io)",
    "mesh": "Istio (networking.istio.io)",
    "storage": "default StorageClass",
    "traces": "collector and Jaeger (Services otel-collector and jaeger in namespace observability)",
    "logs": "Elasticsearch (Service elasticsearch in namespace observability)",
    "annotations": "Grafana (Service grafana in namespace observability)",
}
# The Services behind what is seen of the shop.
TOOLS = {"traces": {"otel-collector", "jaeger"}, "logs": {"elasticsearch"}, "annotations": {"grafana"}}


def has(api_client, name):
    """Tell whether the cluster has something; ask `differs` first where the embedded one does without it."""
    if name == "storage":
        return _has_default_class(api_client)
    if name in TOOLS:
        services = client.CoreV1Api(api_client).list_namespaced_service("observability").items
        return TOOLS[name] <= {each.metadata.name for each in services}
    group = {"metrics": "metrics.k8s.io", "mesh": "networking.istio.io"}[name]
    return group in {each.name for each in client.ApisApi(api_client).get_api_versions().groups}


def _has_default_class(api_client):
    classes = client.StorageV1Api(api_client).list_storage_class().items
    default = "storageclass.kubernetes.io/is-default-class"
    return any((each.metadata.annotations or {}).get(default) == "true" for each in classes)
