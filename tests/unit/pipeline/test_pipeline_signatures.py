"""An unsigned or floating image is not released: `deliver` is never called for one."""

import json
import os

import pytest
from tests.unit.pipeline.conftest import DIGEST, ORDER, Actor, stopped

from pipeline import published, release, signatures
from pipeline.errors import NotCheckedError, PipelineError, RefusedError

WHO = {
    "COSIGN_IDENTITY": "https://git.example.com/team/shop/.github/workflows/main.yaml@refs/heads/main",
    "COSIGN_ISSUER": "https://token.example.com",
}


@pytest.fixture
def cosign(actor):
    return actor("cosign")


def test_a_signature_of_the_right_one_passes(pipeline, cosign):
    done = pipeline("verify", "order", IMAGE=ORDER, **WHO)
    assert (done.returncode, done.stderr) == (0, "")
    [call] = cosign.calls
    assert call == [
        *("verify", "--certificate-identity", WHO["COSIGN_IDENTITY"]),
        *("--certificate-oidc-issuer", WHO["COSIGN_ISSUER"], ORDER),
    ]


def test_none_or_one_of_somebody_else_does_not(pipeline, cosign):
    cosign.answer(10, "main.go:74: error during command execution: no matching signatures")
    assert stopped(pipeline("verify", "order", IMAGE=ORDER, **WHO), 1, "is not signed by", "no matching signatures")


def test_without_cosign_or_a_name_nothing_is_passed(pipeline, programs, cosign):
    assert stopped(pipeline("verify", "order", IMAGE=ORDER), 2, "COSIGN_IDENTITY is not set")
    cosign.program.unlink()
    assert stopped(pipeline("verify", "order", IMAGE=ORDER, **WHO), 2, "cosign is missing", "is not released")


@pytest.fixture
def deliver(programs, checkout, cosign, monkeypatch):
    """The release command, called by what releases in the pipeline."""
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    for name, value in WHO.items():
        monkeypatch.setenv(name, value)
    found = Actor(programs, "deliver")
    monkeypatch.setattr(release, "own", lambda name: str(programs / name))
    return found


@pytest.mark.parametrize("status", [0, 1, 2, 3])
def test_the_outcome_of_a_release_is_that_of_the_step(deliver, status):
    deliver.answer(status)
    assert release.release("order", ORDER, "canary") == status
    [call] = deliver.calls
    assert call[:6] == ["release", "order", "--image", ORDER, "--strategy", "canary"]
    assert call[6:] == ["--resume", "--report", "reports/release/order.json"]


FLOATING = ["registry.example.com/team/order:v3", "registry.example.com/team/order", f"order:v3@sha256:{'0' * 64}"]


@pytest.mark.parametrize(
    "image", [*FLOATING, "order:v3@sha256:abc", "order:latest", f"--help@{DIGEST}", f"user@{DIGEST}"]
)
def test_a_floating_image_or_one_of_another_service_is_never_released(deliver, cosign, image):
    with pytest.raises(PipelineError):
        release.release("order", image, "canary")
    assert (deliver.calls, cosign.calls) == ([], [])


def test_an_unsigned_image_is_never_released(deliver, cosign):
    cosign.answer(1, "no signatures found")
    with pytest.raises(RefusedError, match="is not signed"):
        release.release("order", ORDER, "canary")
    cosign.program.unlink()
    with pytest.raises(NotCheckedError, match="cosign is missing"):
        release.release("order", ORDER, "canary")
    assert deliver.calls == []


@pytest.mark.parametrize("service", ["", "--help", "order; true", "Order", "../order"])
def test_what_is_no_name_of_a_service_goes_no_further(deliver, service):
    for act in (lambda: release.release(service, ORDER, "canary"), lambda: release.abort(service, "why")):
        with pytest.raises(PipelineError):
            act()
    assert deliver.calls == []


def test_a_kubeconfig_that_is_a_secret_is_a_file_for_the_release_alone(deliver, monkeypatch):
    monkeypatch.setenv("KUBECONFIG_CONTENT", "apiVersion: v1")
    release.abort("order", "--no-option, but a reason")
    environ = deliver.environ
    assert deliver.calls == [["abort", "order", "--reason=--no-option, but a reason"]]
    assert environ["KUBECONFIG_CONTENT"] == ""
    assert environ["KUBECONFIG"].endswith("/kubeconfig")
    assert not os.path.lexists(environ["KUBECONFIG"])


def test_what_was_published_is_what_is_released_and_signed(pipeline, cosign, checkout, deliver):
    published.FILE.parent.mkdir(parents=True)
    published.FILE.write_text(json.dumps({"order": ORDER}))
    assert release.release("order", "", "canary") == 0
    assert pipeline("sign").returncode == 0
    assert cosign.calls[-1] == ["sign", "--yes", ORDER]
    with pytest.raises(NotCheckedError, match="no image of user was published"):
        release.release("user", "", "canary")


def test_with_nothing_published_nothing_was_signed(pipeline, cosign):
    assert stopped(pipeline("sign"), 2, "nothing was published")


def test_only_what_has_a_digest_is_signed(cosign):
    with pytest.raises(RefusedError, match="floats"):
        signatures.sign("registry.example.com/team/order:v3")
    assert cosign.calls == []
