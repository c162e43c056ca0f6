"""What is special about single kinds: Services' addresses, scale, binding, reviews, the older autoscaler."""

from tests.unit.apiserver.samples import (
    DEPLOYMENTS,
    PODS,
    SERVICES,
    deployment,
    pod,
    pod_spec,
    service,
)

from embedded.apiserver import resources
from embedded.apiserver.addresses import AddressPool, OneAddress
from embedded.apiserver.admission import open_store
from embedded.apiserver.resources import ResourceRegistry


async def test_scale_reads_and_writes_the_number(api):
    await api.create(DEPLOYMENTS, deployment(replicas=2))
    scale = await api.get(f"{DEPLOYMENTS}/order/scale")
    assert (scale["kind"], scale["spec"], scale["status"]) == (
        "Scale",
        {"replicas": 2},
        {"replicas": 0, "selector": "app=order"},
    )
    scale["spec"]["replicas"] = 4
    assert (await api.ok("PUT", f"{DEPLOYMENTS}/order/scale", scale))["spec"]["replicas"] == 4
    status, _ = await api.call("PUT", f"{DEPLOYMENTS}/order/scale", scale)
    assert status == 409
    kind = "application/merge-patch+json"
    await api.ok("PATCH", f"{DEPLOYMENTS}/order/scale", {"spec": {"replicas": 0}}, kind=kind)
    found = await api.get(f"{DEPLOYMENTS}/order")
    assert found["spec"]["replicas"] == 0
    assert [entry["subresource"] for entry in found["metadata"]["managedFields"][1:]] == ["scale"]
    status, _ = await api.call("PATCH", f"{DEPLOYMENTS}/order/scale", {"spec": {"replicas": -1}}, kind=kind)
    assert status == 422


async def test_services_get_addresses_and_keep_them(api):
    first = await api.create(SERVICES, service("a"))
    second = await api.create(SERVICES, service("b"))
    assert first["spec"]["clusterIP"] != second["spec"]["clusterIP"]
    headless = await api.create(SERVICES, service("c", clusterIP="None"))
    assert headless["spec"]["clusterIPs"] == ["None"]
    changed = await api.ok("PUT", f"{SERVICES}/a", service("a"))
    assert changed["spec"]["clusterIP"] == first["spec"]["clusterIP"]
    status, refusal = await api.call("PUT", f"{SERVICES}/a", service("a", clusterIP="10.0.0.1"))
    assert (status, "may not change once set" in refusal["message"]) == (422, True)


def test_addresses_are_given_once_also_after_a_restart(tmp_path):
    given = []
    for name in ("a", "b"):
        store = open_store(tmp_path / "db", ResourceRegistry(resources.BUILT_IN), AddressPool("127.200.0.0/24"))
        given.append(store.create(resources.SERVICES, service(name))["spec"]["clusterIP"])
        store.close()
    assert len(set(given)) == 2


def test_services_may_share_the_only_address(registry):
    store = open_store(None, registry, OneAddress())
    given = {store.create(resources.SERVICES, service(name))["spec"]["clusterIP"] for name in ("a", "b")}
    assert given == {"127.0.0.1"}
    store.close()


async def test_the_classic_patch_of_a_selector(api):
    await api.create(SERVICES, service())
    patch = {"spec": {"selector": {"app": "order", "version": "v2"}}}
    kind = "application/strategic-merge-patch+json"
    assert (await api.ok("PATCH", f"{SERVICES}/order", patch, kind=kind))["spec"]["selector"] == {
        "app": "order",
        "version": "v2",
    }


async def test_a_deleted_pod_is_answered_with_the_pod(api, store):
    await api.create(PODS, pod())
    assert (await api.ok("DELETE", f"{PODS}/order-1"))["kind"] == "Pod"


async def test_binding_assigns_a_node_once(api):
    await api.create(PODS, pod())
    target = {"target": {"kind": "Node", "name": "embedded"}}
    await api.create(f"{PODS}/order-1/binding", target)
    assert (await api.get(f"{PODS}/order-1"))["spec"]["nodeName"] == "embedded"
    status, _ = await api.call("POST", f"{PODS}/order-1/binding", target)
    assert status == 409


async def test_reviews_say_that_the_one_user_may_do_everything(api):
    spec = {"resourceAttributes": {"verb": "create", "resource": "pods"}}
    answer = await api.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {"spec": spec})
    assert (answer["spec"], answer["status"]["allowed"]) == (spec, True)
    answer = await api.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", {})
    assert answer["status"]["userInfo"]["username"] == "admin"


async def test_the_older_autoscaler_becomes_the_newer(api):
    target = {"kind": "Deployment", "name": "order", "apiVersion": "apps/v1"}
    body = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "order"},
        "spec": {"scaleTargetRef": target, "maxReplicas": 3, "targetCPUUtilizationPercentage": 60},
    }
    path = "/apis/autoscaling/{}/namespaces/shop/horizontalpodautoscalers"
    made = await api.create(path.format("v1"), body)
    assert made["spec"]["targetCPUUtilizationPercentage"] == 60
    found = await api.get(path.format("v2") + "/order")
    assert found["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 60


async def test_quantities_are_stored_in_one_form(api):
    body = pod()
    body["spec"] = pod_spec(resources={"requests": {"cpu": 0.5, "memory": "1024Mi"}})
    made = await api.create(PODS, body)
    assert made["spec"]["containers"][0]["resources"]["requests"] == {"cpu": "500m", "memory": "1Gi"}
