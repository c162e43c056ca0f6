"""Images: what stands in the catalogue under a name and a tag, since no registry and no container exist here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

DEFAULT_TAG = "latest"


class ImageError(Exception):
    """An image that cannot be had; the message is what Kubernetes would show for a failed pull."""


@dataclass(frozen=True)
class Image:
    """How an image is started.

    Attributes:
        name: name and tag.
        command: program and arguments, what a Dockerfile's ENTRYPOINT and CMD say.
        env: what is baked into the image.
        source: folder of the repository that its Python packages are in.
    """

    name: str
    command: tuple[str, ...]
    env: dict[str, str]
    source: str = "services"

    @property
    def id(self) -> str:
        """Return a digest of what the image does, as the image id of a pod's status."""
        content = json.dumps([self.name, self.command, self.env], sort_keys=True).encode()
        return f"embedded://{self.name.partition(':')[0]}@sha256:{hashlib.sha256(content).hexdigest()}"

    @property
    def digest(self) -> str:
        """Return the digest alone, as a reference names it behind an @."""
        return self.id.partition("@")[2]


class Catalogue:
    """The images of a catalogue file; it is read anew when it has changed, as a registry may get new images any time.

    Args:
        path: the YAML file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = -1
        self._images: dict[str, Image] = {}

    def resolve(self, reference: str) -> Image:
        """Return the image of a reference, such as ``order:v1``, ``registry.example/order:v1`` or ``order@sha256:...``.

        As with a registry, a digest says which image is meant, and a tag beside it is for people.

        Raises:
            ImageError: the catalogue is unreadable or does not have it; names the ones it has.
        """
        named, _, digest = reference.rpartition("/")[2].partition("@")
        name, _, tag = named.partition(":")
        images = self._load()
        if digest:
            return _of_digest(images, name, digest, reference)
        wanted = f"{name}:{tag or DEFAULT_TAG}"
        if wanted not in images:
            raise ImageError(
                f'failed to pull image "{reference}": {wanted} is not in {self._path.name},'
                f" which has {', '.join(sorted(images)) or 'no image'}"
            )
        return images[wanted]

    def _load(self) -> dict[str, Image]:
        try:
            changed_at = self._path.stat().st_mtime_ns
            if changed_at != self._read_at:
                self._images = _images(yaml.safe_load(self._path.read_text()))
                self._read_at = changed_at
        except (OSError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
            raise ImageError(f"cannot read the image catalogue {self._path}: {error}") from error
        return self._images


def _of_digest(images: dict[str, Image], name: str, digest: str, reference: str) -> Image:
    own = [image for image in images.values() if image.name.partition(":")[0] == name]
    found = next((image for image in own if image.digest == digest), None)
    if found is None:
        known = ", ".join(f"{image.name} ({image.digest})" for image in own) or "no image"
        raise ImageError(f'failed to pull image "{reference}": the digest is none of {name}\'s, which has {known}')
    return found


def _images(content: dict[str, Any]) -> dict[str, Image]:
    services = content["services"]
    images = {}
    for entry in content["images"]:
        name = f"{entry['name']}:{entry['tag']}"
        command = tuple(str(word) for word in services[entry["name"]]["command"])
        env = {key: str(value) for key, value in (entry.get("env") or {}).items()}
        images[name] = Image(name, command, env, services[entry["name"]].get("source", Image.source))
    return images
