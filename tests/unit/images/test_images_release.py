"""What is released: one image of each service for two kinds of machines, pushed by digest with all that hangs on it."""

import json

import pytest
from tests.unit.images.conftest import git
from tests.unit.images.test_images_build import SERVICES
from tests.unit.images.test_images_errors import complains

DIGEST = "sha256:" + "5eed" * 16
REGISTRY = "registry.example.com/team"


def builds(docker):
    return [call for call in docker.of("buildx") if call.arguments[1] == "build"]


@pytest.fixture
def digests(checkout):
    """What buildx writes when it has pushed."""
    folder = checkout / "reports" / "images"
    folder.mkdir(parents=True)
    for service in SERVICES:
        (folder / f"{service}.metadata.json").write_text(json.dumps({"containerimage.digest": DIGEST}))
    return folder


def test_each_service_is_a_file_for_each_kind_of_machine(images, docker):
    done = images("release", VERSION="3f2a")
    assert done.returncode == 0, done.stderr
    built = builds(docker)
    assert [(call.values("--tag")[0], call.values("--platform")[0]) for call in built] == [
        (f"{service}:3f2a", platform) for service in SERVICES for platform in ("linux/amd64", "linux/arm64")
    ]
    first = built[0]
    assert first.values("--output") == [f"type=docker,dest=reports/images/{SERVICES[0]}-linux-amd64.tar"]
    assert first.values("--build-arg") == ["APP_VERSION=3f2a"]
    assert first.variables["BUILDX_NO_DEFAULT_ATTESTATIONS"] == "1"
    assert first.arguments[-1] == "services"


def test_the_tag_is_the_commit(images, docker, checkout):
    images("release", "--only", "order")
    assert builds(docker)[0].values("--tag") == [f"order:{git(checkout, 'rev-parse', 'HEAD')[:12]}"]


def test_what_is_published_is_written_down_by_digest(images, docker, digests):
    done = images("publish", VERSION="3f2a", IMAGE_REGISTRY=REGISTRY)
    assert done.returncode == 0, done.stderr
    call = builds(docker)[0]
    assert call.values("--platform") == ["linux/amd64,linux/arm64"]
    assert {"--push", "--sbom=true", "--provenance=mode=max"} <= set(call.arguments)
    assert call.variables["BUILDX_NO_DEFAULT_ATTESTATIONS"] is None
    published = json.loads((digests / "published.json").read_text())
    assert published == {service: f"{REGISTRY}/{service}:3f2a@{DIGEST}" for service in SERVICES}


def test_what_git_does_not_have_is_not_published(images, docker, checkout, digests):
    (checkout / "services" / "order" / "new.py").touch()
    assert complains(images("publish", IMAGE_REGISTRY=REGISTRY), "commit it first")
    assert builds(docker) == []


def test_a_push_without_a_digest_is_none(images, docker, digests):
    (digests / "user.metadata.json").write_text("{}")
    assert complains(images("publish", IMAGE_REGISTRY=REGISTRY), "does not tell the digest")
    assert not (digests / "published.json").exists()


def test_a_build_that_fails_says_for_which_machine(images, docker):
    docker.answer(**{"buildx build": (1, "ERROR: failed to solve: exec format error")})
    assert complains(images("release", VERSION="3f2a"), "user:3f2a for linux/amd64", "exec format error")


def test_without_buildx_nothing_is_built_for_other_machines(images, docker):
    docker.answer(buildx=(1, "docker: 'buildx' is not a docker command"))
    assert complains(images("release", VERSION="3f2a"), "docker buildx is missing", "install")


def test_without_a_registry_nothing_is_built(images, docker):
    assert complains(images("publish"), "IMAGE_REGISTRY is not set")
    assert docker.calls == []
