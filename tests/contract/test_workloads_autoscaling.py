"""The horizontal autoscaler: its bounds hold at once, and load makes it grow."""

import pytest
from tests.contract.waiting import until
from tests.contract.workloads import deployment, has_condition

BUSY = "while True: pass"


def autoscaler(least, most, **spec):
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    bounds = {"minReplicas": least, "maxReplicas": most}
    return {"metadata": {"name": "web"}, "spec": {"scaleTargetRef": target, **bounds, **spec}}


@pytest.fixture
def scale(workloads):
    def scale(*arguments, **spec):
        body = autoscaler(*arguments, **spec)
        workloads.autoscaling.create_namespaced_horizontal_pod_autoscaler(workloads.namespace, body)

    return scale


def status(workloads):
    return workloads.autoscaling.read_namespaced_horizontal_pod_autoscaler("web", workloads.namespace)


def test_the_number_is_brought_up_to_the_minimum(workloads, scale):
    workloads.start(deployment(replicas=1))
    scale(2, 3)
    until(lambda: workloads.deployment().spec.replicas == 2, "scaled to the minimum")


def test_the_number_is_brought_down_to_the_maximum(workloads, scale):
    workloads.start(deployment(replicas=3))
    scale(1, 2)
    until(lambda: workloads.deployment().spec.replicas == 2, "scaled to the maximum")


def test_nothing_scaled_to_zero_is_woken(workloads, scale):
    workloads.create(deployment(replicas=0))
    scale(2, 3)
    until(lambda: has_condition(status(workloads), "ScalingActive", "False", "ScalingDisabled"), "it stays out of it")
    assert workloads.deployment().spec.replicas == 0


# A metrics server looks every 15 s or so, and wants to have looked twice.
@pytest.mark.timeout(300)
def test_load_makes_more_pods_up_to_the_maximum(workloads, scale, differs, needs):
    if not differs("metrics-api"):
        needs("metrics")
    body = deployment(replicas=1)
    (container,) = body["spec"]["template"]["spec"]["containers"]
    container |= {"command": ["python", "-c", BUSY], "readinessProbe": None}
    container["resources"] = {"requests": {"cpu": "50m", "memory": "16Mi"}}
    workloads.start(body)
    target = {"type": "Utilization", "averageUtilization": 50}
    scale(1, 2, metrics=[{"type": "Resource", "resource": {"name": "cpu", "target": target}}])
    until(lambda: workloads.deployment().spec.replicas == 2, "scaled up", deadline=240)
    found = status(workloads)
    assert found.status.desired_replicas == 2
    assert has_condition(found, "ScalingActive", "True", "ValidMetricFound")
