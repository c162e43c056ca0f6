"""A Job runs pods until enough have succeeded or too many have failed, counts each once, and says how it ended."""

from __future__ import annotations

import pytest
from tests.unit.controllers.lab import NAMESPACE, condition, template

from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import JOBS, PODS
from embedded.controllers.job_pods import TRACKING, seconds_to_retry
from embedded.controllers.timestamps import stamp


def job(name="migrate", restart="Never", **spec):
    pod = template(app=name)
    pod["spec"]["restartPolicy"] = restart
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"template": pod, **spec},
    }


def start(lab, **spec):
    lab.store.create(JOBS, job(**spec))
    lab.settle()


def found(lab):
    return lab.store.get(JOBS, NAMESPACE, "migrate")


def status(lab):
    return found(lab)["status"]


def conditions(lab):
    return {item["type"]: item["reason"] for item in status(lab).get("conditions", []) if item["status"] == "True"}


def end(lab, phase):
    """Be the kubelet of a pod that has ended."""
    pod = working(lab)[0]
    ended = {"state": {"terminated": {"finishedAt": stamp(lab.now)}}}
    change = lambda body: body["status"].update(phase=phase, containerStatuses=[ended])  # noqa: E731
    lab.store.mutate(PODS, NAMESPACE, pod["metadata"]["name"], change, "status")
    lab.settle()


def working(lab):
    return [pod for pod in lab.pods() if pod["status"]["phase"] not in ("Succeeded", "Failed")]


def sweep(lab):
    """Be the kubelet of pods that were told to end."""
    for pod in lab.store.list(PODS, NAMESPACE):
        if pod["metadata"].get("deletionTimestamp"):
            lab.end(pod)
    lab.settle()


def test_one_pod_succeeds_and_the_job_is_complete(lab):
    start(lab)
    [pod] = lab.pods()
    uid = found(lab)["metadata"]["uid"]
    labels = pod["metadata"]["labels"]
    assert (labels["batch.kubernetes.io/job-name"], labels["job-name"]) == ("migrate", "migrate")
    assert (labels["batch.kubernetes.io/controller-uid"], labels["controller-uid"]) == (uid, uid)
    assert found(lab)["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert pod["metadata"]["ownerReferences"][0]["kind"] == "Job"
    assert (status(lab)["active"], "succeeded" in status(lab)) == (1, False)
    end(lab, "Succeeded")
    assert conditions(lab) == {"SuccessCriteriaMet": "CompletionsReached", "Complete": "CompletionsReached"}
    assert (status(lab)["succeeded"], status(lab)["completionTime"]) == (1, stamp(lab.now))
    assert "active" not in status(lab)
    assert lab.events("Completed") == ["Job completed"]
    assert TRACKING not in lab.pods()[0]["metadata"].get("finalizers", [])


def test_as_many_at_a_time_as_may_be_and_no_more_than_are_needed(lab):
    start(lab, completions=3, parallelism=2)
    assert len(working(lab)) == 2
    end(lab, "Succeeded")
    assert len(working(lab)) == 2
    end(lab, "Succeeded")
    assert len(working(lab)) == 1
    end(lab, "Succeeded")
    assert (status(lab)["succeeded"], len(lab.pods())) == (3, 3)
    assert "Complete" in conditions(lab)


def test_a_queue_of_work_ends_with_its_last_pod(lab):
    start(lab, parallelism=2)
    assert "completions" not in found(lab)["spec"]
    end(lab, "Succeeded")
    assert len(working(lab)) == 1
    assert conditions(lab) == {}
    end(lab, "Succeeded")
    assert "Complete" in conditions(lab)


def test_fewer_at_a_time_takes_pods_away_that_count_as_nothing(lab):
    start(lab, completions=5, parallelism=3)
    lab.store.mutate(JOBS, NAMESPACE, "migrate", lambda body: body["spec"].update(parallelism=1))
    lab.settle()
    sweep(lab)
    assert (len(lab.store.list(PODS, NAMESPACE)), status(lab)["active"]) == (1, 1)
    assert "failed" not in status(lab)


def test_too_many_failures_end_it(lab):
    start(lab, backoffLimit=2)
    for _ in range(3):
        end(lab, "Failed")
        lab.wait(10)
    assert conditions(lab) == {"FailureTarget": "BackoffLimitExceeded", "Failed": "BackoffLimitExceeded"}
    assert condition(found(lab), "Failed")["message"] == "Job has reached the specified backoff limit"
    assert (status(lab)["failed"], len(lab.pods())) == (3, 3)
    assert "completionTime" not in status(lab)
    assert lab.events("BackoffLimitExceeded") == ["Job has reached the specified backoff limit"]


def test_pods_follow_each_other_at_growing_intervals(lab):
    start(lab, backoffLimit=5)
    pauses = []
    for _ in range(3):
        end(lab, "Failed")
        begun = lab.now
        while not working(lab):
            lab.wait(1)
        pauses.append(lab.now - begun)
    assert pauses == [1, 2, 4]


def test_a_success_makes_the_interval_short_again():
    def ended(when, phase):
        states = [{"state": {"terminated": {"finishedAt": stamp(1_000_000 + when)}}}]
        return {
            "metadata": {"creationTimestamp": stamp(1_000_000)},
            "status": {"phase": phase, "containerStatuses": states},
        }

    failures = [ended(1, "Failed"), ended(2, "Failed")]
    assert seconds_to_retry(failures, 1_000_002) == 2
    assert seconds_to_retry([*failures, ended(3, "Succeeded")], 1_000_003) == 0
    assert seconds_to_retry([*failures, ended(3, "Succeeded"), ended(4, "Failed")], 1_000_004) == 1
    assert seconds_to_retry([], 1_000_000) == 0


@pytest.mark.parametrize(("limit", "restarts", "failed"), [(0, 0, False), (0, 1, True), (3, 2, False), (3, 3, True)])
def test_restarts_in_place_count_with_on_failure(lab, limit, restarts, failed):
    start(lab, restart="OnFailure", backoffLimit=limit)

    def crash(body):
        body["status"] |= {"phase": "Running", "containerStatuses": [{"name": "order", "restartCount": restarts}]}

    lab.store.mutate(PODS, NAMESPACE, lab.pods()[0]["metadata"]["name"], crash, "status")
    lab.settle()
    assert ("FailureTarget" in conditions(lab)) is failed
    sweep(lab)
    assert ("Failed" in conditions(lab)) is failed
    assert status(lab).get("failed", 0) == int(failed)


def test_a_deadline_ends_it_and_its_pods(lab):
    start(lab, activeDeadlineSeconds=30)
    lab.bind(lab.pods()[0])
    lab.wait(29)
    assert conditions(lab) == {}
    lab.wait(1)
    assert conditions(lab) == {"FailureTarget": "DeadlineExceeded"}
    assert lab.pods() == []
    sweep(lab)
    assert conditions(lab)["Failed"] == "DeadlineExceeded"
    assert status(lab)["failed"] == 1


def test_suspended_it_has_no_pods_and_no_failures(lab):
    start(lab, suspend=True)
    assert (lab.pods(), conditions(lab)) == ([], {"Suspended": "JobSuspended"})
    assert "startTime" not in status(lab)
    lab.store.mutate(JOBS, NAMESPACE, "migrate", lambda body: body["spec"].update(suspend=False))
    lab.wait(5)
    assert (len(lab.pods()), conditions(lab), status(lab)["startTime"]) == (1, {}, stamp(lab.now))
    assert condition(found(lab), "Suspended")["reason"] == "JobResumed"
    lab.store.mutate(JOBS, NAMESPACE, "migrate", lambda body: body["spec"].update(suspend=True))
    lab.settle()
    sweep(lab)
    assert (lab.store.list(PODS, NAMESPACE), status(lab).get("failed")) == ([], None)
    assert [lab.events("Suspended"), lab.events("Resumed")] == [["Job suspended"], ["Job resumed"]]


def test_a_pod_that_somebody_deletes_counts_as_failed_and_is_replaced(lab):
    start(lab)
    lab.bind(lab.pods()[0])
    lab.store.delete(PODS, NAMESPACE, lab.pods()[0]["metadata"]["name"])
    lab.settle()
    sweep(lab)
    lab.wait(5)
    assert (status(lab)["failed"], len(working(lab))) == (1, 1)


def test_pods_that_are_deleted_after_they_were_counted_are_not_forgotten(lab):
    start(lab, completions=2)
    end(lab, "Succeeded")
    [done] = [pod for pod in lab.pods() if pod["status"]["phase"] == "Succeeded"]
    lab.store.delete(PODS, NAMESPACE, done["metadata"]["name"])
    lab.settle()
    end(lab, "Succeeded")
    assert status(lab)["succeeded"] == 2
    assert "Complete" in conditions(lab)


def test_an_interrupted_count_is_finished_and_not_repeated(lab):
    """The cluster was killed after it had written down what it counts, before and after the pod was released."""
    start(lab, completions=3, parallelism=2)
    first, _second = lab.pods()
    uids = {"succeeded": [first["metadata"]["uid"], "gone-long-ago"]}
    lab.store.mutate(JOBS, NAMESPACE, "migrate", lambda b: b["status"].update(uncountedTerminatedPods=uids), "status")
    change = lambda body: body["status"].update(phase="Succeeded")  # noqa: E731
    lab.store.mutate(PODS, NAMESPACE, first["metadata"]["name"], change, "status")
    lab.settle()
    assert (status(lab)["succeeded"], status(lab)["uncountedTerminatedPods"]) == (2, {})
    assert "Complete" not in conditions(lab)
    assert len(working(lab)) == 1


@pytest.mark.parametrize("propagation", ["Background", "Foreground"])
def test_its_pods_go_with_it(lab, propagation):
    start(lab)
    lab.bind(lab.pods()[0])
    lab.store.delete(JOBS, NAMESPACE, "migrate", propagation=propagation)
    lab.settle()
    assert lab.pods() == []
    sweep(lab)
    assert lab.store.list(PODS, NAMESPACE) == []
    assert lab.store.find(JOBS, NAMESPACE, "migrate") is None


def test_pods_of_an_earlier_job_of_that_name_are_let_go(lab):
    start(lab)
    lab.bind(lab.pods()[0])
    lab.store.delete(JOBS, NAMESPACE, "migrate", propagation="Orphan")
    lab.settle()
    start(lab)
    assert len(lab.pods()) == 2
    assert sum(TRACKING in (pod["metadata"].get("finalizers") or ()) for pod in lab.pods()) == 1


def test_it_goes_some_time_after_its_end(lab):
    start(lab, ttlSecondsAfterFinished=60)
    end(lab, "Succeeded")
    lab.wait(59)
    assert found(lab)
    lab.wait(1)
    sweep(lab)
    assert lab.store.find(JOBS, NAMESPACE, "migrate") is None
    assert lab.store.list(PODS, NAMESPACE) == []


def test_a_refused_pod_is_named_and_tried_again(lab):
    admit = lab.store._admit

    def refuse(resource, new, old):
        if resource == PODS:
            raise ApiError(403, "Forbidden", "exceeded quota")
        return admit(resource, new, old)

    lab.store._admit = refuse
    start(lab)
    assert lab.events("FailedCreate") == ["Error creating: exceeded quota"]
    lab.store._admit = admit
    lab.wait(5)
    assert len(lab.pods()) == 1


def test_it_comes_to_rest(lab):
    start(lab)
    end(lab, "Succeeded")
    version = found(lab)["metadata"]["resourceVersion"]
    lab.wait(100)
    assert found(lab)["metadata"]["resourceVersion"] == version


POLICY = {
    "rules": [
        {"action": "Count", "onExitCodes": {"operator": "In", "values": [2]}},
        {"action": "FailJob", "onExitCodes": {"containerName": "order", "operator": "In", "values": [1, 2, 3]}},
    ]
}


def exit_with(lab, code, name="order"):
    """Be the kubelet of a pod whose container has ended so."""
    entry = {"name": name, "state": {"terminated": {"exitCode": code, "finishedAt": stamp(lab.now)}}}
    phase = "Failed" if code else "Succeeded"
    change = lambda body: body["status"].update(phase=phase, containerStatuses=[entry])  # noqa: E731
    lab.store.mutate(PODS, NAMESPACE, working(lab)[0]["metadata"]["name"], change, "status")
    lab.settle()


@pytest.mark.parametrize(
    ("code", "name", "retried"),
    [(1, "order", False), (3, "order", False), (2, "order", True), (137, "order", True), (1, "other", True)],
)
def test_exit_codes_that_are_decisions_are_not_tried_again(lab, code, name, retried):
    start(lab, backoffLimit=3, podFailurePolicy=POLICY)
    exit_with(lab, code, name)
    lab.wait(10)
    assert (len(working(lab)) == 1) is retried
    assert ("Failed" in conditions(lab)) is not retried
    if not retried:
        assert conditions(lab)["Failed"] == "PodFailurePolicy"
        said = condition(found(lab), "Failed")["message"]
        assert said.endswith(f"failed with exit code {code} matching FailJob rule at index 1")


def test_a_decision_stands_though_earlier_pods_were_tried_again(lab):
    start(lab, backoffLimit=3, podFailurePolicy=POLICY)
    exit_with(lab, 137)
    lab.wait(10)
    exit_with(lab, 1)
    assert conditions(lab)["Failed"] == "PodFailurePolicy"


def test_success_is_no_matter_of_the_policy(lab):
    start(lab, podFailurePolicy={"rules": [{"action": "FailJob", "onExitCodes": {"operator": "NotIn", "values": [9]}}]})
    exit_with(lab, 0)
    assert "Complete" in conditions(lab)
