"""Git says what was promoted: which services have changed since then, and a commit of the overlay alone."""

import json

import pytest
from tests.unit.pipeline.conftest import ORDER, git, stopped

from pipeline import pin, promotion
from pipeline.errors import NotCheckedError, RefusedError

OVERLAY = "k8s/overlays/production"
SERVICES = pin.services("production")
OTHERS = [name for name in SERVICES if name != "order"]


@pytest.fixture
def origin(tmp_path, checkout):
    """What the checkout was cloned from."""
    folder = tmp_path / "origin.git"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch", "main", str(folder))
    for name in (*SERVICES, "chassis"):
        folder_of = checkout / "services" / name.replace("-", "_")
        folder_of.mkdir(parents=True)
        (folder_of / "app.py").write_text("print(1)\n")
    git(checkout, "init", "--quiet", "--initial-branch", "main")
    git(checkout, "add", ".")
    git(checkout, "commit", "--quiet", "--message", "first")
    git(checkout, "remote", "add", "origin", str(folder))
    git(checkout, "push", "--quiet", "origin", "main")
    return folder


def promote(checkout, service="order"):
    tag = git(checkout, "rev-parse", "HEAD")[:12]
    pin.pin("production", ORDER.replace("order:4f2a9c1d0b3e", f"{service}:{tag}"))


def change(checkout, path):
    (checkout / path).write_text("print(2)\n")
    git(checkout, "add", path)
    git(checkout, "commit", "--quiet", "--message", path)


def test_a_service_counts_as_changed_until_it_is_promoted(origin, checkout):
    assert promotion.changed("production") == SERVICES
    promote(checkout)
    assert promotion.changed("production") == OTHERS
    for name in OTHERS:
        promote(checkout, name)
    assert promotion.changed("production") == []
    change(checkout, "services/order/app.py")
    assert promotion.changed("production") == ["order"]


def test_what_all_services_share_changes_all(origin, checkout):
    for name in SERVICES:
        promote(checkout, name)
    change(checkout, "services/chassis/app.py")
    assert promotion.changed("production") == SERVICES


def test_the_workflow_is_told_as_json(pipeline, origin, checkout, tmp_path):
    done = pipeline("changed", GITHUB_OUTPUT=str(tmp_path / "output"))
    assert json.loads(done.stdout) == SERVICES
    assert (tmp_path / "output").read_text() == f"services={json.dumps(SERVICES)}\n"


def test_the_overlay_is_committed_and_nothing_else(pipeline, origin, checkout):
    assert "nothing to commit" in pipeline("push-pin", "order").stdout
    promote(checkout)
    (checkout / "services" / "order" / "app.py").write_text("print('not this')\n")
    done = pipeline("push-pin", "order")
    assert (done.returncode, done.stderr) == (0, "")
    assert git(origin, "log", "-1", "--format=%s", "main").startswith("production: order ")
    assert git(origin, "show", "--format=", "--name-only", "main").split() == [
        f"{OVERLAY}/kustomization.yaml",
        f"{OVERLAY}/version-order.yaml",
    ]


def test_what_others_pushed_meanwhile_stays(origin, checkout, tmp_path, monkeypatch):
    other = tmp_path / "other"
    git(tmp_path, "clone", "--quiet", str(origin), str(other))
    monkeypatch.chdir(other)
    promote(other, "user")
    promotion.commit("production", "user promoted")
    monkeypatch.chdir(checkout)
    promote(checkout)
    assert promotion.commit("production", "order promoted") is True
    assert git(origin, "log", "--format=%s", "main").splitlines() == ["order promoted", "user promoted", "first"]
    assert promotion.changed("production") == [name for name in OTHERS if name != "user"]


def test_two_promotions_of_one_service_are_not_mixed(origin, checkout, tmp_path, monkeypatch):
    other = tmp_path / "other"
    git(tmp_path, "clone", "--quiet", str(origin), str(other))
    change(other, "services/order/app.py")
    monkeypatch.chdir(other)
    promote(other)
    promotion.commit("production", "one")
    monkeypatch.chdir(checkout)
    promote(checkout)
    with pytest.raises(RefusedError, match="changed by somebody else too"):
        promotion.commit("production", "two")
    assert git(checkout, "status", "--porcelain") == ""


def test_a_push_that_is_refused_says_what_is_true_and_what_is_not(origin, checkout):
    hook = origin / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho main is protected >&2\nexit 1\n")
    hook.chmod(0o755)
    promote(checkout)
    with pytest.raises(NotCheckedError, match="runs what was promoted, and Git does not say so yet"):
        promotion.commit("production", "promoted")


def test_the_token_is_for_git_alone_and_in_no_command_line():
    assert promotion.credentials({}) == {}
    given = promotion.credentials({"GITHUB_TOKEN": "t0ken", "GITHUB_SERVER_URL": "https://git.example.com"})
    assert given["GIT_CONFIG_KEY_0"] == "http.https://git.example.com/.extraheader"
    assert "t0ken" not in given["GIT_CONFIG_VALUE_0"]


def test_an_environment_that_is_none_is_refused(pipeline, checkout):
    assert stopped(pipeline("changed", ENVIRONMENT="embedded"), 1, "embedded is no environment")
