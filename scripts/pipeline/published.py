"""What was pushed, by digest: written by `python -m images publish`, read by all that comes after it."""

from __future__ import annotations

import json

from images.release import PUBLISHED as FILE
from pipeline.errors import NotCheckedError
from pipeline.references import Reference, pinned


def read() -> dict[str, str]:
    """Return the published image of each service, nothing if none was published.

    Raises:
        NotCheckedError: the file cannot be read.
        RefusedError: one of them has no digest.
    """
    if not FILE.is_file():
        return {}
    try:
        content = dict(json.loads(FILE.read_text()))
    except (ValueError, TypeError):
        raise NotCheckedError(f"{FILE} cannot be read: publish the images again") from None
    return {service: str(pinned(str(image))) for service, image in content.items()}


def must_read() -> dict[str, str]:
    """Return the published image of each service.

    Raises:
        NotCheckedError: none was published.
    """
    if not (found := read()):
        raise NotCheckedError(f"nothing was published: {FILE} names no image (`make publish` writes it)")
    return found


def image_of(service: str, image: str = "") -> Reference:
    """Return the image of a service that is meant: the one that was named, else the published one.

    Raises:
        NotCheckedError: none was named and none published, or it is another service's.
        RefusedError: it has no digest.
    """
    found = image or read().get(service, "")
    if not found:
        raise NotCheckedError(f"no image of {service} was published in {FILE}: name one in IMAGE, by digest")
    reference = pinned(found)
    if reference.name != service:
        raise NotCheckedError(f"{reference} is no image of {service}")
    return reference
