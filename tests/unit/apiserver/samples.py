"""Objects that the tests of the API server begin with."""

CONFIG_MAPS = "/api/v1/namespaces/shop/configmaps"
DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"
PODS = "/api/v1/namespaces/shop/pods"
SERVICES = "/api/v1/namespaces/shop/services"
VIRTUAL_SERVICES = "/apis/networking.istio.io/v1/namespaces/shop/virtualservices"
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def config_map(name="settings", data=None, **labels):
    return {"metadata": {"name": name, "labels": labels}, "data": data or {"a": "1"}}


def pod_spec(**fields):
    container = {"name": "order", "image": "order:v1", "ports": [{"containerPort": 8080, "name": "http"}]}
    return {"containers": [{**container, **fields}]}


def pod(name="order-1", **labels):
    return {"metadata": {"name": name, "labels": labels}, "spec": pod_spec()}


def deployment(name="order", **spec):
    template = {"metadata": {"labels": {"app": name}}, "spec": pod_spec()}
    selector = {"matchLabels": {"app": name}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {"selector": selector, "template": template, **spec},
    }


def service(name="order", **spec):
    ports = [{"port": 8080, "name": "http", "targetPort": "http"}]
    return {"metadata": {"name": name}, "spec": {"selector": {"app": name}, "ports": ports, **spec}}


def virtual_service(stable=100, canary=0, name="order"):
    route = [
        {"destination": {"host": name, "subset": "stable"}, "weight": stable},
        {"destination": {"host": name, "subset": "canary"}, "weight": canary},
    ]
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": name},
        "spec": {"hosts": [name], "http": [{"route": route}]},
    }


def definition(**version):
    schema = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "required": ["size"],
                "properties": {
                    "size": {"type": "integer"},
                    "colour": {"type": "string", "enum": ["red", "blue"], "default": "red"},
                    "replicas": {"type": "integer"},
                },
            },
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }
    return {
        "metadata": {"name": "boxes.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "boxes", "kind": "Box", "shortNames": ["bx"]},
            "versions": [
                {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, **version}
            ],
        },
    }
