"""One replacement, with an API server that tests speak for: answered, completed, crashed, late, taken back."""

import copy

import pytest
from tests.unit.cluster.fake_api import fake_api

from cluster import restarts
from cluster.client import Cluster
from dev import replacement
from dev.replacement import BrokenError, Replacement

LABELS = {"app": "order", "track": "stable"}
DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/order"
PODS = "/api/v1/namespaces/shop/pods"


class Shop:
    """A Deployment with pods of which tests say how they are."""

    def __init__(self, api, cluster):
        self.api, self.cluster, self.said = api, cluster, []
        api.put(
            DEPLOYMENT,
            {
                "metadata": {"name": "order", "uid": "d", "generation": 2, "labels": LABELS},
                "spec": {"replicas": 1, "selector": {"matchLabels": LABELS}, "template": {"metadata": {}}},
                "status": {"observedGeneration": 1},
            },
        )

    def replacement(self, asker=None, good="earlier"):
        found = Replacement(
            self.cluster, self.api.objects[DEPLOYMENT], good, asker, lambda moment: moment or 9.0, self.said.append
        )
        found.begin("now")
        return found

    @property
    def mark(self):
        return restarts.restarted_at(self.api.objects[DEPLOYMENT])

    def pod(self, name, mark="now", ready=False, **container):
        self.api.put(
            f"{PODS}/{name}",
            {
                "metadata": {"name": name, "labels": LABELS, "annotations": {restarts.RESTARTED_AT: mark}},
                "spec": {"containers": [{"name": "order"}]},
                "status": {
                    "conditions": [{"type": "Ready", "status": str(ready)}],
                    "containerStatuses": [{"name": "order", "restartCount": 0, **container}],
                },
            },
        )

    def rolled_out(self):
        body = copy.deepcopy(self.api.objects[DEPLOYMENT])
        body["status"] = {"observedGeneration": 9, "updatedReplicas": 1, "replicas": 1, "availableReplicas": 1}
        self.api.put(DEPLOYMENT, body)


class Heard:
    """Asks, and hears of one pod from the third question on."""

    def __init__(self, pod):
        self.pod, self.questions = pod, 0

    def ask(self):
        self.questions += 1

    def first_answer(self, pod):
        return 1.25 if self.questions >= 3 and pod["metadata"]["name"] == self.pod else None


@pytest.fixture
def shop(tmp_path, monkeypatch):
    for name in ("KUBECONTEXT", "NAMESPACE", "GATEWAY_URL"):
        monkeypatch.delenv(name, raising=False)
    with fake_api() as api, Cluster.connect(api.kubeconfig(tmp_path)) as cluster:
        yield Shop(api, cluster)


def test_new_pods_are_asked_until_one_answers_and_the_end_is_told(shop):
    found = shop.replacement(Heard("new"))
    assert shop.mark == "now"
    assert not found.look()
    shop.pod("old", mark="earlier", ready=True)
    shop.pod("new", ready=True)
    assert [found.look() for _ in range(3)] == [True, True, False]
    assert shop.said == ["order: pod new answers 1.25 s after the save"]
    shop.rolled_out()
    found.look()
    assert found.complete
    assert shop.said[1:] == ["order: its pod is new 9.00 s after the save"]


def test_pods_that_nobody_is_led_to_are_complete_when_the_old_ones_are_gone(shop):
    found = shop.replacement(Heard("somebody else"))
    shop.pod("new", ready=True)
    shop.rolled_out()
    for _ in range(replacement.LAST_QUESTIONS):
        found.look()
    assert found.complete


@pytest.mark.parametrize("where", ["state", "lastState"])
def test_a_crash_is_told_with_the_log_and_taken_back(shop, where, monkeypatch):
    monkeypatch.setattr(replacement.pod_logs, "last_words", lambda *_arguments: ["SyntaxError: invalid syntax"])
    found = shop.replacement()
    shop.pod("new", **{where: {"terminated": {"exitCode": 1}}})
    with pytest.raises(BrokenError, match="pod new crashed with exit code 1: SyntaxError") as caught:
        found.look()
    assert caught.value.log == ["SyntaxError: invalid syntax"]
    found.take_back()
    assert shop.mark == "earlier"
    assert found.over
    assert not found.complete


def test_before_the_first_restart_there_is_no_mark_to_go_back_to(shop):
    shop.replacement(good=None).take_back()
    assert shop.mark is None


def test_a_crash_of_an_old_pod_is_not_the_fault_of_the_save(shop):
    found = shop.replacement()
    shop.pod("old", mark="earlier", state={"terminated": {"exitCode": 1}})
    assert not found.look()


def test_a_pod_that_is_not_ready_in_time_is_told_with_the_reason(shop, monkeypatch):
    monkeypatch.setattr(replacement, "READY_SECONDS", 0.0)
    found = shop.replacement()
    shop.pod("new", state={"running": {}})
    shop.api.put(
        "/api/v1/namespaces/shop/events/unhealthy",
        {"involvedObject": {"name": "new"}, "type": "Warning", "reason": "Unhealthy", "message": "probe failed: 503"},
    )
    with pytest.raises(BrokenError, match="no new pod became ready within 0 s: Unhealthy: pod new: probe failed: 503"):
        found.look()
