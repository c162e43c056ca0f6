"""Waiting for databases and Jobs, and through sidecars: as long as there is hope, and with Kubernetes' own reason."""

import pytest
from tests.unit.cluster.fake_api import NAMESPACED, FakeApi
from tests.unit.cluster.test_waiting_unready import EVENTS, LABELS, PODS, deployment, pod

from cluster import health, wait, workloads
from cluster.errors import ClusterError, Unready

SETS = f"/apis/apps/v1{NAMESPACED}statefulsets"
JOBS = f"/apis/batch/v1{NAMESPACED}jobs"
STARTING = {"waiting": {"reason": "PodInitializing"}}


@pytest.fixture(autouse=True)
def no_patience(monkeypatch):
    monkeypatch.setattr(wait, "LOOK_AGAIN", 0.05)
    for reason in ("CrashLoopBackOff", "ImagePullBackOff"):
        monkeypatch.setitem(health.TOLERANCES, reason, 0.1)


def stateful_set(ready=1, current="a", update="a", observed=1, **spec):
    status = {"observedGeneration": observed, "readyReplicas": ready, "currentRevision": current}
    return {
        "metadata": {"name": "postgres", "generation": 1},
        "spec": {"replicas": 1, "selector": {"matchLabels": LABELS}, **spec},
        "status": {**status, "updateRevision": update},
    }


def daemon_set(wanted=2, updated=2, available=2):
    counts = {"desiredNumberScheduled": wanted, "updatedNumberScheduled": updated, "numberAvailable": available}
    return {"metadata": {"name": "d", "generation": 1}, "spec": {}, "status": {"observedGeneration": 1, **counts}}


def job(*conditions):
    return {
        "kind": "Job",
        "metadata": {"name": "migrate"},
        "spec": {"completions": 1, "selector": {"matchLabels": LABELS}},
        "status": {"failed": 1, "conditions": [{"status": "True", **each} for each in conditions]},
    }


@pytest.mark.parametrize(
    ("body", "kind", "done"),
    [
        (stateful_set(), workloads.STATEFUL_SET, True),
        (stateful_set(ready=0), workloads.STATEFUL_SET, False),
        (stateful_set(observed=0), workloads.STATEFUL_SET, False),
        (stateful_set(update="b"), workloads.STATEFUL_SET, False),
        (stateful_set(update="b", updateStrategy={"type": "OnDelete"}), workloads.STATEFUL_SET, True),
        (daemon_set(), workloads.DAEMON_SET, True),
        (daemon_set(updated=1), workloads.DAEMON_SET, False),
        (daemon_set(available=1), workloads.DAEMON_SET, False),
        (job({"type": "Complete"}), workloads.JOB, True),
        (job({"type": "SuccessCriteriaMet"}), workloads.JOB, False),
        (job({"type": "Failed"}), workloads.JOB, False),
    ],
)
def test_every_kind_has_its_own_rule(body, kind, done):
    assert kind.done(body) is done


def test_at_the_deadline_a_database_says_how_far_it_is(cluster, api: FakeApi):
    api.put(f"{SETS}/postgres", stateful_set(ready=0))
    with pytest.raises(Unready, match=r"StatefulSet postgres is not ready: Timeout \(0 of 1 updated"):
        wait.ready(cluster, workloads.STATEFUL_SET, "postgres", 0.2)


def test_what_keeps_pods_from_being_made_is_named(cluster, api: FakeApi):
    api.put(f"{SETS}/postgres", stateful_set(ready=0))
    said = {"type": "Warning", "reason": "FailedCreate", "message": 'violates PodSecurity "restricted"'}
    api.put(f"{EVENTS}/e", {"involvedObject": {"name": "postgres"}, **said})
    with pytest.raises(Unready, match=r"FailedCreate \(violates PodSecurity"):
        wait.ready(cluster, workloads.STATEFUL_SET, "postgres", 0.2)


def test_a_job_that_failed_ends_the_wait(cluster, api: FakeApi):
    api.put(f"{JOBS}/migrate", job({"type": "Failed", "reason": "DeadlineExceeded", "message": "was active longer"}))
    with pytest.raises(Unready) as error:
        wait.ready(cluster, workloads.JOB, "migrate", 60)
    assert (error.value.what, error.value.reason) == ("Job migrate", "DeadlineExceeded")
    assert error.value.detail == "was active longer"


def test_how_often_a_job_may_crash_is_its_own_matter(cluster, api: FakeApi):
    api.put(f"{JOBS}/migrate", job())
    api.put(f"{PODS}/migrate-1", pod("migrate-1", waiting={"reason": "CrashLoopBackOff"}, restarts=9))
    with pytest.raises(Unready, match=r"CrashLoopBackOff .*waited 0\.3 s"):
        wait.ready(cluster, workloads.JOB, "migrate", 0.3)


def test_an_image_that_a_job_cannot_have_ends_the_wait(cluster, api: FakeApi):
    api.put(f"{JOBS}/migrate", job())
    api.put(f"{PODS}/migrate-1", pod("migrate-1", waiting={"reason": "ImagePullBackOff", "message": "not found"}))
    with pytest.raises(Unready, match="ImagePullBackOff"):
        wait.ready(cluster, workloads.JOB, "migrate", 60)


def sidecar_pod(sidecar, service=STARTING):
    body = pod("order-1")
    body["status"]["initContainerStatuses"] = [{"name": "istio-proxy", "restartCount": 0, **sidecar}]
    body["status"]["containerStatuses"] = [{"name": "order", "restartCount": 0, "state": service}]
    body["status"]["conditions"] = [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}]
    return body


def test_a_sidecar_that_does_not_come_up_is_named(cluster, api: FakeApi):
    api.put(f"/apis/apps/v1{NAMESPACED}deployments/order", deployment())
    api.put(f"{PODS}/order-1", sidecar_pod({"state": {"running": {}}}))
    about = {"name": "order-1", "fieldPath": "spec.initContainers{istio-proxy}"}
    said = {"type": "Warning", "reason": "Unhealthy", "message": "Startup probe failed: connection refused"}
    api.put(f"{EVENTS}/a", {"involvedObject": {"name": "order-1"}, "type": "Warning", "reason": "X", "message": "y"})
    api.put(f"{EVENTS}/e", {"involvedObject": about, **said})
    with pytest.raises(Unready, match=r"Unhealthy \(pod order-1, container istio-proxy: Startup probe failed"):
        wait.deployment_ready(cluster, "order", 0.2)


def test_a_sidecar_that_crashes_is_not_waited_for(cluster, api: FakeApi):
    api.put(f"/apis/apps/v1{NAMESPACED}deployments/order", deployment())
    crashing = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 2}
    api.put(f"{PODS}/order-1", sidecar_pod(crashing))
    with pytest.raises(Unready, match=r"CrashLoopBackOff \(pod order-1, container istio-proxy"):
        wait.deployment_ready(cluster, "order", 60)


@pytest.mark.parametrize(("service", "reason"), [(STARTING, "ContainersNotReady"), ({"running": {}}, "Progress")])
def test_an_image_that_is_still_being_pulled_is_waited_for_beyond_kubernetes_own_deadline(
    cluster, api: FakeApi, service, reason
):
    missed = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
    api.put(f"/apis/apps/v1{NAMESPACED}deployments/order", deployment(conditions=[missed]))
    api.put(f"{PODS}/order-1", sidecar_pod({"state": {"running": {}}}, service))
    with pytest.raises(Unready) as error:
        wait.deployment_ready(cluster, "order", 0.3)
    assert error.value.reason.startswith(reason)


def test_how_long_anything_may_take_is_a_parameter():
    assert wait.ready_deadline({}) == 120
    assert wait.ready_deadline({"READY_DEADLINE": "600"}) == 600
    for wrong in ("soon", "0", "-5", "nan", "1e9"):
        with pytest.raises(ClusterError, match=f"READY_DEADLINE={wrong} must be a number of seconds from 1 to 3600"):
            wait.ready_deadline({"READY_DEADLINE": wrong})


def test_what_is_deleted_is_waited_for_until_it_is_gone_or_another(cluster, api: FakeApi):
    api.put(f"{JOBS}/migrate", {**job(), "metadata": {"name": "migrate", "uid": "first"}})
    jobs = workloads.JOB.collection(cluster)
    with pytest.raises(ClusterError, match=r"jobs migrate is still there, 0\.2 s after"):
        wait.gone(jobs, "migrate", "first", 0.2)
    wait.gone(jobs, "migrate", "an earlier one", 5)
    api.remove(f"{JOBS}/migrate")
    wait.gone(jobs, "migrate", "first", 5)
