"""Parts of rendered objects, for tests that spoil them on purpose."""

from tests.manifests.rendered import named, of_kind, pod_of


def order(objects):
    return named(objects, "Deployment", "order")


def container(objects):
    return pod_of(order(objects))["containers"][0]


def settings(objects):
    """Return what ConfigMap order holds."""
    return next(b for b in of_kind(objects, "ConfigMap") if b["metadata"]["name"].startswith("order-"))["data"]


def route(objects, name="order"):
    return named(objects, "VirtualService", name)["spec"]["http"][-1]


def rule(objects):
    return named(objects, "DestinationRule", "order")["spec"]


def allowed(objects, name="allow-order"):
    return named(objects, "AuthorizationPolicy", name)["spec"]["rules"][0]


def network(objects, name):
    return named(objects, "NetworkPolicy", name)["spec"]


def swap(objects):
    first, second = route(objects)["route"]
    first["weight"], second["weight"] = 100, 0


def autoscaler(target, **spec):
    source = {"name": "cpu", "container": "order", "target": {"type": "Utilization", "averageUtilization": 70}}
    metric = {"type": "ContainerResource", "containerResource": source}
    bounds = {"minReplicas": 2, "maxReplicas": 10, "metrics": [metric]}
    return {
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "x"},
        "spec": {"scaleTargetRef": {"name": target}, **bounds, **spec},
    }
