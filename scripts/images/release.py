"""The images that are released: one of each service, without faults, for each kind of machine, called by its commit."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from images import build, catalogue, docker
from images.catalogue import CATALOGUE, REPOSITORY, Image
from images.errors import ImagesError
from images.origin import Origin
from images.settings import Settings

PLATFORMS = ("linux/amd64", "linux/arm64")
# What was pushed, for those who scan, sign and release it.
PUBLISHED = build.LOGS / "published.json"
SHORT_COMMIT = 12
# BuildKit writes down what is in an image and how it was made; both hang on the digest, and are signed with it.
ATTESTED = ("--sbom=true", "--provenance=mode=max")


def version(origin: Origin, environ: Mapping[str, str] = os.environ) -> str:
    """Return the tag of a release: VERSION, else the commit.

    Raises:
        ImagesError: there is neither.
    """
    if environ.get("VERSION"):
        return environ["VERSION"]
    if not origin.revision:
        raise ImagesError("there is no commit to call the images by: set VERSION")
    return origin.revision.partition("-")[0][:SHORT_COMMIT]


def images(tag: str, only: str | None = None, path: Path = CATALOGUE) -> list[Image]:
    """Return the image of each service, or of one, under a tag.

    Raises:
        ImagesError: the catalogue cannot be read, or has no such service.
    """
    first = {image.service: image for image in reversed(catalogue.load(only, path))}
    return [replace(first[name], tag=tag, env={"APP_VERSION": tag}) for name in reversed(first)]


def archive(image: Image, settings: Settings, origin: Origin, repository: Path = REPOSITORY) -> None:
    """Build an image for each kind of machine, and keep each as a file beside the logs.

    Raises:
        ImagesError: it cannot be built.
    """
    for platform in PLATFORMS:
        path = build.LOGS / f"{image.service}-{platform.replace('/', '-')}.tar"
        options = ["--output", f"type=docker,dest={path}"]
        _buildx(image, replace(settings, platform=platform), origin, options, build.PLAIN, repository)


def publish(image: Image, settings: Settings, origin: Origin, repository: Path = REPOSITORY) -> None:
    """Build an image for all kinds of machines, push it, and write down its digest.

    Raises:
        ImagesError: the source is not what Git has, or it cannot be built or pushed.
    """
    if (origin.revision or "").endswith("-dirty"):
        raise ImagesError("what Git does not have is not published: commit it first")
    metadata = build.LOGS / f"{image.service}.metadata.json"
    options = ["--push", *ATTESTED, "--metadata-file", str(metadata)]
    _buildx(image, replace(settings, platform=",".join(PLATFORMS)), origin, options, {}, repository)
    digest = _digest(repository / metadata)
    path = repository / PUBLISHED
    known = json.loads(path.read_text()) if path.is_file() else {}
    known[image.service] = f"{image.reference(settings.registry)}@{digest}"
    path.write_text(json.dumps(known, indent=1) + "\n")


def _digest(path: Path) -> str:
    try:
        return str(json.loads(path.read_text())["containerimage.digest"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ImagesError(f"docker does not tell the digest of what it pushed: {path} has none") from None


def _buildx(
    image: Image,
    settings: Settings,
    origin: Origin,
    options: list[str],
    environ: Mapping[str, str],
    repository: Path,
) -> None:
    *arguments, context = build.arguments(image, settings, origin)
    platform = (settings.platform or "").replace("/", "-").replace(",", "-")
    log = build.LOGS / f"{image.service}-{platform}.log"
    epoch = {"SOURCE_DATE_EPOCH": origin.epoch} if origin.epoch else {}
    failed = docker.run(["buildx", *arguments, *options, context], repository, repository / log, {**environ, **epoch})
    if failed is not None:
        raise ImagesError(
            f"{image.reference(settings.registry)} for {settings.platform}: {build.reason(failed)} ({log})"
        )
