"""The shop's images: built here, then loaded into kind's node, or pushed to a registry that the cluster reads."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml

from cluster.manifests import CATALOGUE
from provision.docker import image_ids
from provision.errors import ProvisionError
from provision.kind import NAME, NODE
from provision.programs import run
from provision.steps import UNCHANGED

# How containerd calls an image that has no registry in its name: that of a registry, this folder, then the name.
NO_REGISTRY = "/library/"


def references(registry: str = "") -> list[str]:
    """Return the images of the catalogue, such as ``order:v1``, under the names that they have with a registry."""
    images = [f"{image['name']}:{image['tag']}" for image in yaml.safe_load(CATALOGUE.read_text())["images"]]
    return [f"{registry}/{image}" if registry else image for image in images]


def build(registry: str = "") -> str:
    """Build what has changed; return what came of it.

    Args:
        registry: prefix of the names.

    Raises:
        ProvisionError: an image cannot be built.
    """
    before = image_ids(references(registry))
    _images("build", registry)
    after = image_ids(references(registry))
    missing = [reference for reference in references(registry) if reference not in after]
    if missing:
        raise ProvisionError(f"`make images` left out {', '.join(missing)}")
    changed = sum(before.get(reference) != after[reference] for reference in after)
    return f"{changed} built" if changed else UNCHANGED


def load(record: Path) -> str:
    """Load into kind's node what it does not have yet; return what came of it.

    Args:
        record: file in which it is written down what the node has got: Docker and containerd call the same image by
            different ids, so the node cannot be asked.
    """
    here, known = image_ids(references()), _read(record)
    on_node = _on_node()
    missing = [each for each in here if known.get(each) != here[each] or each not in on_node]
    if not missing:
        return UNCHANGED
    run(["kind", "load", "docker-image", "--name", NAME, *missing])
    record.write_text(json.dumps(here, indent=1))
    return f"{len(missing)} loaded"


def push(registry: str, record: Path) -> str:
    """Push all images under the registry's name; return what came of it.

    Args:
        registry: prefix of the names.
        record: file in which it is written down what was pushed. Everything is pushed each time all the same: a
            registry takes only what it does not have, and may have lost what it had.
    """
    here, known = image_ids(references(registry)), _read(record)
    _images("push", registry)
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps(known | here, indent=1))
    changed = sum(known.get(name) != number for name, number in here.items())
    return f"{changed} pushed" if changed else UNCHANGED


def _images(verb: str, registry: str) -> None:
    run([sys.executable, "-m", "images", verb], environment={"IMAGE_REGISTRY": registry})


def _on_node() -> set[str]:
    """Return the images that the node has, those without a registry of their own as Docker calls them."""
    listed = json.loads(run(["docker", "exec", NODE, "crictl", "images", "--output", "json"]))
    tags = [tag for image in listed.get("images") or [] for tag in image.get("repoTags") or []]
    return {tag.partition(NO_REGISTRY)[2] or tag for tag in tags}


def _read(record: Path) -> dict[str, str]:
    return dict(json.loads(record.read_text())) if record.exists() else {}
