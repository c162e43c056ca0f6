"""Jobs as the API server sees them: what it fills in, ties together, refuses, and shows."""

import copy

import pytest
from tests.unit.apiserver.samples import pod_spec
from tests.unit.apiserver.test_apiserver_tables import ago, row

from embedded.apiserver import defaults
from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import JOBS

PATH = "/apis/batch/v1/namespaces/shop/jobs"


def job(labels=None, **spec):
    template = {"metadata": {"labels": labels or {"app": "migrate"}}, "spec": {**pod_spec(), "restartPolicy": "Never"}}
    return {"metadata": {"name": "migrate"}, "spec": {"template": template, **spec}}


def refusal(body, old=None):
    with pytest.raises(ApiError) as raised:
        defaults.admit(JOBS, copy.deepcopy(body), old)
    assert raised.value.code == 422
    return {cause["field"]: cause["message"] for cause in raised.value.details["causes"]}


def with_restarts(policy):
    body = job()
    body["spec"]["template"]["spec"]["restartPolicy"] = policy
    return body


async def test_it_gets_kubernetes_defaults_and_a_selector_of_its_own(api):
    made = await api.ok("POST", PATH, job())
    uid, spec = made["metadata"]["uid"], made["spec"]
    assert [spec[field] for field in ("completions", "parallelism", "backoffLimit", "suspend")] == [1, 1, 6, False]
    assert spec["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
    assert spec["template"]["metadata"]["labels"] == {
        "app": "migrate",
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": "migrate",
        "controller-uid": uid,
        "job-name": "migrate",
    }
    assert made["metadata"]["labels"] == {"app": "migrate"}


async def test_applying_it_again_changes_nothing(api):
    body = {"apiVersion": "batch/v1", "kind": "Job", **job()}
    options = {"kind": "application/apply-patch+yaml", "fieldManager": "tester", "force": "true"}
    first = await api.ok("PATCH", f"{PATH}/migrate", body, **options)
    second = await api.ok("PATCH", f"{PATH}/migrate", body, **options)
    assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]
    assert first["spec"]["template"] == second["spec"]["template"]


def test_a_queue_of_work_has_no_completions():
    spec = defaults.admit(JOBS, job(parallelism=2), None)["spec"]
    assert (spec["parallelism"], "completions" in spec) == (2, False)
    assert defaults.admit(JOBS, job(completions=3), None)["spec"]["parallelism"] == 1


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (with_restarts("Always"), "spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"'),
        (job(backoffLimit=-1), "spec.backoffLimit", "greater than or equal to 0"),
        (job(activeDeadlineSeconds=-1), "spec.activeDeadlineSeconds", "greater than or equal to 0"),
        ({"metadata": {"name": "x"}, "spec": {}}, "spec.template", "Required value"),
    ],
)
def test_what_cannot_be_is_named(body, field, words):
    assert words in refusal(body)[field]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("completionMode", "Indexed"),
        ("successPolicy", {"rules": []}),
        ("backoffLimitPerIndex", 1),
        ("podReplacementPolicy", "Failed"),
        ("managedBy", "example.com/other"),
        ("manualSelector", True),
    ],
)
def test_what_would_count_pods_in_another_way_is_refused(field, value):
    with pytest.raises(ApiError) as raised:
        defaults.admit(JOBS, job(**{field: value}), None)
    assert (raised.value.code, raised.value.details["name"]) == (501, f"spec.{field} of jobs.batch")


def policy(**rule):
    return job(podFailurePolicy={"rules": [{"action": "FailJob", **rule}]})


@pytest.mark.parametrize("rule", [{"action": "Ignore", "onExitCodes": {}}, {"onPodConditions": [{"type": "Ready"}]}])
def test_rules_that_are_no_decision_by_exit_code_are_refused(rule):
    with pytest.raises(ApiError, match=r"podFailurePolicy\.rules\[0\]") as raised:
        defaults.admit(JOBS, policy(**rule), None)
    assert raised.value.code == 501


def test_a_policy_has_to_say_which_exit_codes_and_to_restart_nothing():
    codes = {"operator": "In", "values": [1]}
    assert defaults.admit(JOBS, policy(onExitCodes=codes), None)["spec"]["podFailurePolicy"]["rules"]
    said = refusal(policy(onExitCodes={"operator": "Equals", "values": []}))
    assert sorted(field.rpartition(".")[2] for field in said) == ["operator", "values"]
    in_place = with_restarts("OnFailure")
    in_place["spec"]["podFailurePolicy"] = policy(onExitCodes=codes)["spec"]["podFailurePolicy"]
    assert "spec.template.spec.restartPolicy" in refusal(in_place)


async def test_the_template_is_immutable_and_the_limits_are_not(api):
    await api.ok("POST", PATH, job())
    image = {"spec": {"template": {"spec": {"containers": [{"name": "order", "image": "order:v2"}]}}}}
    kind = "application/strategic-merge-patch+json"
    status, refused = await api.call("PATCH", f"{PATH}/migrate", image, kind=kind)
    assert (status, refused["details"]["causes"][0]["field"]) == (422, "spec.template")
    assert refused["details"]["causes"][0]["message"].endswith("field is immutable")
    for field in ("completions", "selector"):
        value = 2 if field == "completions" else {"matchLabels": {"a": "b"}}
        status, _ = await api.call("PATCH", f"{PATH}/migrate", {"spec": {field: value}}, kind=kind)
        assert status == 422
    changed = {"spec": {"parallelism": 2, "suspend": True, "backoffLimit": 1, "ttlSecondsAfterFinished": 9}}
    await api.ok("PATCH", f"{PATH}/migrate", changed, kind=kind)


async def test_its_pods_stay_unless_the_client_says_otherwise(api):
    await api.ok("POST", PATH, job())
    await api.ok("DELETE", f"{PATH}/migrate")
    assert (await api.ok("GET", f"{PATH}/migrate"))["metadata"]["finalizers"] == ["orphan"]


async def test_it_is_found_by_its_successes(api):
    await api.ok("POST", PATH, job())
    for successes, names in (("0", ["migrate"]), ("1", [])):
        listed = await api.ok("GET", PATH, fieldSelector=f"status.successful={successes}")
        assert [item["metadata"]["name"] for item in listed["items"]] == names


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ([], "Running"),
        (["Suspended"], "Suspended"),
        (["FailureTarget"], "FailureTarget"),
        (["FailureTarget", "Failed"], "Failed"),
        (["SuccessCriteriaMet", "Complete"], "Complete"),
    ],
)
def test_the_table_says_how_it_is(conditions, status):
    body = defaults.admit(JOBS, job(), None)
    body["status"] = {
        "startTime": ago(630),
        "succeeded": 1,
        "conditions": [{"type": kind, "status": "True"} for kind in conditions],
    }
    cells = row(JOBS, body)
    assert (cells["Status"], cells["Completions"], cells["Duration"]) == (status, "1/1", "10m")


def test_the_table_counts_queues_and_durations():
    body = defaults.admit(JOBS, job(parallelism=3), None)
    assert (row(JOBS, body)["Completions"], row(JOBS, body)["Duration"]) == ("0/1 of 3", "")
    body["status"] = {"startTime": ago(90), "completionTime": ago(60)}
    assert row(JOBS, body)["Duration"] == "30s"
    body["metadata"]["deletionTimestamp"] = ago(1)
    assert row(JOBS, body)["Status"] == "Terminating"
