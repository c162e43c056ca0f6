"""References of images: what is released is named by its digest, since a tag can be moved."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.errors import RefusedError

_REFERENCE = re.compile(
    r"(?P<repository>[a-z0-9.-]+(?::\d+)?(?:/[a-z0-9._-]+)*)(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
# What an overlay is pinned to before anything was promoted; no image has it.
NOTHING = "sha256:" + "0" * 64


@dataclass(frozen=True)
class Reference:
    """An image as a registry names it.

    Attributes:
        repository: such as ``registry.example.com/team/order``.
        tag: for people; empty for none.
        digest: what the image is; empty if the reference floats.
    """

    repository: str
    tag: str
    digest: str

    @property
    def name(self) -> str:
        """Return the last part of the repository."""
        return self.repository.rpartition("/")[2]

    def __str__(self) -> str:
        """Return it as Kubernetes and registries write it."""
        return self.repository + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def parse(image: str) -> Reference:
    """Return the parts of a reference.

    Raises:
        RefusedError: it is none.
    """
    match = _REFERENCE.fullmatch(image)
    if match is None:
        raise RefusedError(f"{image!r} is no reference of an image: name it as in registry/order:v3@sha256:...")
    return Reference(match["repository"], match["tag"] or "", match["digest"] or "")


def pinned(image: str) -> Reference:
    """Return the parts of a reference that has a digest.

    Raises:
        RefusedError: it has none, or the one that stands for nothing.
    """
    reference = parse(image)
    if not reference.digest:
        raise RefusedError(f"{image} floats: a tag can be moved, so name the digest too, as in {image}@sha256:...")
    if reference.digest == NOTHING:
        raise RefusedError(f"{image} stands for an image that was never promoted: publish one and name its digest")
    return reference
