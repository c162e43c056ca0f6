"""Environments name their images by digest, and a promotion writes one without touching anything else."""

import difflib

import pytest
from tests.unit.pipeline.conftest import DIGEST, ORDER, REPOSITORY, stopped

from pipeline import environments, pin
from pipeline.errors import RefusedError

OVERLAY = "k8s/overlays/production"


def changes(old, new):
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=0)
    return [line for line in lines if line[0] in "+-" and not line.startswith(("+++", "---"))]


def test_the_environments_of_this_repository_are_pinned(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    assert "production" in environments.names()
    assert [line for name in environments.names() for line in environments.floating(name)] == []


def test_a_floating_image_stops_it(pipeline, checkout):
    path = checkout / OVERLAY / "kustomization.yaml"
    path.write_text(path.read_text().replace("    digest: sha256:" + "0" * 64 + "\n", "", 1))
    done = pipeline("pinned")
    assert done.returncode == 1
    assert [line.split(": ")[:2] for line in done.stderr.splitlines()] == [["error", OVERLAY]] * 2
    assert "user/user runs registry.example.com/team/user:v1, which can be moved" in done.stderr


def test_a_new_environment_is_found_by_itself(pipeline, checkout):
    another = checkout / "k8s" / "overlays" / "another"
    another.mkdir()
    (another / "kustomization.yaml").write_text("resources: [../kind]\n")
    done = pipeline("pinned")
    assert done.returncode == 1
    assert "k8s/overlays/another: order/order runs order:v1" in done.stderr


def test_a_promotion_writes_image_and_label_and_nothing_else(checkout):
    files = {path: path.read_text() for path in (checkout / OVERLAY).iterdir()}
    image = ORDER.replace("registry.example.com/team", "ghcr.example.org:5000/shop")
    assert pin.pin("production", image) is True
    changed = {path.name: changes(old, path.read_text()) for path, old in files.items() if path.read_text() != old}
    assert changed == {
        "kustomization.yaml": [
            "-    newName: registry.example.com/team/order",
            "-    newTag: v1",
            f"-    digest: sha256:{'0' * 64}",
            "+    newName: ghcr.example.org:5000/shop/order",
            "+    newTag: 4f2a9c1d0b3e",
            f"+    digest: {DIGEST}",
        ],
        "version-order.yaml": [
            "-    version: v1",
            "+    version: 4f2a9c1d0b3e",
            "-        version: v1",
            "+        version: 4f2a9c1d0b3e",
        ],
    }
    assert {path.name for path in (checkout / OVERLAY).iterdir()} == {path.name for path in files}
    assert pin.pin("production", image) is False


def test_what_was_written_is_what_is_rendered(checkout):
    pin.pin("production", ORDER)
    assert environments.images("production")["order/order"] == ORDER
    assert environments.images("production")["order-migrate/migrate"] == ORDER
    assert not any(where.startswith("order") for where in environments.unpromoted("production"))
    assert pin.tag_of("production", "order") == "4f2a9c1d0b3e"


@pytest.mark.parametrize("tag", ["123456789012", "12345e678901", "0x1234567890", "true"])
def test_a_commit_that_looks_like_something_else_stays_text(checkout, tag):
    pin.pin("production", ORDER.replace("4f2a9c1d0b3e", tag))
    assert f":{tag}@" in environments.images("production")["order/order"]


@pytest.mark.parametrize(
    ("image", "environment", "words"),
    [
        ("registry.example.com/team/order:v3", "production", "floats"),
        (f"registry.example.com/team/order:v3@sha256:{'0' * 64}", "production", "was never promoted"),
        (f"registry.example.com/team/nobody:v3@{DIGEST}", "production", "names no image nobody"),
        (ORDER, "kind", "kind is no environment"),
        (ORDER, "../production", "is no environment"),
    ],
)
def test_what_cannot_be_pinned_changes_nothing(checkout, image, environment, words):
    before = (checkout / OVERLAY / "kustomization.yaml").read_text()
    with pytest.raises(RefusedError, match=words):
        pin.pin(environment, image)
    assert (checkout / OVERLAY / "kustomization.yaml").read_text() == before


def test_a_label_that_cannot_be_written_leaves_the_image_too(pipeline, checkout):
    (checkout / OVERLAY / "version-order.yaml").unlink()
    before = (checkout / OVERLAY / "kustomization.yaml").read_text()
    assert stopped(pipeline("pin", "order", IMAGE=ORDER), 1, "version-order.yaml is missing")
    assert (checkout / OVERLAY / "kustomization.yaml").read_text() == before
