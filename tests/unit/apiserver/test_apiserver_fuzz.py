"""Whatever clients send, it is never an internal error: mutated objects on every way to write them."""

import copy
import random

import pytest
from tests.unit.apiserver.samples import (
    CONFIG_MAPS,
    DEFINITIONS,
    DEPLOYMENTS,
    PODS,
    SERVICES,
    VIRTUAL_SERVICES,
    config_map,
    definition,
    deployment,
    pod,
    pod_spec,
    service,
    virtual_service,
)

JUNK = [None, "", 0, -1, 1.5, True, [], {}, "x", ["x"], [{}], [None], {"x": None}, "500m", [[1]], {"$patch": "delete"}]
DIRECTIVES = ["$patch", "$retainKeys", "$setElementOrder/{}", "$deleteFromPrimitiveList/{}", "status", "extra"]
REQUESTS = 250
AUTOSCALERS = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers"
BUDGETS = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
BOXES = "/apis/example.com/v1/namespaces/shop/boxes"


def rich_pod():
    probe = {"httpGet": {"port": "http"}}
    mounts = [{"name": "v", "mountPath": "/v"}]
    spec = pod_spec(readinessProbe=probe, volumeMounts=mounts, env=[{"name": "A", "value": "1"}])
    spec["volumes"] = [{"name": "v", "configMap": {"name": "settings"}}]
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": []}
    return {**pod("order", app="order"), "spec": spec, "status": status}


def samples():
    target = {"kind": "Deployment", "name": "order", "apiVersion": "apps/v1"}
    metric = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Value", "value": "5"}}}
    selector = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["order"]}]}
    return {
        CONFIG_MAPS: config_map("order"),
        PODS: rich_pod(),
        SERVICES: service(),
        DEPLOYMENTS: deployment(replicas=1, strategy={"type": "RollingUpdate"}),
        VIRTUAL_SERVICES: virtual_service(),
        DEFINITIONS: definition(subresources={"scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".a"}}),
        BOXES: {"metadata": {"name": "order"}, "spec": {"size": 1}},
        AUTOSCALERS: {
            "metadata": {"name": "order"},
            "spec": {"scaleTargetRef": target, "maxReplicas": 3, "metrics": [metric]},
        },
        BUDGETS: {"metadata": {"name": "order"}, "spec": {"minAvailable": 1, "selector": selector}},
    }


def places(value, path=()):
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        yield from places(below, (*path, key))


def mutated(rng, value):
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        found = list(places(value))
        if not found:
            break
        *path, last = rng.choice(found)
        parent = value
        for step in path:
            parent = parent[step]
        action = rng.random()
        if action < 0.2:
            del parent[last]
        elif action < 0.35 and isinstance(parent, dict):
            parent[rng.choice(DIRECTIVES).format(last)] = copy.deepcopy(rng.choice(JUNK))
        else:
            parent[last] = copy.deepcopy(rng.choice(JUNK))
    return value


def request(rng, path, body):
    """Return method, path, body and options of one way to bring a mutated object in."""
    new = mutated(rng, body)
    item = f"{path}/{body['metadata']['name']}"
    operation = [{"op": "add", "path": "/metadata/labels", "value": rng.choice(JUNK)}]
    options = {"gracePeriodSeconds": 0, "propagationPolicy": "Background", "dryRun": ["All"]}
    ways = [
        ("POST", path, new, {"fieldValidation": rng.choice(["Strict", "Warn", "Ignore"])}),
        ("PUT", item, new, {}),
        ("PATCH", item, new, {"kind": "application/strategic-merge-patch+json"}),
        ("PATCH", item, new, {"kind": "application/merge-patch+json"}),
        ("PATCH", item, new, {"kind": "application/apply-patch+yaml", "fieldManager": rng.choice("ab"), "force": "1"}),
        ("PATCH", f"{item}/status", new, {"kind": "application/merge-patch+json"}),
        ("PATCH", item, mutated(rng, operation), {"kind": "application/json-patch+json"}),
        ("PATCH", f"{item}/scale", mutated(rng, {"spec": {"replicas": 1}}), {"kind": "application/merge-patch+json"}),
        ("POST", f"{PODS}/order/eviction", mutated(rng, {"deleteOptions": options}), {}),
        ("DELETE", item, mutated(rng, options), {"dryRun": "All"}),
        ("GET", path, None, {"labelSelector": rng.choice(["", "app in (a)", "!x"])}),
    ]
    return rng.choice(ways)


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_that_clients_send_is_an_internal_error(api, seed):
    rng = random.Random(seed)
    for path, body in samples().items():
        await api.create(path, body)
    for _ in range(REQUESTS):
        method, path, body, options = request(rng, *rng.choice(list(samples().items())))
        status, answer = await api.call(method, path, body, **options)
        assert status not in (500, 501), (method, path, body, options, answer)
