"""What `python -m images` asks of docker."""

import pytest
import yaml
from tests.unit.images.conftest import REPOSITORY, git

CATALOGUE = yaml.safe_load((REPOSITORY / "services/images.yaml").read_text())
SERVICES = list(CATALOGUE["services"])
NAMES = [f"{image['name']}:{image['tag']}" for image in CATALOGUE["images"]]
LABEL = "org.opencontainers.image"


def labels(call):
    return dict(value.split("=", 1) for value in call.values("--label"))


def test_every_image_of_the_catalogue_is_built(images, docker, checkout):
    done = images("build")
    assert done.returncode == 0, done.stderr
    builds = docker.of("build")
    assert sorted(call.values("--tag")[0] for call in builds) == sorted(NAMES)
    assert {call.folder for call in builds} == {str(checkout)}
    assert f"[{len(NAMES)}/{len(NAMES)}]" in done.stdout


def test_a_build_has_what_the_catalogue_says(images, docker):
    images("build", "--only", "order")
    [build] = [call for call in docker.of("build") if call.values("--tag") == ["order:v2-errors"]]
    assert build.values("--file") == ["services/order/Dockerfile"]
    assert build.values("--build-arg") == ["APP_VERSION=v2", "FAULT_ERROR_SHARE=0.2"]
    assert build.arguments[-1] == "services"
    assert "--platform" not in build.arguments


def test_only_one_service(images, docker):
    done = images("build", "--only", "user")
    assert done.returncode == 0
    assert {call.values("--file")[0] for call in docker.of("build")} == {"services/user/Dockerfile"}


def test_images_of_a_service_are_built_side_by_side(images, docker):
    """So that each but the first finds the layers in the cache before anything can drop them."""
    images("build")
    services = [call.values("--file")[0] for call in docker.of("build")]
    assert services == sorted(services, key=services.index)


def test_a_company_builds_behind_its_mirror(images, docker):
    images(
        "build",
        BASE_IMAGE="registry.example.com/mirror/python:3.13",
        IMAGE_REGISTRY="registry.example.com:5000/team/",
        PLATFORM="linux/arm64",
        DOCKER_BUILD_ARGS="--network host --build-arg 'PIP_INDEX_URL=https://pypi.example.com/a b'",
    )
    build = docker.of("build")[0]
    assert build.values("--tag") == ["registry.example.com:5000/team/user:v1"]
    assert build.values("--platform") == ["linux/arm64"]
    assert "BASE_IMAGE=registry.example.com/mirror/python:3.13" in build.values("--build-arg")
    assert "PIP_INDEX_URL=https://pypi.example.com/a b" in build.values("--build-arg")
    assert build.values("--network") == ["host"]


def test_labels_say_what_the_image_was_built_from(images, docker, checkout):
    images("build", "--only", "order")
    build = docker.of("build")[-1]
    assert labels(build) == {
        f"{LABEL}.version": "v2-crash",
        f"{LABEL}.revision": git(checkout, "rev-parse", "HEAD"),
        f"{LABEL}.created": "2026-05-04T03:02:01+02:00",
    }
    assert build.variables == {"SOURCE_DATE_EPOCH": "1777856521", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}


def test_labels_are_the_same_a_second_time(images, docker):
    images("build", "--only", "user")
    images("build", "--only", "user")
    calls = docker.of("build")
    half = len(calls) // 2
    assert [call.arguments for call in calls[:half]] == [call.arguments for call in calls[half:]]


@pytest.mark.parametrize("change", ["services/order/app.py", "services/order/new.py"])
def test_revision_of_a_changed_tree_is_dirty(change, images, docker, checkout):
    with (checkout / change).open("a") as file:
        file.write("# changed\n")
    images("build", "--only", "user")
    assert labels(docker.of("build")[0])[f"{LABEL}.revision"] == f"{git(checkout, 'rev-parse', 'HEAD')}-dirty"


@pytest.mark.parametrize(
    ("remote", "label"),
    [
        ("https://ci:secret@git.example.com/team/shop.git", "https://git.example.com/team/shop.git"),
        ("ssh://git@git.example.com:22/team/shop.git", "ssh://git.example.com:22/team/shop.git"),
        ("/srv/git/shop.git", None),
        ("git@git.example.com:team/shop.git", None),
    ],
)
def test_source_is_an_address_without_a_password_or_nothing(remote, label, images, docker, checkout):
    git(checkout, "remote", "add", "origin", remote)
    images("build", "--only", "user")
    assert labels(docker.of("build")[0]).get(f"{LABEL}.source") == label


def test_without_git_nothing_is_made_up(images, docker, checkout):
    done = images("build", "--only", "user", GIT_DIR=str(checkout / "none"))
    assert done.returncode == 0
    assert labels(docker.of("build")[0]) == {f"{LABEL}.version": "v1"}
    assert docker.of("build")[0].variables["SOURCE_DATE_EPOCH"] is None


def test_list_needs_no_docker(images, docker):
    docker.program.unlink()
    assert images("list", PATH="/nowhere").stdout.split() == sorted(
        NAMES, key=lambda name: SERVICES.index(name.partition(":")[0])
    )
    assert images("list", "--only", "order", IMAGE_REGISTRY="registry.example.com/team").stdout.splitlines()[0] == (
        "registry.example.com/team/order:v1"
    )


def test_push_pushes_what_was_built(images, docker):
    done = images("push", "--only", "order", IMAGE_REGISTRY="registry.example.com/team")
    assert done.returncode == 0
    assert docker.of("push")[0].arguments == ["push", "registry.example.com/team/order:v1"]
    assert len(docker.of("push")) == sum(name.startswith("order:") for name in NAMES)
    assert docker.of("build") == []
