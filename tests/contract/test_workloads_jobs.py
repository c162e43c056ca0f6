"""Jobs, as they are on every cluster: how they end, what they leave behind, what kubectl says of them."""

import json

import pytest
from kubernetes import client
from tests.contract.workloads import IMAGE, Workloads, until

BACKGROUND = {"propagationPolicy": "Background"}


def job(name="task", code="print('done')", restart="Never", **spec):
    container = {
        "name": "task",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-c", code],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": {"restartPolicy": restart, "containers": [container]}}
    template["spec"]["terminationGracePeriodSeconds"] = 1
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": {"template": template, **spec}}


class Jobs(Workloads):
    """Jobs of one namespace, through the official client."""

    def __init__(self, api_client, namespace):
        super().__init__(api_client, namespace)
        self.batch = client.BatchV1Api(api_client)

    def start(self, body=None):
        return self.batch.create_namespaced_job(self.namespace, body or job())

    def status(self, name="task"):
        return self.batch.read_namespaced_job(name, self.namespace).status

    def condition(self, kind, name="task"):
        found = [item for item in self.status(name).conditions or () if (item.type, item.status) == (kind, "True")]
        return found[0] if found else None

    def ended(self, kind, name="task"):
        return until(lambda: self.condition(kind, name), f"Job {name} is {kind}")


@pytest.fixture
def jobs(api_client, namespace):
    return Jobs(api_client, namespace)


def test_one_that_succeeds_is_complete_and_keeps_its_pod_and_log(jobs):
    made = jobs.start()
    complete = jobs.ended("Complete")
    status = jobs.status()
    assert (status.succeeded, status.active, status.failed) == (1, None, None)
    assert status.start_time <= complete.last_transition_time
    assert status.completion_time is not None
    [pod] = jobs.all_pods("batch.kubernetes.io/job-name=task")
    assert (pod.status.phase, pod.metadata.labels["batch.kubernetes.io/controller-uid"]) == (
        "Succeeded",
        made.metadata.uid,
    )
    assert jobs.core.read_namespaced_pod_log(pod.metadata.name, jobs.namespace) == "done\n"
    assert (pod.metadata.owner_references[0].kind, pod.metadata.owner_references[0].uid) == ("Job", made.metadata.uid)


def test_the_server_ties_its_pods_to_it(jobs):
    made = jobs.start(job(suspend=True))
    assert made.spec.selector.match_labels == {"batch.kubernetes.io/controller-uid": made.metadata.uid}
    assert made.spec.template.metadata.labels["batch.kubernetes.io/job-name"] == "task"
    assert (made.spec.completions, made.spec.parallelism, made.spec.backoff_limit) == (1, 1, 6)


def test_its_template_cannot_be_changed(jobs):
    jobs.start(job(suspend=True))
    with pytest.raises(client.ApiException) as refused:
        jobs.batch.patch_namespaced_job("task", jobs.namespace, job(code="print(2)"))
    assert (refused.value.status, "field is immutable" in refused.value.body) == (422, True)


def test_pods_that_fail_are_replaced_and_stay_until_the_limit(jobs):
    jobs.start(job(code="print('no such table'); raise SystemExit(3)", backoffLimit=1))
    failed = jobs.ended("Failed")
    assert failed.reason == "BackoffLimitExceeded"
    assert jobs.status().failed == 2
    pods = jobs.all_pods("app=task")
    assert [pod.status.phase for pod in pods] == ["Failed", "Failed"]
    assert {pod.status.container_statuses[0].state.terminated.exit_code for pod in pods} == {3}
    assert jobs.core.read_namespaced_pod_log(pods[0].metadata.name, jobs.namespace) == "no such table\n"


def test_with_on_failure_the_container_is_restarted_and_its_pod_goes_at_the_limit(jobs):
    jobs.start(job(code="raise SystemExit(1)", restart="OnFailure", backoffLimit=1))
    assert jobs.ended("Failed").reason == "BackoffLimitExceeded"
    until(lambda: not jobs.all_pods("app=task"), "the pod is gone")


def test_a_deadline_ends_it(jobs):
    jobs.start(job(code="import time; time.sleep(600)", activeDeadlineSeconds=2))
    assert jobs.ended("Failed").reason == "DeadlineExceeded"
    until(lambda: not jobs.all_pods("app=task"), "the pod is gone")


def test_completions_are_reached_in_parallel(jobs):
    jobs.start(job(completions=3, parallelism=2))
    jobs.ended("Complete")
    assert (jobs.status().succeeded, len(jobs.all_pods("app=task"))) == (3, 3)


def test_suspended_it_runs_nothing_until_it_is_resumed(jobs):
    jobs.start(job(suspend=True))
    assert jobs.ended("Suspended").reason == "JobSuspended"
    assert jobs.all_pods("app=task") == []
    jobs.batch.patch_namespaced_job("task", jobs.namespace, {"spec": {"suspend": False}})
    jobs.ended("Complete")


def test_its_pods_go_with_it_if_asked_and_the_next_of_that_name_is_another(jobs):
    first = jobs.start(job(code="import time; time.sleep(600)"))
    until(lambda: jobs.status().active == 1, "the pod is there")
    jobs.batch.delete_namespaced_job("task", jobs.namespace, body=BACKGROUND)
    until(lambda: not jobs.all_pods("app=task"), "the pod is gone")
    second = jobs.start()
    jobs.ended("Complete")
    assert first.metadata.uid != second.metadata.uid


def test_one_that_has_ended_goes_after_its_time(jobs):
    jobs.start(job(ttlSecondsAfterFinished=0))
    until(lambda: not jobs.batch.list_namespaced_job(jobs.namespace).items, "the Job is gone")
    until(lambda: not jobs.all_pods("app=task"), "the pod is gone")


def test_kubectl_waits_for_it_and_shows_it(kubectl, jobs):
    kubectl("apply", "-f", "-", stdin=json.dumps(job()))
    assert "condition met" in kubectl("wait", "--for=condition=complete", "job/task", "--timeout=90s")
    heading, line = kubectl("get", "jobs").splitlines()
    assert heading.split() == ["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE"]
    assert line.split()[:3] == ["task", "Complete", "1/1"]
    assert kubectl("logs", "job/task") == "done\n"
    assert "job.batch/task" in kubectl("get", "all")
    assert "Completed" in kubectl("describe", "job/task")
    assert kubectl("apply", "-f", "-", stdin=json.dumps(job())) == "job.batch/task unchanged\n"
    kubectl("delete", "job/task")
    until(lambda: not jobs.all_pods("app=task"), "the pod is gone")


def test_kubectl_creates_one(kubectl, jobs):
    kubectl("create", "job", "task", f"--image={IMAGE}", "--", "python", "-c", "print(6 * 7)")
    jobs.ended("Complete")
    assert kubectl("logs", "job/task") == "42\n"
