"""Staging brings databases and their migrations up before what needs them, and says why when they do not come up."""

import copy

import pytest
from tests.unit.manifests.fake_cluster import FakeTransport, connect
from tests.unit.manifests.test_stage_order import before

from cluster import wait
from cluster.errors import ClusterError, Invalid, Unready
from cluster.manifests import PART_OF
from cluster.stage import stage

KUSTOMIZATION = f"""\
namespace: shop
resources: [objects.yaml]
labels: [pairs: {{{PART_OF}: proving-ground}}]
"""
OBJECTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: "web:v1"}]}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: web-migrate}
spec:
  template: {metadata: {labels: {app: web-migrate}}, spec: {containers: [{name: migrate, image: "web:VERSION"}]}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: postgres}
spec:
  selector: {matchLabels: {app: postgres}}
  template: {metadata: {labels: {app: postgres}}, spec: {containers: [{name: postgres, image: "postgres:17"}]}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
"""
SECRET = """\
      containers:
        - name: web
          image: web:v1
          env:
            - {name: A, valueFrom: {secretKeyRef: {name: web-database, key: url}}}
            - {name: B, valueFrom: {secretKeyRef: {name: nice-to-have, key: x, optional: true}}}
          envFrom: [secretRef: {name: web-settings}]
"""


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setattr(wait, "LOOK_AGAIN", 0.05)
    return FakeTransport()


@pytest.fixture
def overlay(tmp_path):
    def write(version="v1", objects=OBJECTS):
        (tmp_path / "kustomization.yaml").write_text(KUSTOMIZATION)
        (tmp_path / "objects.yaml").write_text(objects.replace("VERSION", version))
        return tmp_path

    return write


def told(changes, name):
    return [change.outcome for change in changes if change.name == name]


def test_databases_come_before_migrations_and_those_before_what_needs_them(fake, overlay):
    changes = stage(connect(fake), overlay())
    assert before(fake.journal, "apply StatefulSet/postgres", "apply Job/web-migrate")
    assert before(fake.journal, "apply Job/web-migrate", "apply Deployment/web")
    assert told(changes, "web-migrate") == ["created", "complete"]
    assert told(changes, "postgres") == ["created", "ready"]


def test_a_second_time_nothing_runs_again(fake, overlay):
    stage(connect(fake), overlay())
    fake.journal.clear()
    changes = stage(connect(fake), overlay())
    assert told(changes, "web-migrate") == ["unchanged", "complete"]
    assert fake.journal == []


def test_a_migration_waits_for_its_database(fake, overlay):
    fake.brings_up = lambda body: body["kind"] != "StatefulSet"
    with pytest.raises(Unready, match="StatefulSet postgres is not ready"):
        stage(connect(fake), overlay(), timeout=0.2)
    assert "apply Job/web-migrate" not in fake.journal


def test_a_migration_whose_template_changed_waits_for_its_database_too(fake, overlay):
    stage(connect(fake), overlay())
    fake.brings_up = lambda body: body["kind"] != "StatefulSet"
    fake._run_set(fake.get("StatefulSet", "postgres"))
    fake.journal.clear()
    with pytest.raises(Unready, match="StatefulSet postgres is not ready"):
        stage(connect(fake), overlay("v2"), timeout=0.2)
    assert fake.journal == []


def test_a_database_that_was_there_all_the_time_holds_up_no_way_back(fake, overlay):
    stage(connect(fake), overlay())
    fake.brings_up = lambda body: body["kind"] != "StatefulSet"
    fake._run_set(fake.get("StatefulSet", "postgres"))
    fake.edit("Deployment", "web", lambda body: body["spec"].update(paused=True))
    fake.journal.clear()
    with pytest.raises(Unready, match="StatefulSet postgres"):
        stage(connect(fake), overlay(), timeout=0.2)
    assert "apply Deployment/web" in fake.journal


def test_a_job_whose_template_changed_is_deleted_and_made_anew(fake, overlay):
    stage(connect(fake), overlay())
    first = fake.get("Job", "web-migrate")["metadata"]["uid"]
    fake.journal.clear()
    changes = stage(connect(fake), overlay("v2"))
    assert fake.journal[:2] == ["delete Job/web-migrate", "apply Job/web-migrate"]
    assert told(changes, "web-migrate") == ["applied", "complete"]
    made = fake.get("Job", "web-migrate")
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == "web:v2"
    assert made["metadata"]["uid"] != first


def test_a_job_that_fails_is_named_with_the_end_of_its_log_and_nothing_follows(fake, overlay):
    fake.completes = lambda job: False
    fake.logs["web-migrate-x"] = "x" * 1000 + "\nweb: the database cannot be migrated:\n no such table\n"
    with pytest.raises(Unready) as error:
        stage(connect(fake), overlay())
    assert (error.value.what, error.value.reason) == ("Job web-migrate", "BackoffLimitExceeded")
    assert "pod web-migrate-x, container migrate: ended with exit code 3: ... xxx" in str(error.value)
    assert "the database cannot be migrated: no such table" in str(error.value)
    assert len(str(error.value)) < 800
    assert "apply Deployment/web" not in fake.journal


def test_a_job_that_failed_is_tried_again_by_the_next_staging(fake, overlay):
    fake.completes = lambda job: False
    fake.logs["web-migrate-x"] = ""
    with pytest.raises(Unready, match="ended with exit code 3"):
        stage(connect(fake), overlay())
    fake.completes = lambda job: True
    assert told(stage(connect(fake), overlay()), "web-migrate") == ["applied", "complete"]


def test_a_job_that_is_refused_for_another_reason_is_not_deleted(fake, overlay):
    stage(connect(fake), overlay())
    fake.journal.clear()
    apply = fake._apply

    def refuse(path, body):
        if body["kind"] == "Job":
            raise Invalid("spec.template.spec.containers[0].name: Required value [422]")
        return apply(path, body)

    fake._apply = refuse
    with pytest.raises(Invalid):
        stage(connect(fake), overlay("v2"))
    assert "delete Job/web-migrate" not in fake.journal


def test_jobs_and_databases_that_are_not_in_the_overlay_go_and_rights_stay(fake, overlay):
    folder = overlay()
    stage(connect(fake), folder)
    plain = KUSTOMIZATION.replace("resources: [objects.yaml]", "configMapGenerator: [{name: a, literals: [b=c]}]")
    (folder / "kustomization.yaml").write_text(plain)
    changes = stage(connect(fake), folder)
    assert told(changes, "web-migrate") == told(changes, "postgres") == ["pruned"]
    assert any("clusterroles/reader" in path for path in fake.objects)


def test_missing_secrets_are_one_line_before_anything_is_applied(fake, overlay):
    objects = OBJECTS.replace('spec: {containers: [{name: web, image: "web:v1"}]}}', "spec: {CONTAINERS}}")
    start = objects.index("  template:")
    head, rest = objects[:start], objects[objects.index("---") :]
    pods = head + "  template:\n    metadata: {labels: {app: web}}\n    spec:\n" + SECRET + rest
    with pytest.raises(ClusterError) as error:
        stage(connect(fake), overlay(objects=pods))
    said = "Secrets web-database (url), web-settings are missing in namespace shop: "
    assert str(error.value).startswith(f"{said}`python -m cluster secrets OVERLAY`")
    assert fake.journal == []
    for name, data in (("web-database", {"other": "x"}), ("web-settings", {})):
        secret = {"kind": "Secret", "metadata": {"name": name, "labels": {}}, "data": data}
        fake.objects[fake.path("Secret", name)] = copy.deepcopy(secret)
    with pytest.raises(ClusterError, match=r"^Secret web-database \(url\) is missing"):
        stage(connect(fake), overlay(objects=pods))
    fake.objects[fake.path("Secret", "web-database")]["data"] = {"url": "x"}
    stage(connect(fake), overlay(objects=pods))
