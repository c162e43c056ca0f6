"""GitOps and a judged release: a sync at any moment of a release changes nothing, and no commit moves a user."""

import copy

import jq
import pytest
from tests.unit.delivery import argo
from tests.unit.delivery.argo import APPLICATION, synced
from tests.unit.delivery.shop import DEPLOYMENTS, JOBS, SERVICES, VIRTUAL_SERVICES

from cluster.manifests import render
from delivery import command
from delivery.judgement import Outcome, Verdict
from delivery.rollout import Rollout

GIT = (DEPLOYMENTS, JOBS, SERVICES, VIRTUAL_SERVICES)
GROUPS = {DEPLOYMENTS: "apps/v1", JOBS: "batch/v1", SERVICES: "v1", VIRTUAL_SERVICES: "networking.istio.io/v1"}
KINDS = {DEPLOYMENTS: "Deployment", JOBS: "Job", SERVICES: "Service", VIRTUAL_SERVICES: "VirtualService"}
DIGEST = "sha256:" + "5eed" * 16
IMAGE = f"registry.example.com/team/order:4f2a9c1d0b3e@{DIGEST}"


def tidy(path, body):
    """Return what Git could say of an object: nothing that only the API server or a controller writes."""
    kind = path.rpartition("/")[0]
    meta = {name: body["metadata"][name] for name in ("name", "labels") if name in body["metadata"]}
    return {"apiVersion": GROUPS[kind], "kind": KINDS[kind], "metadata": meta, "spec": copy.deepcopy(body["spec"])}


def on_the_cluster(shop):
    return {path: tidy(path, body) for path, body in shop.api.objects.items() if path.startswith(GIT)}


class Syncs:
    """Compares, after every write, what a sync in that instant would make of the cluster."""

    def __init__(self, shop):
        self.git = on_the_cluster(shop)
        self.looked, self.changed = 0, []
        self._shop, self._react = shop, shop.api.react
        shop.api.react = self.react

    def react(self, api, method, path):
        self._react(api, method, path)
        with api.lock:
            for place, live in on_the_cluster(self._shop).items():
                self.looked += 1
                if place in self.git and synced(self.git[place], live) != live:
                    self.changed.append((method, path, place))


@pytest.mark.parametrize("strategy", ["canary", "blue-green-route"])
@pytest.mark.parametrize(
    ("verdict", "outcome"), [(Verdict.PASSED, Outcome.PROMOTED), (Verdict.FAILED, Outcome.ROLLED_BACK)]
)
def test_a_sync_at_any_moment_of_a_release_changes_nothing(canary_shop, always, traffic, strategy, verdict, outcome):
    shop, cluster = canary_shop
    shop.api.ask_prometheus = traffic
    syncs = Syncs(shop)
    end, _reason = command.release(Rollout(cluster, "order", strategy, judge=always(verdict)), IMAGE)
    assert (end, syncs.changed) == (outcome, [])
    assert syncs.looked > 20
    promoted = shop.api.objects[f"{DEPLOYMENTS}/order"]["spec"]["template"]["spec"]["containers"][0]["image"]
    assert promoted == (IMAGE if outcome is Outcome.PROMOTED else "order:v1")


@pytest.mark.parametrize("kind", ["Deployment", "VirtualService"])
def test_without_the_rules_a_sync_would_undo_a_release(canary_shop, always, traffic, monkeypatch, kind):
    """The rules bite: leave one kind out, and the same release is disturbed."""
    rules = [rule for rule in APPLICATION["spec"]["ignoreDifferences"] if rule["kind"] != kind]
    monkeypatch.setitem(argo.APPLICATION, "spec", APPLICATION["spec"] | {"ignoreDifferences": rules})
    shop, cluster = canary_shop
    shop.api.ask_prometheus = traffic
    syncs = Syncs(shop)
    command.release(Rollout(cluster, "order", judge=always(Verdict.PASSED)), IMAGE)
    assert syncs.changed != []


def production():
    return {(body["kind"], body["metadata"]["name"]): body for body in render("production")}


def test_a_commit_that_names_another_image_moves_nobody():
    for live in production().values():
        wanted = copy.deepcopy(live)
        if live["kind"] in ("Deployment", "Job"):
            wanted["spec"]["template"]["spec"]["containers"][0]["image"] = IMAGE
            wanted["spec"]["template"]["metadata"]["labels"].pop("version", None)
        assert synced(wanted, live)["spec" if "spec" in live else "metadata"] == live.get("spec", live["metadata"])


def test_everything_else_is_what_git_says():
    live = production()["Deployment", "order"]
    wanted = copy.deepcopy(live)
    container = wanted["spec"]["template"]["spec"]["containers"][0]
    container["resources"]["limits"]["memory"] = "1Gi"
    container["image"] = IMAGE
    result = synced(wanted, live)["spec"]["template"]["spec"]["containers"][0]
    assert result["resources"]["limits"]["memory"] == "1Gi"
    assert result["image"] == live["spec"]["template"]["spec"]["containers"][0]["image"]


def test_the_routes_of_a_virtual_service_are_the_clusters_as_a_whole():
    """What docs/pipeline.md warns of, and why a change of routes is staged by hand."""
    live = production()["VirtualService", "order"]
    wanted = copy.deepcopy(live)
    wanted["spec"]["http"][-1]["timeout"] = "9s"
    wanted["spec"]["hosts"] = ["other.example.com"]
    result = synced(wanted, live)["spec"]
    assert result["http"] == live["spec"]["http"]
    assert result["hosts"] == ["other.example.com"]


def test_every_rule_is_about_something_that_production_has():
    for rule in APPLICATION["spec"]["ignoreDifferences"]:
        bodies = [body for (kind, _name), body in production().items() if kind == rule["kind"]]
        assert bodies, rule
        for expression in rule.get("jqPathExpressions", ()):
            found = [jq.compile(f"[path({expression})]").input_value(body).first() for body in bodies]
            assert any(found) or expression.startswith(".spec.template.spec.initContainers"), expression


def test_the_application_respects_what_it_ignores_and_is_of_this_project():
    spec = APPLICATION["spec"]
    assert {"RespectIgnoreDifferences=true", "ServerSideApply=true"} <= set(spec["syncPolicy"]["syncOptions"])
    assert (argo.REPOSITORY / spec["source"]["path"] / "kustomization.yaml").is_file()
    objects = {body["kind"]: body for body in render(argo.REPOSITORY / "k8s" / "argocd")}
    project = objects["AppProject"]["spec"]
    assert spec["source"]["repoURL"] in project["sourceRepos"]
    assert objects["Application"]["spec"]["project"] == objects["AppProject"]["metadata"]["name"]
    assert spec["destination"] in project["destinations"]


def test_a_job_that_differs_is_made_anew():
    jobs = [body for (kind, _name), body in production().items() if kind == "Job"]
    options = {body["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] for body in jobs}
    assert options == {"Force=true,Replace=true"}


def test_a_copy_is_not_tracked_as_the_applications(canary_shop):
    shop, cluster = canary_shop
    tracking = "argocd.argoproj.io/tracking-id"
    shop.api.objects[f"{DEPLOYMENTS}/order"]["metadata"]["annotations"][tracking] = "shop:apps/Deployment:shop/order"
    Rollout(cluster, "order").start(IMAGE)
    assert tracking not in shop.api.objects[f"{DEPLOYMENTS}/order-canary"]["metadata"]["annotations"]
