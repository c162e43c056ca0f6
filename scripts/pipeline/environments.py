"""Environments: the overlays that real users meet, and what they run, which is pinned by digest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cluster.manifests import ManifestError, render
from pipeline.errors import RefusedError
from pipeline.references import NOTHING, parse

OVERLAYS = Path("k8s") / "overlays"
# Where releases are rehearsed, on images that were built on the spot and have no digest that anybody knows.
REHEARSAL = ("embedded", "kind")


def names() -> list[str]:
    """Return the environments: every overlay that is not one to rehearse on.

    Raises:
        RefusedError: there is none.
    """
    found = sorted(each.name for each in OVERLAYS.glob("*") if (each / "kustomization.yaml").is_file())
    environments = [name for name in found if name.partition("-")[0] not in REHEARSAL]
    if not environments:
        raise RefusedError(f"there is no environment in {OVERLAYS}: copy production")
    return environments


def folder(environment: str) -> Path:
    """Return the overlay of an environment.

    Raises:
        RefusedError: it is none.
    """
    if environment not in names():
        raise RefusedError(f"{environment} is no environment: {OVERLAYS} has {', '.join(names())}")
    return OVERLAYS / environment


def images(environment: str) -> dict[str, str]:
    """Return what the workloads of an environment run, by workload and container.

    Raises:
        RefusedError: its manifests cannot be rendered.
    """
    try:
        objects = render(folder(environment))
    except ManifestError as error:
        raise RefusedError(f"{environment}: {error}") from None
    return {f"{body['metadata']['name']}/{name}": image for body in objects for name, image in _containers(body)}


def floating(environment: str) -> list[str]:
    """Return a line for each container of an environment whose image has no digest."""
    return [
        f"{OVERLAYS / environment}: {where} runs {image}, which can be moved: pin it by digest (`make pin`)"
        for where, image in images(environment).items()
        if not parse(image).digest
    ]


def unpromoted(environment: str) -> list[str]:
    """Return the containers of an environment that nothing was promoted for yet."""
    return [where for where, image in images(environment).items() if parse(image).digest == NOTHING]


def _containers(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for each in value:
            yield from _containers(each)
    if isinstance(value, dict):
        for key, each in value.items():
            if key in ("containers", "initContainers") and isinstance(each, list):
                yield from ((str(container["name"]), str(container["image"])) for container in each)
            else:
                yield from _containers(each)
