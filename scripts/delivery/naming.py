"""Names that follow from other names: versions from image tags, copies from the Deployments they are made of."""

from __future__ import annotations

import re

from delivery.errors import DeliveryError

COLOURS = {"blue": "green", "green": "blue"}
_REFERENCE = re.compile(
    r"(?P<repository>[\w./:-]*?(?P<name>[\w.-]+))(?::(?P<tag>[\w][\w.-]*))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
# As much of a digest as people tell versions apart by: `sha256-` and twelve digits.
SHORT_DIGEST = 19
_LABEL = re.compile(r"^[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$")


def image_name(image: str) -> str:
    """Return the last part of an image's repository: ``order`` for ``registry:5000/shop/order:v2``."""
    return image.split("@", 1)[0].rsplit("/", 1)[-1].split(":", 1)[0]


def version_of(image: str) -> str:
    """Return the version that an image's tag stands for: the part before the first dash; without a tag, its digest's.

    Raises:
        DeliveryError: there is neither tag nor digest, or the tag makes no label.
    """
    match = _REFERENCE.fullmatch(image)
    if not match or not (match["tag"] or match["digest"]):
        name = image_name(image) or "order"
        raise DeliveryError(f"image {image} has no tag and no digest: name it as in {name}:v2 or {name}:v2@sha256:...")
    if not match["tag"]:
        return match["digest"].replace(":", "-")[:SHORT_DIGEST]
    version = match["tag"].split("-", 1)[0]
    if not _LABEL.match(version):
        raise DeliveryError(f"image {image}: its tag gives the version {version!r}, which is no value for a label")
    return version


def other_colour(name: str) -> str:
    """Return the name of the Deployment of the other colour.

    Raises:
        DeliveryError: the name ends in neither colour.
    """
    stem, _, colour = name.rpartition("-")
    if colour not in COLOURS:
        raise DeliveryError(
            f"Deployment {name} is neither -blue nor -green: stage an overlay with the blue-green component first"
        )
    return f"{stem}-{COLOURS[colour]}"
