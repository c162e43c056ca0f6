"""The Job that carries releases out: restricted, with the rights that a release needs and no others."""

import os
import re
import subprocess
import sys
from importlib import metadata

import pytest
import yaml
from tests.manifests import policies
from tests.manifests.rendered import REPOSITORY, named, of_kind, pod_of

from cluster import permissions
from cluster.manifests import render
from delivery.__main__ import EXITS
from delivery.in_cluster import TEMPLATE
from delivery.judgement import Outcome


@pytest.fixture(scope="module")
def objects():
    return render(TEMPLATE, "shop", "registry.example/team")


@pytest.fixture(scope="module")
def job(objects):
    return of_kind(objects, "Job")[0]


def test_its_rights_are_those_that_releases_are_checked_for(objects):
    rules = [
        (group, resource, tuple(rule["verbs"]))
        for rule in of_kind(objects, "Role")[0]["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
    ]
    assert sorted(rules) == sorted(permissions._RELEASE)


def test_the_rights_are_its_accounts(objects, job):
    [binding] = of_kind(objects, "RoleBinding")
    account = pod_of(job)["serviceAccountName"]
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": account, "namespace": "shop"}]
    assert named(objects, "ServiceAccount", account)["automountServiceAccountToken"] is True


@pytest.mark.parametrize("policy", [policies.pods_are_restricted, policies.resources_are_set], ids=lambda p: p.__name__)
def test_it_keeps_to_what_all_workloads_keep_to(policy, objects):
    assert list(policy(objects)) == []


def test_only_decisions_end_it(job):
    [rule] = job["spec"]["podFailurePolicy"]["rules"]
    decisions = sorted(EXITS[each] for each in Outcome if each is not Outcome.PROMOTED)
    assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailJob", decisions)
    assert rule["onExitCodes"]["containerName"] == pod_of(job)["containers"][0]["name"]
    assert job["spec"]["backoffLimit"] > 0


def test_its_network_leads_where_its_environment_does(objects, job):
    told = {each["name"]: each.get("value", "") for each in pod_of(job)["containers"][0]["env"]}
    rules = of_kind(objects, "NetworkPolicy")[0]["spec"]["egress"]
    for name in ("GATEWAY_URL", "PROMETHEUS_URL"):
        _service, namespace, port = re.fullmatch(r"http://([\w-]+)\.([\w-]+):(\d+)", told[name]).groups()
        assert any(_leads(rule, namespace, int(port)) for rule in rules), name


def _leads(rule, namespace, port):
    chosen = [each["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] for each in rule.get("to", ())]
    return namespace in chosen and port in [each["port"] for each in rule["ports"]]


LOADED = "import sys, delivery.__main__; print(*sorted({name.partition('.')[0] for name in sys.modules}))"


def test_its_image_has_all_that_a_release_imports():
    """A package that the code imports and the image lacks would be missed by the first release only."""
    env = {**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts")}
    done = subprocess.run([sys.executable, "-c", LOADED], env=env, capture_output=True, text=True, check=True)
    installed = metadata.packages_distributions()
    needed = {each.lower() for name in done.stdout.split() for each in installed.get(name, ())}
    direct = {"jsonpatch", "kubernetes", "numpy", "pydantic", "pyyaml", "typer"}
    locked = set(
        re.findall(r"^([\w.-]+)==", (REPOSITORY / "scripts/delivery/requirements.txt").read_text(), re.MULTILINE)
    )
    everything = set(re.findall(r"^([\w.-]+)$", (REPOSITORY / "scripts/requirements.in").read_text(), re.MULTILINE))
    assert needed & everything <= locked
    assert direct <= needed & locked


def test_the_embedded_cluster_runs_its_image():
    catalogue = yaml.safe_load((REPOSITORY / "services/images.yaml").read_text())
    assert catalogue["services"]["delivery"]["source"] == "scripts"
    assert "delivery" in {image["name"] for image in catalogue["images"]}
