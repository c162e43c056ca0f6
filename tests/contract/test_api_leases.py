"""Leases as releases use them: taken by one only, renewed by heartbeats, let go of; times to the microsecond."""

import datetime

import pytest
from tests.contract.raw import MERGE

COORDINATION = "coordination.k8s.io/v1"
PATH = "leases/release-order"


def now():
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def lease(**spec):
    return {"metadata": {"name": "release-order"}, "spec": {"holderIdentity": "a", "leaseDurationSeconds": 15, **spec}}


@pytest.fixture
def held(raw):
    return raw.create(COORDINATION, "leases", lease(acquireTime=now(), renewTime=now()))


def test_only_one_of_two_can_take_it(raw, held):
    status, refusal = raw("POST", COORDINATION, "leases", lease(holderIdentity="b"))
    assert (status, refusal["reason"]) == (409, "AlreadyExists")
    patch = {"metadata": {"resourceVersion": held["metadata"]["resourceVersion"]}, "spec": {"holderIdentity": "b"}}
    assert raw.patch(COORDINATION, PATH, patch)["spec"]["holderIdentity"] == "b"
    patch["spec"]["holderIdentity"] = "c"
    assert raw("PATCH", COORDINATION, PATH, patch, MERGE)[0] == 409
    assert raw.get(COORDINATION, PATH)["spec"]["holderIdentity"] == "b"


def test_a_heartbeat_is_kept_to_the_microsecond(raw, held):
    beat = now()
    renewed = raw.patch(COORDINATION, PATH, {"spec": {"renewTime": beat}})
    assert renewed["spec"]["renewTime"] == beat
    assert renewed["spec"]["acquireTime"] == held["spec"]["acquireTime"]
    assert renewed["metadata"]["resourceVersion"] != held["metadata"]["resourceVersion"]


def test_one_that_was_let_go_of_has_no_holder(raw, held):
    free = raw.patch(COORDINATION, PATH, {"spec": {"holderIdentity": None, "renewTime": None}})
    assert not {"holderIdentity", "renewTime"} & free["spec"].keys()


@pytest.mark.parametrize("wrong", [{"leaseDurationSeconds": 0}, {"leaseTransitions": -1}])
def test_numbers_that_make_no_sense_are_refused(raw, wrong):
    status, refusal = raw("POST", COORDINATION, "leases", lease(**wrong))
    assert status == 422
    assert f"spec.{next(iter(wrong))}" in refusal["message"]


def test_kubectl_shows_the_holder(kubectl, held):
    assert "HOLDER" in kubectl("get", "leases")
    assert kubectl("get", "lease", "release-order", "-o", "jsonpath={.spec.holderIdentity}") == "a"
