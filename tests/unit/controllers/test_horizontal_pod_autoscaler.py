"""As many pods as the measured CPU time calls for, no faster than is allowed, and never fewer on a guess."""

from __future__ import annotations

import pytest
from tests.unit.controllers.lab import NAMESPACE, Lab, condition, deployment

from embedded.apiserver.resources import DEPLOYMENTS
from embedded.apiserver.resources import HORIZONTAL_POD_AUTOSCALERS as AUTOSCALERS

CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}
VALUE = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "50m"}}}
TARGET = CPU["resource"]["target"]
CONTAINER = {"type": "ContainerResource", "containerResource": {"name": "cpu", "container": "order", "target": TARGET}}
MEMORY = {
    "type": "Resource",
    "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 5}},
}


def start(lab, replicas=2, kind="Deployment", **spec):
    lab.store.create(DEPLOYMENTS, deployment(replicas=replicas))
    lab.run_pods()
    lab.wait(400)
    body = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "order", "namespace": NAMESPACE},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": "order"},
            "minReplicas": 1,
            "maxReplicas": 10,
            "metrics": [CPU],
            **spec,
        },
    }
    lab.store.create(AUTOSCALERS, body)
    lab.run_pods()


def replicas(lab):
    return lab.deployment()["spec"]["replicas"]


def autoscaler(lab):
    return lab.store.get(AUTOSCALERS, NAMESPACE, "order")


def pass_time(lab, seconds, step=15):
    for _ in range(0, seconds, step):
        lab.wait(step)
        lab.run_pods()


def test_follows_the_utilisation_of_the_requests_upwards(lab):
    lab.metrics.everyone = 100.0
    start(lab)
    assert replicas(lab) == 4
    body = autoscaler(lab)
    assert body["status"]["desiredReplicas"] == 4
    assert body["status"]["currentMetrics"][0]["resource"]["current"] == {
        "averageUtilization": 100,
        "averageValue": "100m",
    }
    assert condition(body, "AbleToScale")["reason"] == "SucceededRescale"
    assert condition(body, "ScalingActive")["reason"] == "ValidMetricFound"
    assert condition(body, "ScalingLimited")["reason"] == "DesiredWithinRange"
    assert lab.events("SuccessfulRescale") == [
        "New size: 4; reason: cpu resource utilization (percentage of request) above target"
    ]


def test_follows_an_average_value(lab):
    lab.metrics.everyone = 75.0
    start(lab, metrics=[VALUE])
    assert replicas(lab) == 3


def test_follows_one_container_and_not_the_proxy_beside_it(lab):
    lab.metrics.by_container = {"order": 100.0, None: 110.0}
    start(lab, metrics=[CONTAINER])
    assert replicas(lab) == 4
    [measured] = autoscaler(lab)["status"]["currentMetrics"]
    current = {"averageUtilization": 100, "averageValue": "100m"}
    assert measured == {
        "type": "ContainerResource",
        "containerResource": {"name": "cpu", "container": "order", "current": current},
    }
    reason = "reason: cpu container resource utilization (percentage of request) above target"
    assert lab.events("SuccessfulRescale") == [f"New size: 4; {reason}"]


def test_a_container_that_is_not_there_is_named(lab):
    lab.metrics.everyone = 100.0
    start(lab, metrics=[{**CONTAINER, "containerResource": {**CONTAINER["containerResource"], "container": "web"}}])
    assert replicas(lab) == 2
    active = condition(autoscaler(lab), "ScalingActive")
    assert active["reason"] == "FailedGetContainerResourceMetric"
    assert "container web not found in Pod" in active["message"]


@pytest.mark.parametrize(("used", "expected"), [(45.1, 2), (54.9, 2), (55.1, 3)])
def test_a_tenth_off_the_target_is_near_enough(lab, used, expected):
    lab.metrics.everyone = used
    start(lab)
    assert replicas(lab) == expected


def test_never_above_the_maximum(lab):
    lab.metrics.everyone = 1000.0
    start(lab, maxReplicas=5)
    assert replicas(lab) == 5
    assert condition(autoscaler(lab), "ScalingLimited")["reason"] == "TooManyReplicas"


def test_not_faster_than_doubling_or_four_pods_in_fifteen_seconds(lab):
    lab.metrics.everyone = 1000.0
    start(lab, replicas=1, maxReplicas=20)
    assert replicas(lab) == 5
    assert condition(autoscaler(lab), "ScalingLimited")["reason"] == "ScaleUpLimit"
    lab.wait(14)
    assert replicas(lab) == 5
    for expected in (10, 20):
        pass_time(lab, 15)
        assert replicas(lab) == expected


def test_down_only_after_five_minutes_of_lower_recommendations(lab):
    lab.metrics.everyone = 10.0
    start(lab, replicas=4)
    pass_time(lab, 285)
    assert replicas(lab) == 4
    assert condition(autoscaler(lab), "AbleToScale")["reason"] == "ScaleDownStabilized"
    pass_time(lab, 30)
    assert replicas(lab) == 1
    assert "All metrics below target" in lab.events("SuccessfulRescale")[0]


def test_one_high_recommendation_within_the_window_holds_the_number(lab):
    lab.metrics.everyone = 10.0
    start(lab, replicas=4)
    pass_time(lab, 150)
    lab.metrics.everyone = 50.0
    pass_time(lab, 15)
    lab.metrics.everyone = 10.0
    pass_time(lab, 285)
    assert replicas(lab) == 4


def test_the_window_can_be_shortened(lab):
    lab.metrics.everyone = 10.0
    start(lab, replicas=4, behavior={"scaleDown": {"stabilizationWindowSeconds": 0}})
    assert replicas(lab) == 1


def test_a_policy_slows_the_way_down(lab):
    lab.metrics.everyone = 10.0
    policy = {"type": "Pods", "value": 1, "periodSeconds": 60}
    start(lab, replicas=4, behavior={"scaleDown": {"stabilizationWindowSeconds": 0, "policies": [policy]}})
    assert replicas(lab) == 3
    pass_time(lab, 45)
    assert replicas(lab) == 3
    assert condition(autoscaler(lab), "ScalingLimited")["reason"] == "ScaleDownLimit"
    pass_time(lab, 30)
    assert replicas(lab) == 2


def test_a_direction_can_be_disabled(lab):
    lab.metrics.everyone = 10.0
    start(lab, replicas=4, behavior={"scaleDown": {"stabilizationWindowSeconds": 0, "selectPolicy": "Disabled"}})
    assert replicas(lab) == 4


def test_the_tolerance_can_be_set(lab):
    lab.metrics.everyone = 60.0
    start(lab, behavior={"scaleUp": {"tolerance": "300m"}})
    assert replicas(lab) == 2


def test_brings_the_number_within_bounds_without_metrics(lab):
    start(lab, replicas=1, minReplicas=3)
    assert replicas(lab) == 3
    assert lab.events("SuccessfulRescale") == ["New size: 3; reason: Current number of replicas below Spec.MinReplicas"]


def test_no_figures_no_change(lab):
    start(lab, replicas=4)
    pass_time(lab, 600)
    assert replicas(lab) == 4
    assert condition(autoscaler(lab), "ScalingActive")["reason"] == "FailedGetResourceMetric"


def test_a_silent_pod_counts_as_busy_on_the_way_down(lab):
    lab.metrics.everyone = 10.0
    start(lab, replicas=4, behavior={"scaleDown": {"stabilizationWindowSeconds": 0}}, minReplicas=4)
    lab.metrics.by_pod = {pod["metadata"]["name"]: None for pod in lab.pods()[:2]}
    lab.store.mutate(AUTOSCALERS, NAMESPACE, "order", lambda body: body["spec"].update(minReplicas=1))
    lab.settle()
    # 2 x 10m + 2 x 100m of 4 x 50m: nothing to gain.
    assert replicas(lab) == 4


def test_a_silent_pod_counts_as_idle_on_the_way_up(lab):
    lab.metrics.everyone = 100.0
    start(lab, replicas=4, maxReplicas=4)
    lab.metrics.by_pod = {pod["metadata"]["name"]: None for pod in lab.pods()[:2]}
    lab.store.mutate(AUTOSCALERS, NAMESPACE, "order", lambda body: body["spec"].update(maxReplicas=20))
    lab.settle()
    # 2 x 100m of 4 x 50m is just right; counting only the two that answered would double the number.
    assert replicas(lab) == 4


def test_a_pod_that_has_only_begun_does_not_drive_the_number(lab):
    lab.metrics.everyone = 50.0
    start(lab, replicas=2)
    old = {pod["metadata"]["name"] for pod in lab.pods()}
    lab.wait(10)
    lab.scale(4)
    lab.run_pods()
    lab.metrics.by_pod = {name: 500.0 for pod in lab.pods() if (name := pod["metadata"]["name"]) not in old}
    lab.wait(5)
    assert replicas(lab) == 4
    lab.wait(15)
    assert replicas(lab) > 4


def test_a_container_without_request_is_named(lab):
    def unlimit(body):
        body["spec"]["template"]["spec"]["containers"][0]["resources"] = {}

    lab.metrics.everyone = 100.0
    start(lab)
    before = replicas(lab)
    lab.change(unlimit)
    lab.run_pods()
    lab.wait(400)
    lab.run_pods()
    lab.wait(15)
    assert replicas(lab) == before
    assert "missing request for cpu in container order" in condition(autoscaler(lab), "ScalingActive")["message"]


def test_zero_replicas_switch_it_off(lab):
    lab.metrics.everyone = 100.0
    start(lab, replicas=0)
    assert replicas(lab) == 0
    assert condition(autoscaler(lab), "ScalingActive")["reason"] == "ScalingDisabled"


def test_other_metrics_are_named_and_never_scale_down(lab):
    lab.metrics.everyone = 10.0
    zero = {"scaleDown": {"stabilizationWindowSeconds": 0}}
    external = {"type": "External", "external": {"metric": {"name": "q"}, "target": {"type": "Value", "value": "1"}}}
    start(lab, replicas=4, metrics=[CPU, MEMORY, external], behavior=zero)
    assert replicas(lab) == 4
    assert {message.split(" is ")[0] for message in lab.events("Unsupported")} == {
        "spec.metrics: resource memory",
        "spec.metrics: type External",
    }
    assert condition(autoscaler(lab), "ScalingActive")["reason"] == "InvalidMetricSourceType"
    lab.metrics.everyone = 100.0
    pass_time(lab, 15)
    assert replicas(lab) == 8


@pytest.mark.parametrize("kind", ["StatefulSet", "ReplicaSet"])
def test_a_target_that_cannot_be_scaled_is_named(lab, kind):
    start(lab, kind=kind)
    found = condition(autoscaler(lab), "AbleToScale")
    assert (found["status"], found["reason"]) == ("False", "FailedGetScale")
    assert kind in lab.events("FailedGetScale")[0]


def test_a_restart_does_not_scale_down_at_once(lab):
    lab.metrics.everyone = 10.0
    start(lab, replicas=4)
    again = Lab(lab.store)
    again.now = lab.now + 1000
    again.metrics.everyone = 10.0
    again.wait(15)
    assert replicas(again) == 4
