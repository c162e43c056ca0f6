"""A session between bursts: what is overtaken, interrupted or impossible leaves the pods that answer where they are."""

from pathlib import PurePath

import pytest
from tests.unit.cluster.fake_api import fake_api

from cluster import restarts
from cluster.client import Cluster
from dev import replacement
from dev.session import Session

CATALOGUE = """
services:
  order: {context: services, dockerfile: services/order/Dockerfile}
  payment: {context: services, dockerfile: services/payment/Dockerfile}
  delivery: {context: ., dockerfile: scripts/delivery/Dockerfile}
images:
  - {name: order, tag: v1}
  - {name: payment, tag: v1}
  - {name: delivery, tag: v1}
"""
DEPLOYMENT = "/apis/apps/v1/namespaces/shop/deployments/order"
POD = "/api/v1/namespaces/shop/pods/new"
LABELS = {"app": "order"}


class Saves:
    """Says whether more was saved: what the test thinks of."""

    def __init__(self, pending):
        self._pending = pending

    @property
    def pending(self):
        return self._pending()


@pytest.fixture
def api(tmp_path):
    with fake_api() as fake:
        spec = {"replicas": 1, "selector": {"matchLabels": LABELS}, "template": {"metadata": {}}}
        fake.put(DEPLOYMENT, {"metadata": {"generation": 1, "labels": LABELS}, "spec": spec})
        yield fake


@pytest.fixture
def said():
    return []


@pytest.fixture
def session(api, tmp_path, said, monkeypatch):
    for name in ("KUBECONTEXT", "NAMESPACE", "GATEWAY_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "images.yaml").write_text(CATALOGUE)
    with Cluster.connect(api.kubeconfig(tmp_path)) as cluster:
        yield Session(cluster, "embedded", tmp_path, said.append)


def mark(api):
    return restarts.restarted_at(api.objects[DEPLOYMENT])


def save(session, pending, *paths):
    session.carry_out({PurePath(path) for path in paths or ("order/api.py",)}, Saves(pending))


def crash(api):
    """Have the new pod crash as soon as anybody looks."""

    def pending():
        api.put(
            POD,
            {
                "metadata": {"labels": LABELS, "annotations": {restarts.RESTARTED_AT: mark(api)}},
                "spec": {"containers": [{"name": "order"}]},
                "status": {"containerStatuses": [{"state": {"terminated": {"exitCode": 3}}}]},
            },
        )
        return False

    return pending


def test_a_save_that_is_overtaken_is_left_to_the_next(session, api, said):
    save(session, lambda: True)
    assert mark(api)
    assert [line.split(" ", 1)[1] for line in said] == ["order/api.py: new pods for order"]


def test_broken_pods_give_way_to_those_that_are_known_to_answer(session, api, said):
    save(session, lambda: True)  # nobody knows what became of these
    save(session, crash(api))
    assert mark(api) is None
    assert "crashed with exit code 3" in said[-1]


def test_an_interrupted_replacement_is_taken_back(session, api):
    def interrupt():
        assert mark(api)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save(session, interrupt)
    assert mark(api) is None


def test_pods_that_answered_are_what_the_next_save_goes_back_to(session, api):
    def rolled_out():
        body = api.objects[DEPLOYMENT]
        api.put(DEPLOYMENT, {**body, "status": {"observedGeneration": 9, "updatedReplicas": 1, "availableReplicas": 1}})
        return False

    save(session, rolled_out)
    answered = mark(api)
    save(session, crash(api))
    assert answered
    assert mark(api) == answered


def test_a_service_that_is_not_on_the_cluster_is_told(session, api, said):
    save(session, lambda: False, "payment/api.py")
    assert "payment: no pod of it runs on the cluster" in said[-1]
    assert mark(api) is None


def test_a_catalogue_that_cannot_be_read_is_one_line(session, tmp_path, said):
    (tmp_path / "images.yaml").write_text("services: [")
    save(session, lambda: False, "images.yaml")
    (line,) = said
    assert "cannot read the catalogue of images" in line
    assert "\n" not in line


def test_a_cluster_that_is_away_is_one_line_and_no_end(session, api, said, monkeypatch):
    monkeypatch.setattr(replacement, "READY_SECONDS", 0.0)
    api.refuse = lambda method, path: (503, "away")
    save(session, lambda: False)
    assert "away" in said[-1]


def test_what_affects_nothing_is_not_worth_a_line(session, said):
    save(session, lambda: False, "order/README.md")
    assert said == []
