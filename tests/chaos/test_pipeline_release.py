"""The release step of the pipeline on a cluster with users: by digest, signed, judged, and told afterwards."""

import json
import threading

import pytest
from tests.drills.conftest import RATE

from cluster.client import Cluster
from drills.kills.command import ease
from embedded.kubelet.images import Catalogue
from embedded.state import IMAGES
from pipeline import release, summary

pytestmark = pytest.mark.timeout(600)

IDENTITY, ISSUER = "https://git.example.com/team/shop/main.yaml", "https://token.example.com"
COSIGN = "#!/bin/sh\nexit 0\n"
# Users from before the release, so that it knows what is normal.
BEFORE_SECONDS = 8.0


@pytest.fixture
def users(drill_cluster):
    """The shop as Git says, with users whom nobody interrupts."""
    system = drill_cluster.system()
    system.stage("")
    prober = system.prober("order")
    prober.start()
    threading.Event().wait(BEFORE_SECONDS)
    yield prober
    prober.stop()
    system.stage("")


@pytest.fixture
def step(drill_cluster, tmp_path, monkeypatch):
    """The step as the workflow sets it up, with a cosign that finds every signature.

    The judge asks for wider margins, which a busy machine can prove too: what is tried here is not the judge.
    """
    ease("order", tmp_path)
    (tmp_path / "cosign").write_text(COSIGN)
    (tmp_path / "cosign").chmod(0o755)
    settings = {
        "COSIGN_IDENTITY": IDENTITY,
        "COSIGN_ISSUER": ISSUER,
        "SLO_FOLDER": str(tmp_path),
        "PATH": f"{tmp_path}:/usr/bin:/bin",
    }
    for name, value in (drill_cluster.environment | settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def by_digest(image):
    return f"registry.example.com/team/{image}@{Catalogue(IMAGES).resolve(image).digest}"


def running(drill_cluster):
    with Cluster.connect(drill_cluster.kubeconfig) as cluster:
        spec = cluster.deployments.get("order")["spec"]["template"]
        return spec["spec"]["containers"][0]["image"], spec["metadata"]["labels"]["version"]


def test_a_signed_image_is_judged_and_what_became_of_it_is_told(users, step, drill_cluster):
    bad, good = by_digest("order:v2-errors"), by_digest("order:v2")
    before = running(drill_cluster)
    assert release.release("order", bad, "canary") == 1
    assert running(drill_cluster) == before
    written = json.loads((step / "reports/release/order.json").read_text())
    assert (written["outcome"], written["image"]) == ("RolledBack", bad)
    page = summary.write(step / "reports")
    assert page.startswith("## Not good: order: RolledBack")
    assert written["reason"].partition(":")[0] in page
    assert "Users of order stay on the version that served them before." in page

    assert release.release("order", good, "canary") == 0
    assert running(drill_cluster) == (good, "v2")
    assert summary.write(step / "reports").startswith("## All that was looked at is good")
    users.stop()
    failed = {sample.version for sample in users.samples if sample.failed}
    assert failed <= {"v2"}
    assert sum(sample.failed for sample in users.samples) < RATE
