"""What a newcomer meets first is one line that says what to do."""

import pytest

LEGACY = """Step 4/20 : RUN pip install
\x1b[91mERROR: No matching distribution found for flask==3.1.3
\x1b[0mThe command '/bin/sh -c pip install' returned a non-zero code: 1"""
BUILDKIT = """#9 12.31 ERROR: No matching distribution found for flask==3.1.3
------
 > [build 4/7] RUN pip install:
------
ERROR: failed to solve: process "/bin/sh -c pip install" did not complete successfully: exit code: 1"""
NO_BASE = "Error response from daemon: pull access denied for nope, repository does not exist"


def complains(done, *words):
    """It failed with one line that has these words, and no traceback."""
    [line] = done.stderr.splitlines()
    assert done.returncode == 1
    assert line.startswith("error: ")
    for word in words:
        assert word in line
    return True


def test_docker_is_missing(images):
    assert complains(images("build", PATH="/nowhere"), "Docker is missing: install it", "make demo")


@pytest.mark.parametrize("command", ["build", "push"])
def test_daemon_does_not_run(command, images, docker):
    docker.answer(version=(1, "Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?"))
    done = images(command, IMAGE_REGISTRY="registry.example.com")
    assert complains(done, "daemon does not run: start", "unix:///x")
    assert [call.arguments[0] for call in docker.calls] == ["version"]


def test_docker_may_not_be_used(images, docker):
    docker.answer(version=(1, "permission denied while trying to connect to the Docker daemon socket"))
    assert complains(images("build"), "group docker")


@pytest.mark.parametrize("output", [LEGACY, BUILDKIT])
def test_build_failed(output, images, docker, checkout):
    docker.answer(build=(1, output))
    done = images("build")
    log = "reports/images/user-v1.log"
    assert complains(done, "user:v1 cannot be built: No matching distribution", "docs/images.md", log)
    assert output in (checkout / log).read_text()
    assert len(docker.of("build")) == 1


def test_base_image_cannot_be_had(images, docker):
    docker.answer(build=(1, NO_BASE))
    assert complains(images("build"), "pull access denied", "BASE_IMAGE=")


def test_builder_that_says_nothing(images, docker):
    docker.answer(build=(1, ""))
    assert complains(images("build"), "it said nothing")


def test_push_failed(images, docker):
    docker.answer(push=(1, "denied: requested access to the resource is denied"))
    done = images("push", IMAGE_REGISTRY="registry.example.com/team")
    assert complains(done, "registry.example.com/team/user:v1 cannot be pushed", "docker login registry.example.com")


def test_push_needs_a_registry(images, docker):
    assert complains(images("push"), "IMAGE_REGISTRY is not set")
    assert docker.calls == []


@pytest.mark.parametrize("registry", ["https://registry.example.com", "Registry.example.com", "registry example"])
def test_registry_that_is_none(registry, images):
    assert complains(images("build", IMAGE_REGISTRY=registry), f"IMAGE_REGISTRY={registry}", "without https://")


@pytest.mark.parametrize("platform", ["arm64", "linux/amd64,linux/arm64"])
def test_platform_that_is_none(platform, images):
    assert complains(images("build", PLATFORM=platform), f"PLATFORM={platform}", "one at a time")


def test_arguments_that_cannot_be_split(images):
    assert complains(images("build", DOCKER_BUILD_ARGS="--label 'x"), "DOCKER_BUILD_ARGS")


def test_unknown_service(images):
    assert complains(images("build", "--only", "invoice"), "no service is called invoice", "order, ", "user")


def test_catalogue_that_is_none(images, checkout):
    (checkout / "services/images.yaml").write_text("services: {order: {}}\nimages: [{name: order, tag: v1}]\n")
    assert complains(images("list"), "cannot read the catalogue")


def test_reports_that_cannot_be_written(images, checkout):
    (checkout / "reports").write_text("in the way")
    assert complains(images("build"), "reports")
