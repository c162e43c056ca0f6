"""Staging never sends a request to where nobody answers, and takes away nothing that is not its own."""

import copy

import pytest
from tests.unit.manifests.fake_cluster import FakeTransport, connect

from cluster import stage as staging
from cluster.errors import ClusterError, Unready
from cluster.manifests import PART_OF, ManifestError, render
from cluster.stage import stage

CANARY, BLUE_GREEN = "embedded", "embedded-blue-green"
_RENDERED = {name: render(name) for name in (CANARY, BLUE_GREEN)}


@pytest.fixture(autouse=True)
def _rendered_once(monkeypatch):
    """Reading YAML is most of the time of these tests, and the overlays do not change."""

    def known(overlay, namespace, registry):
        if overlay in _RENDERED and (namespace, registry) == ("shop", ""):
            return copy.deepcopy(_RENDERED[overlay])
        return render(overlay, namespace, registry)

    monkeypatch.setattr(staging, "render", known)


@pytest.fixture
def fake():
    return FakeTransport()


@pytest.fixture
def staged(fake):
    stage(connect(fake), CANARY)
    fake.journal.clear()
    return fake


@pytest.fixture
def blue(fake):
    stage(connect(fake), BLUE_GREEN)
    fake.journal.clear()
    return fake


def outcomes(changes):
    return {
        f"{change.kind}/{change.name}": change.outcome
        for change in changes
        if change.outcome not in ("ready", "complete")
    }


def before(journal, first, second):
    return journal.index(first) < journal.index(second)


def silence(fake):
    for body in fake.objects.values():
        if body["kind"] == "VirtualService":
            body["status"] = {}


def start_canary(fake, weight=50):
    fake.copy("Deployment", "order", "order-canary", relabel(track="canary", version="v2"))
    for name in ("order",):
        fake.edit("VirtualService", name, lambda body: weigh(body, weight))


def weigh(body, weight):
    stable, canary = body["spec"]["http"][-1]["route"]
    stable["weight"], canary["weight"] = 100 - weight, weight


def relabel(**labels):
    def change(body):
        body["spec"]["template"]["metadata"]["labels"].update(labels)
        body["spec"]["selector"]["matchLabels"].update(
            {key: value for key, value in labels.items() if key in body["spec"]["selector"]["matchLabels"]}
        )

    return change


def select(**selector):
    return lambda body: body["spec"].update(selector=selector)


def test_the_first_time_what_pods_need_comes_first_and_routes_come_last(fake):
    changes = stage(connect(fake), CANARY)
    assert set(outcomes(changes).values()) == {"created"}
    journal = fake.journal
    assert journal[0] == "apply Namespace/shop"
    for needed in ("ServiceAccount/order", "PersistentVolumeClaim/order", "Service/order"):
        assert before(journal, f"apply {needed}", "apply Deployment/order")
    assert before(journal, "apply Deployment/order", "apply VirtualService/order")
    assert before(journal, "apply DestinationRule/order", "apply VirtualService/order")
    deployments = {body["metadata"]["name"] for body in _RENDERED[CANARY] if body["kind"] == "Deployment"}
    assert {change.name for change in changes if change.outcome == "ready"} == deployments


def test_the_second_time_nothing_changes(staged):
    changes = stage(connect(staged), CANARY)
    assert set(outcomes(changes).values()) == {"unchanged"}
    assert staged.journal == []


def test_every_change_is_reported_as_it_happens(fake):
    told = []
    changes = stage(connect(fake), CANARY, report=told.append)
    assert told == changes
    assert "deployment/order created" in [str(change) for change in told]


def test_on_the_way_back_from_a_canary_its_weight_goes_before_its_pods(staged):
    start_canary(staged)
    changes = outcomes(stage(connect(staged), CANARY))
    assert changes["VirtualService/order"] == "applied"
    assert changes["Deployment/order-canary"] == "pruned"
    assert before(staged.journal, "apply VirtualService/order", "delete Deployment/order-canary")
    assert staged.get("VirtualService", "order")["spec"]["http"][-1]["route"][0]["weight"] == 100


def test_weight_goes_back_only_when_the_stable_pods_are_there(staged):
    start_canary(staged, 100)
    staged.edit("Deployment", "order", lambda body: body["spec"]["template"]["spec"].update(hostNetwork=True))
    staged._remove_pods("order")
    seen = []
    staged.brings_up = lambda deployment: seen.append(list(staged.journal)) or True
    stage(connect(staged), CANARY)
    assert before(staged.journal, "apply Deployment/order", "apply VirtualService/order")
    assert "apply VirtualService/order" not in seen[0]


def test_a_stable_deployment_that_never_gets_ready_leaves_the_traffic_where_it_is(staged):
    start_canary(staged, 100)
    staged.edit("Deployment", "order", lambda body: body["spec"]["template"]["spec"].update(hostNetwork=True))
    staged._remove_pods("order")
    staged.brings_up = lambda deployment: deployment["metadata"]["name"] != "order"
    with pytest.raises(Unready, match="Deployment order is not ready"):
        stage(connect(staged), CANARY, timeout=0.2)
    assert staged.get("VirtualService", "order")["spec"]["http"][-1]["route"][1]["weight"] == 100
    assert staged.get("Deployment", "order-canary")


def test_one_service_that_is_not_ready_does_not_hold_up_the_way_back_of_another(staged):
    start_canary(staged)
    staged.edit("Deployment", "user", lambda body: body["spec"]["template"]["spec"].update(hostNetwork=True))
    staged.edit("VirtualService", "user", lambda body: weigh(body, 10))
    staged._remove_pods("user")
    staged.brings_up = lambda deployment: deployment["metadata"]["name"] != "user"
    with pytest.raises(Unready, match="Deployment user"):
        stage(connect(staged), CANARY, timeout=0.2)
    assert "apply VirtualService/order" in staged.journal
    assert "apply VirtualService/user" not in staged.journal


def test_one_pod_left_of_an_unchanged_deployment_is_better_than_a_bad_canary(staged):
    start_canary(staged)
    staged.objects.pop(staged.path("Pod", "order-1"))
    changes = outcomes(stage(connect(staged), CANARY))
    assert changes["VirtualService/order"] == "applied"


def test_blue_is_ready_before_the_plain_deployment_goes(staged):
    changes = outcomes(stage(connect(staged), BLUE_GREEN))
    assert changes["Deployment/order-blue"] == changes["Service/order-preview"] == "created"
    assert changes["Deployment/order"] == "pruned"
    assert changes["Service/order"] == "applied"
    assert before(staged.journal, "apply Service/order", "delete Deployment/order")
    assert before(staged.journal, "apply Service/order-preview", "apply VirtualService/order")
    stage(connect(staged), CANARY)
    assert staged.get("Deployment", "order")
    assert not staged.get("Deployment", "order-blue")
    assert not staged.get("Service", "order-preview")


def test_the_selector_waits_for_blue_pods(staged):
    applied = []
    staged.brings_up = lambda deployment: applied.append(list(staged.journal)) or True
    stage(connect(staged), BLUE_GREEN)
    assert all("apply Service/order" not in journal for journal in applied)


def test_the_way_back_to_blue_patches_the_selector_before_green_goes(blue):
    blue.copy("Deployment", "order-blue", "order-green", relabel(version="v2"))
    blue.edit("Service", "order", select(app="order", version="v2"))
    changes = outcomes(stage(connect(blue), BLUE_GREEN))
    assert changes["Service/order"] == "applied"
    assert blue.get("Service", "order")["spec"]["selector"] == {"app": "order", "version": "v1"}
    assert before(blue.journal, "apply Service/order", "delete Deployment/order-green")


def test_the_way_back_to_a_blue_that_was_removed_waits_for_its_pods(blue):
    blue.copy("Deployment", "order-blue", "order-green", relabel(version="v2"))
    blue.edit("Service", "order", select(app="order", version="v2"))
    blue._delete(blue.path("Deployment", "order-blue"))
    blue.brings_up = lambda deployment: False
    with pytest.raises(Unready):
        stage(connect(blue), BLUE_GREEN, timeout=0.2)
    assert blue.get("Service", "order")["spec"]["selector"]["version"] == "v2"
    assert blue.get("Deployment", "order-green")
    blue.brings_up = lambda deployment: True
    blue.control(blue.get("Deployment", "order-blue"))
    stage(connect(blue), BLUE_GREEN)
    assert blue.get("Service", "order")["spec"]["selector"]["version"] == "v1"


def test_from_a_canary_to_blue_green_the_weights_go_before_the_selector_hides_the_canary(staged):
    start_canary(staged)
    stage(connect(staged), BLUE_GREEN)
    assert before(staged.journal, "apply VirtualService/order", "apply Service/order")
    assert before(staged.journal, "apply Service/order", "delete Deployment/order-canary")


def test_a_mesh_that_says_nothing_is_given_time_before_anything_goes(staged, monkeypatch):
    staged.tells_observed = False
    start_canary(staged)
    silence(staged)
    slept = []
    monkeypatch.setattr(staging.time, "sleep", lambda seconds: slept.append((seconds, list(staged.journal))))
    stage(connect(staged), CANARY)
    [(seconds, journal)] = slept
    assert seconds == staging.SILENT_MESH_SECONDS
    assert journal == ["apply VirtualService/order"]


@pytest.mark.parametrize(("silent", "times"), [(True, 1), (False, 0)])
def test_pods_that_were_replaced_are_forgotten_before_the_shop_counts_as_staged(staged, monkeypatch, silent, times):
    staged.tells_observed = not silent
    if silent:
        silence(staged)
    slept = []
    monkeypatch.setattr(staging.time, "sleep", slept.append)
    stage(connect(staged), CANARY)
    assert slept == [], "nothing was replaced"
    container = staged.get("Deployment", "order")["spec"]["template"]["spec"]["containers"][0]
    container["image"] = "order:v2"
    stage(connect(staged), CANARY)
    assert slept == [staging.SILENT_MESH_SECONDS] * times


@pytest.mark.parametrize(
    ("kind", "like", "change"),
    [
        ("ConfigMap", None, lambda body: body["metadata"].pop("labels")),
        ("ConfigMap", None, lambda body: body["metadata"]["labels"].update({PART_OF: "another"})),
        ("ConfigMap", None, lambda body: body["metadata"].update(ownerReferences=[{"uid": "1"}])),
        ("PersistentVolumeClaim", "order", lambda body: None),
        ("Deployment", "order", lambda body: body["metadata"].pop("labels")),
    ],
)
def test_what_is_not_ours_or_holds_data_stays(staged, kind, like, change):
    like = like or next(path for path in staged.objects if "/configmaps/" in path).rpartition("/")[2]
    staged.copy(kind, like, "stays", change)
    stage(connect(staged), CANARY)
    assert staged.get(kind, "stays")


def test_other_namespaces_stay(staged):
    path = staged.path("Deployment", "order").replace("/shop/", "/other/")
    staged.objects[path] = copy.deepcopy(staged.get("Deployment", "order"))
    staged.objects[path]["metadata"].update(name="surplus", namespace="other")
    stage(connect(staged), CANARY)
    assert path in staged.objects


def test_without_istio_nothing_is_written():
    fake = FakeTransport("networking.istio.io")
    with pytest.raises(ClusterError, match=r"serves no Gateway of networking\.istio\.io/v1: is Istio installed"):
        stage(connect(fake), CANARY)
    assert fake.journal == []


def test_an_overlay_for_another_namespace_is_refused(fake, tmp_path):
    (tmp_path / "kustomization.yaml").write_text(PLAIN.format(version="v1").replace("shop", "team"))
    (tmp_path / "plain.yaml").write_text(PLAIN_OBJECTS)
    with pytest.raises(ManifestError, match="is for namespace team, but other is staged: is NAMESPACE=team meant"):
        stage(connect(fake, "other"), tmp_path)
    assert fake.journal == []


def test_what_is_for_the_usual_namespace_is_staged_where_it_is_asked_for(fake, tmp_path):
    (tmp_path / "kustomization.yaml").write_text(
        "namespace: shop\nconfigMapGenerator: [{name: a, literals: [b=c]}]\n"
        f"labels: [pairs: {{{PART_OF}: proving-ground}}]"
    )
    stage(connect(fake, "other"), tmp_path)
    assert [path.split("/namespaces/")[1].split("/")[0] for path in fake.objects] == ["other"]


def test_an_object_that_pruning_would_never_find_is_refused(fake, tmp_path):
    (tmp_path / "kustomization.yaml").write_text("configMapGenerator: [{name: a, namespace: shop, literals: [b=c]}]")
    with pytest.raises(ManifestError, match=f"ConfigMap a-.*needs the label {PART_OF}"):
        stage(connect(fake), tmp_path)


def test_without_a_mesh_a_selector_still_waits_for_its_pods(fake, tmp_path):
    def overlay(version):
        (tmp_path / "kustomization.yaml").write_text(PLAIN.format(version=version))
        (tmp_path / "plain.yaml").write_text(PLAIN_OBJECTS)
        return tmp_path

    stage(connect(fake), overlay("v1"))
    fake.brings_up = lambda deployment: False
    with pytest.raises(Unready):
        stage(connect(fake), overlay("v2"), timeout=0.2)
    assert fake.get("Service", "web")["spec"]["selector"] == {"app": "web", "version": "v1"}


PLAIN = """\
namespace: shop
resources: [plain.yaml]
labels:
  - pairs: {{app.kubernetes.io/part-of: proving-ground}}
patches:
  - target: {{kind: Service}}
    patch: '[{{op: add, path: /spec/selector/version, value: {version}}}]'
  - target: {{kind: Deployment}}
    patch: '[{{op: add, path: /spec/template/metadata/labels/version, value: {version}}}]'
"""
PLAIN_OBJECTS = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {}}
"""
