"""One `docker build` an image; all but the first of a service finds every layer in Docker's cache."""

from __future__ import annotations

from pathlib import Path

from images import docker
from images.catalogue import REPOSITORY, Image
from images.errors import ImagesError
from images.origin import Origin
from images.settings import Settings

LOGS = Path("reports") / "images"
# An image is one manifest: what loads images into a cluster often cannot take the index that attestations need.
PLAIN = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
# The words of builders and of pip, old and new, and what helps.
HINTS = {
    ("certificate", "no matching distribution", "connection broken", "failed to establish a new connection"): (
        "does the build reach its package index? docs/images.md tells of mirrors, proxies and certificates"
    ),
    ("pull access denied", "manifest unknown", "failed to resolve", "error getting credentials", "dial tcp"): (
        "the base image cannot be pulled: name one that can, as in BASE_IMAGE=registry.example.com/python:3.13-slim"
    ),
    ("no space left on device",): "Docker's disk is full: `docker system df` shows what fills it",
}


def build(image: Image, settings: Settings, origin: Origin, repository: Path = REPOSITORY) -> None:
    """Build an image.

    Raises:
        ImagesError: it cannot be built; names the reason and the file with the whole output.
    """
    epoch = {"SOURCE_DATE_EPOCH": origin.epoch} if origin.epoch else {}
    log = LOGS / f"{image.service}-{image.tag}.log"
    failed = docker.run(arguments(image, settings, origin), repository, repository / log, PLAIN | epoch)
    if failed is not None:
        raise ImagesError(f"{image.reference()} cannot be built: {reason(failed)} (all of the output is in {log})")


def arguments(image: Image, settings: Settings, origin: Origin) -> list[str]:
    """Return what follows ``docker``, for an image."""
    values = dict(image.env)
    if settings.base_image:
        values["BASE_IMAGE"] = settings.base_image
    labels = {"org.opencontainers.image.version": image.tag, **origin.labels}
    return [
        "build",
        *("--file", image.dockerfile),
        *("--tag", image.reference(settings.registry)),
        *(("--platform", settings.platform) if settings.platform else ()),
        *(part for name, value in values.items() for part in ("--build-arg", f"{name}={value}")),
        *(part for name, value in labels.items() for part in ("--label", f"{name}={value}")),
        *settings.arguments,
        image.context,
    ]


def push(image: Image, settings: Settings, repository: Path = REPOSITORY) -> None:
    """Push an image that was built.

    Raises:
        ImagesError: it cannot be pushed.
    """
    reference = image.reference(settings.registry)
    log = LOGS / f"push-{image.service}-{image.tag}.log"
    failed = docker.run(["push", reference], repository, repository / log, {})
    if failed is not None:
        host = settings.registry.partition("/")[0]
        raise ImagesError(
            f"{reference} cannot be pushed: {docker.complaint(failed)}"
            f" (build it first with the same IMAGE_REGISTRY, and `docker login {host}`)"
        )


def reason(output: str) -> str:
    """Return the line of some output that says best why a build failed, with a hint if one is known."""
    said = output.lower()
    hints = [hint for words, hint in HINTS.items() if any(word in said for word in words)]
    return "; ".join([docker.complaint(output), *hints[:1]])
