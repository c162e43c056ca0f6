"""What the other controllers do on any cluster: endpoints, claims, namespaces."""

import pytest
from kubernetes import client
from tests.contract.waiting import until
from tests.contract.workloads import Workloads, deployment, release

GATE = "contract.test/gate"
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": "http"}]},
}


def ready_names(workloads, app):
    return {pod.metadata.name for pod in workloads.ready(f"app={app}")}


def test_endpoints_are_the_ready_pods_and_follow_the_selector(workloads):
    workloads.core.create_namespaced_service(workloads.namespace, SERVICE)
    workloads.start(deployment())
    workloads.start(deployment("green", replicas=1))
    until(lambda: workloads.endpoints("web") == ready_names(workloads, "web"), "the pods of web behind it")
    patch = {"spec": {"selector": {"app": "green"}}}
    workloads.core.patch_namespaced_service("web", workloads.namespace, patch)
    until(lambda: workloads.endpoints("web") == ready_names(workloads, "green"), "the pod of green behind it")
    workloads.core.delete_namespaced_service("web", workloads.namespace)
    slices = workloads.discovery.list_namespaced_endpoint_slice
    until(lambda: not slices(workloads.namespace).items, "the slices gone")


def test_what_is_not_ready_gets_no_requests(workloads):
    workloads.core.create_namespaced_service(workloads.namespace, SERVICE)
    workloads.start(deployment(replicas=1))
    workloads.patch(release(path="/missing"))
    until(lambda: len(workloads.pods()) == 2, "a second pod")
    until(lambda: all(pod.status.pod_ip for pod in workloads.pods()), "its address")
    assert workloads.endpoints("web") == ready_names(workloads, "web")
    assert len(workloads.endpoints("web")) == 1


def test_endpoints_follow_readiness(workloads):
    workloads.core.create_namespaced_service(workloads.namespace, SERVICE)
    body = deployment(replicas=1)
    body["spec"]["template"]["spec"]["readinessGates"] = [{"conditionType": GATE}]
    workloads.create(body)
    (pod,) = until(lambda: [each for each in workloads.pods() if each.status.pod_ip], "a pod with an address")
    for open_ in ("True", "False", "True"):
        gate = {"status": {"conditions": [{"type": GATE, "status": open_}]}}
        workloads.core.patch_namespaced_pod_status(pod.metadata.name, workloads.namespace, gate)
        expected = {pod.metadata.name} if open_ == "True" else set()
        until(lambda expected=expected: workloads.endpoints("web") == expected, f"its endpoint with its gate {open_}")


def test_a_claim_that_a_pod_uses_is_bound(workloads, differs, needs):
    if differs("storage"):
        with pytest.raises(client.ApiException, match="does not implement storageclasses"):
            client.StorageV1Api(workloads.api_client).list_storage_class()
    else:
        needs("storage")
    claim = {
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    }
    workloads.core.create_namespaced_persistent_volume_claim(workloads.namespace, claim)
    body = deployment(replicas=1)
    spec = body["spec"]["template"]["spec"]
    spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    spec["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    workloads.start(body)
    found = workloads.core.read_namespaced_persistent_volume_claim("data", workloads.namespace)
    assert found.status.phase == "Bound"


def test_a_namespace_has_an_account_and_goes_with_all_in_it(api_client, workloads):
    accounts = workloads.core.list_namespaced_service_account
    other = workloads.namespace + "-ending"
    workloads.core.create_namespace({"metadata": {"name": other}})
    until(lambda: [item.metadata.name for item in accounts(other).items] == ["default"], "the default account")
    Workloads(api_client, other).start(deployment(replicas=1))
    workloads.core.delete_namespace(other)

    def is_gone():
        try:
            workloads.core.read_namespace(other)
        except client.ApiException as error:
            return error.status == 404
        return False

    until(is_gone, "the namespace gone")
