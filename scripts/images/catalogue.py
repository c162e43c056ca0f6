"""Which images there are: services/images.yaml, which the embedded cluster reads too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from images.errors import ImagesError

REPOSITORY = Path(__file__).resolve().parents[2]
CATALOGUE = REPOSITORY / "services" / "images.yaml"


@dataclass(frozen=True)
class Image:
    """One image of the catalogue.

    Attributes:
        service: name of the service, and of the image.
        tag: its tag.
        context: folder that the build may copy from, relative to the repository.
        dockerfile: path of the Dockerfile, relative to the repository.
        env: what is baked in, as build arguments of the same names.
    """

    service: str
    tag: str
    context: str
    dockerfile: str
    env: Mapping[str, str]

    def reference(self, registry: str = "") -> str:
        """Return what the image is called, in a registry or without one."""
        return f"{registry}/{self.service}:{self.tag}" if registry else f"{self.service}:{self.tag}"


def load(only: str | None = None, path: Path = CATALOGUE) -> list[Image]:
    """Return the images of the catalogue, those of one service side by side.

    Args:
        only: a service whose images are meant, None for all.
        path: the catalogue.

    Raises:
        ImagesError: the catalogue cannot be read, or has no such service.
    """
    try:
        content = yaml.safe_load(path.read_text())
        services = {name: _images(name, content) for name in content["services"]}
    except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise ImagesError(f"cannot read the catalogue of images {path}: {' '.join(str(error).split())}") from error
    if only is not None and only not in services:
        raise ImagesError(f"no service is called {only}: {path.name} has {', '.join(sorted(services))}")
    return [image for name, images in services.items() if only in (None, name) for image in images]


def _images(name: str, content: Mapping[str, Any]) -> list[Image]:
    service = content["services"][name]
    return [
        Image(name, str(entry["tag"]), service["context"], service["dockerfile"], _strings(entry.get("env") or {}))
        for entry in content["images"]
        if entry["name"] == name
    ]


def _strings(env: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in env.items()}
