"""Images built from the project's own Dockerfiles, and containers of them; skipped where Docker or the base is not."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
from collections.abc import Callable, Iterator

import docker
import pytest
from docker.errors import DockerException
from docker.models.containers import Container
from docker.models.images import Image
from tests.images.dockerfiles import text_of

from images import build, catalogue, origin
from images.settings import Settings

# Never what `make images` makes: a test must not change what a user deploys.
REGISTRY = "localhost/proving-ground-test"
# As restrictive as the pods of k8s/: what a service needs to write, it gets as a volume.
RESTRICTED = {
    "read_only": True,
    "tmpfs": {"/tmp": "", "/data": "uid=10001,gid=10001"},
    "user": "10001",
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges"],
}


@pytest.fixture(scope="session")
def client() -> docker.DockerClient:
    """Docker, with the base image at hand."""
    if shutil.which("docker") is None:
        pytest.skip("needs the docker program")
    try:
        found = docker.from_env(timeout=60)
        found.ping()
    except DockerException as error:
        pytest.skip(f"needs a Docker daemon: {error}")
    _need_base(found)
    return found


def _need_base(client: docker.DockerClient) -> None:
    default = re.search(r"^ARG BASE_IMAGE=(\S+)", text_of("user"), re.MULTILINE)
    base = os.environ.get("BASE_IMAGE") or (default[1] if default else "")
    try:
        client.images.get(base)
    except DockerException:
        try:
            client.images.pull(base)
        except DockerException as error:
            pytest.skip(f"needs the image {base}, which cannot be pulled (BASE_IMAGE names another): {error}")


@pytest.fixture(scope="session")
def image(client: docker.DockerClient) -> Iterator[Image]:
    """The image user:v1, built as `make images` builds it but under a name of its own."""
    [wanted, *_] = catalogue.load(only="user")
    settings = dataclasses.replace(Settings.resolve(), registry=REGISTRY)
    build.build(wanted, settings, origin.read())
    reference = wanted.reference(REGISTRY)
    yield client.images.get(reference)
    client.images.remove(reference, force=True)


@pytest.fixture
def run(client: docker.DockerClient, image: Image) -> Iterator[Callable[..., Container]]:
    """Start containers of the image, restricted as a pod; keywords are variables of the environment."""
    started: list[Container] = []

    def start(*command: str, **environ: str) -> Container:
        arguments = {"entrypoint": list(command)} if command else {"ports": {"8080/tcp": ("127.0.0.1", None)}}
        started.append(client.containers.run(image, detach=True, environment=environ, **RESTRICTED, **arguments))
        return started[-1]

    yield start
    for container in started:
        container.remove(force=True, v=True)
