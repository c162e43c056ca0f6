"""What a company sets to build behind its own mirror, proxy and registry: environment variables or make arguments."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from images.errors import ImagesError

_REGISTRY = re.compile(r"[a-z0-9.-]+(:\d+)?(/[a-z0-9._-]+)*")
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9]+(/[a-z0-9]+)?")


@dataclass(frozen=True)
class Settings:
    """How the images are built and what they are called.

    Attributes:
        registry: what stands before every name, such as ``registry.example.com/team``; empty for none.
        base_image: image to build upon, None for the one that the Dockerfiles name.
        platform: such as ``linux/arm64``, None for this machine's.
        arguments: further arguments of ``docker build``.
    """

    registry: str = ""
    base_image: str | None = None
    platform: str | None = None
    arguments: tuple[str, ...] = ()

    @classmethod
    def resolve(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Return the settings of the environment.

        Raises:
            ImagesError: one of them cannot be meant.
        """
        return cls(
            registry=_registry(environ.get("IMAGE_REGISTRY", "")),
            base_image=environ.get("BASE_IMAGE") or None,
            platform=_platform(environ.get("PLATFORM", "")),
            arguments=_arguments(environ.get("DOCKER_BUILD_ARGS", "")),
        )


def _registry(value: str) -> str:
    registry = value.rstrip("/")
    if registry and not _REGISTRY.fullmatch(registry):
        raise ImagesError(
            f"IMAGE_REGISTRY={value} is no registry: give host and path in small letters and without https://,"
            " as in registry.example.com/team"
        )
    return registry


def _platform(value: str) -> str | None:
    if value and not _PLATFORM.fullmatch(value):
        raise ImagesError(f"PLATFORM={value} is no platform: give one at a time, as in linux/arm64")
    return value or None


def _arguments(value: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise ImagesError(f"DOCKER_BUILD_ARGS={value} cannot be split into arguments: {error}") from None
