"""Waiting: woken by watches, bounded by deadlines, never without Kubernetes' own reason."""

import threading
import time

import pytest
from tests.unit.cluster.fake_api import NAMESPACED, FakeApi

from cluster import endpoints, health, wait, workloads
from cluster.errors import ClusterError, Unready

DEPLOYMENTS = f"/apis/apps/v1{NAMESPACED}deployments"
PODS = f"/api/v1{NAMESPACED}pods"
EVENTS = f"/api/v1{NAMESPACED}events"
SLICES = f"/apis/discovery.k8s.io/v1{NAMESPACED}endpointslices"
LABELS = {"app": "order"}


def deployment(available=0, replicas=2, generation=1, observed=1, updated=2, total=2, conditions=()):
    return {
        "metadata": {"name": "order", "generation": generation},
        "spec": {"replicas": replicas, "selector": {"matchLabels": LABELS}},
        "status": {
            "observedGeneration": observed,
            "replicas": total,
            "updatedReplicas": updated,
            "availableReplicas": available,
            "conditions": list(conditions),
        },
    }


def pod(name="order-1", waiting=None, conditions=(), init=False, ended=None, restarts=1, **meta):
    state = {"waiting": waiting} if waiting else {"running": {}}
    container = {
        "name": "order",
        "state": state,
        "restartCount": restarts,
        "lastState": {"terminated": ended} if ended else {},
    }
    statuses = {"initContainerStatuses" if init else "containerStatuses": [container]}
    return {
        "metadata": {"name": name, "labels": LABELS, **meta},
        "status": {**statuses, "conditions": list(conditions)},
    }


@pytest.fixture(autouse=True)
def no_patience(monkeypatch):
    monkeypatch.setattr(wait, "LOOK_AGAIN", 0.05)
    monkeypatch.setattr(wait, "RECONNECT_PAUSE", 0.01)
    monkeypatch.setattr(endpoints, "PROPAGATION", 0.0)
    for reason in ("CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull"):
        monkeypatch.setitem(health.TOLERANCES, reason, 0.2)


def later(act, api: FakeApi):
    """Act as soon as somebody watches."""

    def run():
        while not api.watchers:
            time.sleep(0.005)
        act()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("body", "complete"),
    [
        (deployment(available=2), True),
        (deployment(available=1), False),
        (deployment(available=2, generation=2, observed=1), False),
        (deployment(available=2, total=3), False),
        (deployment(available=2, updated=1), False),
        (deployment(available=0, replicas=0, updated=0, total=0), True),
    ],
)
def test_a_rollout_is_complete_by_kubectls_rules(body, complete):
    assert workloads.rolled_out(body) is complete


def test_it_is_woken_by_the_watch(cluster, api: FakeApi, monkeypatch):
    monkeypatch.setattr(wait, "LOOK_AGAIN", 60.0)
    api.put(f"{DEPLOYMENTS}/order", deployment())
    thread = later(lambda: api.put(f"{DEPLOYMENTS}/order", deployment(available=2)), api)
    assert wait.deployment_ready(cluster, "order", 30)["status"]["availableReplicas"] == 2
    thread.join()


def test_a_watch_that_breaks_is_opened_again(cluster, api: FakeApi, monkeypatch):
    monkeypatch.setattr(wait, "LOOK_AGAIN", 60.0)
    api.put(f"{DEPLOYMENTS}/order", deployment())

    def act():
        api.break_watches()
        count = len(api.watchers)
        while len(api.watchers) < count + 1:
            time.sleep(0.005)
        api.put(f"{DEPLOYMENTS}/order", deployment(available=2))

    thread = later(act, api)
    wait.deployment_ready(cluster, "order", 30)
    thread.join()


def test_a_watch_whose_history_is_gone_lists_again(cluster, api: FakeApi, monkeypatch):
    monkeypatch.setattr(wait, "LOOK_AGAIN", 60.0)
    api.put(f"{DEPLOYMENTS}/order", deployment())
    gone = [(410, "too old resource version")] * 3

    def refuse(method, path):
        if method == "WATCH" and gone:
            return gone.pop()
        if method == "WATCH":
            api.put(f"{DEPLOYMENTS}/order", deployment(available=2))
        return None

    api.refuse = refuse
    wait.deployment_ready(cluster, "order", 30)
    assert not gone


def test_an_api_server_that_is_away_for_a_moment_is_borne(cluster, api: FakeApi, monkeypatch):
    from cluster.errors import Unreachable

    tries = []

    def check():
        tries.append(1)
        if len(tries) < 3:
            raise Unreachable("away")
        return True

    assert wait.until(check, [(cluster.pods, None)], 30, lambda: AssertionError("late"))


def test_no_thread_is_left_watching(cluster, api: FakeApi):
    api.put(f"{DEPLOYMENTS}/order", deployment())
    with pytest.raises(Unready):
        wait.deployment_ready(cluster, "order", 0.3)
    deadline = time.monotonic() + 10
    while any(thread.name.startswith("watch-") for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "a watch goes on although nobody waits"
        time.sleep(0.01)


def test_a_watch_that_would_begin_after_the_wait_is_not_begun():
    begun = []

    class Late:
        def snapshot(self, _labels):
            return {"metadata": {"resourceVersion": "1"}}

        def changes(self, _since, _labels):
            return (begun.append(number) or {} for number in range(1))

    with wait.Wakeup([]) as wakeup:
        pass
    wakeup._follow(0, Late(), None)
    assert begun == []


@pytest.mark.parametrize("reason", ["CrashLoopBackOff", "ImagePullBackOff", "InvalidImageName"])
@pytest.mark.parametrize("init", [False, True])
def test_pods_that_waiting_will_not_mend_end_the_wait_early(cluster, api: FakeApi, reason, init):
    api.put(f"{DEPLOYMENTS}/order", deployment())
    said = {"reason": reason, "message": "back-off 10s\nrestarting"}
    api.put(f"{PODS}/order-1", pod(waiting=said, init=init, ended={"exitCode": 3}))
    with pytest.raises(Unready) as error:
        wait.deployment_ready(cluster, "order", 60)
    assert error.value.reason == reason
    assert "exit code 3" in str(error.value)
    assert "back-off 10s restarting" in str(error.value)


def test_a_crash_within_the_tolerance_is_forgiven(cluster, api: FakeApi, monkeypatch):
    monkeypatch.setitem(health.TOLERANCES, "CrashLoopBackOff", 60.0)
    api.put(f"{DEPLOYMENTS}/order", deployment())
    api.put(f"{PODS}/order-1", pod(waiting={"reason": "CrashLoopBackOff"}))
    thread = later(lambda: api.put(f"{DEPLOYMENTS}/order", deployment(available=2)), api)
    wait.deployment_ready(cluster, "order", 30)
    thread.join()


def test_a_container_that_crashes_after_every_restart_is_not_waited_for(cluster, monkeypatch):
    monkeypatch.setitem(health.TOLERANCES, "CrashLoopBackOff", 60.0)
    eye = health.ImpatientEye(cluster, "Deployment order", LABELS)
    eye._pods = lambda: [pod(waiting={"reason": "CrashLoopBackOff"}, restarts=1, uid="u")]
    eye.look(deployment())
    eye._pods = lambda: [pod(waiting={"reason": "CrashLoopBackOff"}, restarts=2, uid="u")]
    with pytest.raises(Unready, match="CrashLoopBackOff"):
        eye.look(deployment())


def test_the_tolerance_counts_through_restarts(cluster):
    now = [0.0]
    eye = health.ImpatientEye(cluster, "Deployment order", LABELS, lambda: now[0])
    crashing, running = pod(waiting={"reason": "CrashLoopBackOff"}, uid="u"), pod(uid="u")
    for at, seen in ((0.0, crashing), (0.15, running)):
        now[0] = at
        eye._pods = lambda seen=seen: [seen]
        eye.look(deployment())
    now[0], eye._pods = 0.3, lambda: [crashing]
    with pytest.raises(Unready):
        eye.look(deployment())


def test_pods_on_their_way_out_are_no_reason(cluster, api: FakeApi):
    api.put(f"{DEPLOYMENTS}/order", deployment())
    leaving = pod(waiting={"reason": "CrashLoopBackOff"}, deletionTimestamp="2026-01-01T00:00:00Z")
    api.put(f"{PODS}/order-1", leaving)
    with pytest.raises(Unready) as error:
        wait.deployment_ready(cluster, "order", 0.6)
    assert error.value.reason == "Timeout"


def test_kubernetes_own_deadline_ends_the_wait(cluster, api: FakeApi):
    missed = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"}
    api.put(f"{DEPLOYMENTS}/order", deployment(conditions=[missed]))
    with pytest.raises(Unready) as error:
        wait.deployment_ready(cluster, "order", 60)
    assert error.value.reason == "ProgressDeadlineExceeded"
    assert "timed out" in str(error.value)


def test_at_the_deadline_the_failing_probe_is_named(cluster, api: FakeApi):
    api.put(f"{DEPLOYMENTS}/order", deployment())
    unready = {"type": "Ready", "status": "False", "reason": "ContainersNotReady"}
    api.put(f"{PODS}/order-1", pod(conditions=[unready]))
    said = "Readiness probe failed: HTTP probe failed with statuscode: 503"
    api.put(f"{EVENTS}/e", {"involvedObject": {"name": "order-1"}, "reason": "Unhealthy", "message": said})
    with pytest.raises(Unready) as error:
        wait.deployment_ready(cluster, "order", 0.2)
    assert error.value.reason == "Unhealthy"
    assert said in str(error.value)


def test_at_the_deadline_an_unschedulable_pod_is_named(cluster, api: FakeApi):
    api.put(f"{DEPLOYMENTS}/order", deployment())
    unbound = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "Insufficient cpu"}
    api.put(f"{PODS}/order-1", pod(conditions=[unbound]))
    with pytest.raises(Unready, match=r"Unschedulable \(Insufficient cpu"):
        wait.deployment_ready(cluster, "order", 0.2)


def test_at_the_deadline_a_quota_is_named(cluster, api: FakeApi):
    failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota"}
    api.put(f"{DEPLOYMENTS}/order", deployment(conditions=[failure]))
    with pytest.raises(Unready, match=r"FailedCreate \(exceeded quota"):
        wait.deployment_ready(cluster, "order", 0.2)


def endpoint(name, ready=True):
    return {"targetRef": {"name": name}, "conditions": {"ready": ready}}


def test_serving_means_every_pod_is_an_endpoint(cluster, api: FakeApi, monkeypatch):
    labels = {endpoints.SERVICE_NAME: "order"}
    for name in ("order-1", "order-2"):
        api.put(f"{PODS}/{name}", pod(name))
    api.put(f"{SLICES}/a", {"metadata": {"name": "a", "labels": labels}, "endpoints": [endpoint("order-1")]})
    api.put(f"{SLICES}/b", {"metadata": {"name": "b", "labels": labels}, "endpoints": [endpoint("order-2", False)]})
    monkeypatch.setattr(endpoints, "ENDPOINTS_DEADLINE", 0.2)
    with pytest.raises(ClusterError, match="Service order does not send traffic to order-2"):
        endpoints.wait_serving(cluster, "order", LABELS)
    with pytest.raises(ClusterError, match="Service order still sends traffic to order-1"):
        endpoints.wait_not_serving(cluster, "order", LABELS)
    api.put(f"{SLICES}/b", {"metadata": {"name": "b", "labels": labels}, "endpoints": [endpoint("order-2")]})
    endpoints.wait_serving(cluster, "order", LABELS)


def test_no_pod_at_all_serves_nobody(cluster, api: FakeApi, monkeypatch):
    monkeypatch.setattr(endpoints, "ENDPOINTS_DEADLINE", 0.1)
    with pytest.raises(ClusterError, match="no pod at all"):
        endpoints.wait_serving(cluster, "order", LABELS)
