"""The proxy before an API server passes on what it is given, and breaks exactly what a rule names."""

import signal
import threading

import pytest
import requests
from tests.unit.chaos.conftest import DEPLOYMENTS

from cluster.errors import Busy, ClusterError, Conflict, Unreachable
from drills.chaos.rules import Cut, Delay, DropWatches, Ignore, Kill, Refuse, Rule

PATCHES = frozenset({"PATCH"})
SCALE = {"spec": {"replicas": 2}}


def replicas(api):
    return api.objects[f"{DEPLOYMENTS}/order"]["spec"]["replicas"]


def test_requests_and_answers_pass_unchanged(through, api):
    assert through.deployments.get("order")["spec"] == {"replicas": 1}
    through.deployments.patch("order", SCALE)
    assert replicas(api) == 2
    assert through.deployments.find("nothing") is None
    assert [each["metadata"]["name"] for each in through.deployments.list()] == ["order"]


def test_the_credentials_stay_upstream(proxy, through, api, tmp_path):
    assert "secret" not in (tmp_path / "kubeconfig").read_text()
    answer = requests.get(f"{proxy.url}{DEPLOYMENTS}", headers={"Authorization": "Bearer of somebody else"}, timeout=5)
    assert answer.status_code == 200
    assert api.tokens[-1] == "Bearer secret"


def test_a_watch_is_carried_as_it_speaks(through, api):
    changes = iter(through.deployments.changes("0"))
    told = threading.Thread(target=lambda: (wait_for_watch(api), api.put(f"{DEPLOYMENTS}/user", {"spec": {}})))
    told.start()
    assert next(changes)["object"]["metadata"]["name"] == "user"
    told.join()


def wait_for_watch(api):
    tick = threading.Event()
    while not api.watchers:
        tick.wait(0.01)


def test_transitions_are_numbered_and_heartbeats_are_not(proxy, through, events):
    proxy.begin()
    lease = "/apis/coordination.k8s.io/v1/namespaces/shop/leases"
    through.deployments.get("order")
    through.deployments.patch("order", SCALE)
    through.request("POST", lease, body={"metadata": {"name": "release-order"}})
    through.request("PATCH", f"{lease}/release-order", body={"spec": {}}, content_type="application/merge-patch+json")
    through.request("DELETE", f"{lease}/release-order")
    assert [(each.request.number, str(each.request)) for each in events] == [
        (1, "PATCH deployments/order"),
        (2, "POST leases"),
        (3, "DELETE leases/release-order"),
    ]


@pytest.mark.parametrize(("after", "arrived"), [(False, 1), (True, 2)])
def test_the_release_is_killed_before_or_after_its_request_arrives(proxy, through, api, victim, after, arrived):
    proxy.begin([Rule(Kill(after), transition=1)])
    proxy.aim(victim.pid)
    with pytest.raises(Unreachable):
        through.deployments.patch("order", SCALE)
    assert victim.wait(10) == -signal.SIGKILL
    assert replicas(api) == arrived


def test_only_the_transition_that_is_meant_kills(proxy, through, victim):
    proxy.begin([Rule(Kill(), transition=3)])
    proxy.aim(victim.pid)
    through.deployments.patch("order", SCALE)
    through.deployments.patch("order", SCALE)
    assert victim.poll() is None
    with pytest.raises(Unreachable):
        through.deployments.patch("order", SCALE)
    assert victim.wait(10) == -signal.SIGKILL


@pytest.mark.parametrize(("status", "kind"), [(409, Conflict), (429, Busy), (500, Busy), (503, Busy)])
def test_a_refusal_is_answered_in_the_servers_place(proxy, through, api, status, kind):
    proxy.begin([Rule(Refuse(status, 7 if status == 429 else None), PATCHES)])
    with pytest.raises(kind) as refused:
        through.deployments.patch("order", SCALE)
    assert replicas(api) == 1
    assert f"[{status} to PATCH" in str(refused.value)
    if status == 429:
        assert refused.value.retry_after == 7
    through.deployments.patch("order", SCALE)
    assert replicas(api) == 2


def test_a_delayed_request_arrives(proxy, through, api, events):
    proxy.begin([Rule(Delay(0.05), PATCHES)])
    through.deployments.patch("order", SCALE)
    assert replicas(api) == 2
    assert events[0].action == Delay(0.05)


def test_a_request_that_is_ignored_never_arrives(proxy, through, api):
    proxy.begin([Rule(Ignore(), PATCHES)])
    with pytest.raises(Unreachable, match="did not answer in time"):
        through.request("PATCH", f"{DEPLOYMENTS}/order", body=SCALE, timeout=0.2)
    assert replicas(api) == 1


@pytest.mark.parametrize(("after", "arrived"), [(False, 1), (True, 2)])
def test_a_connection_is_cut_before_or_after_the_request_arrives(proxy, through, api, after, arrived):
    proxy.begin([Rule(Cut(after), PATCHES)])
    with pytest.raises(Unreachable):
        through.deployments.patch("order", SCALE)
    assert replicas(api) == arrived


def test_watches_are_dropped_and_nothing_else(proxy, through, api):
    proxy.begin([Rule(DropWatches(), PATCHES)])
    broken = []
    changes = through.deployments.changes("0")

    def follow():
        try:
            list(changes)
        except ClusterError as error:
            broken.append(error)

    following = threading.Thread(target=follow)
    following.start()
    wait_for_watch(api)
    through.deployments.patch("order", SCALE)
    following.join(10)
    assert not following.is_alive()
    assert replicas(api) == 2
