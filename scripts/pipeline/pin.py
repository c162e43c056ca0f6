"""Writes a promoted image into the overlay of its environment, by digest; comments and all else stay as they are."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from delivery.naming import version_of
from pipeline import environments
from pipeline.errors import RefusedError
from pipeline.references import Reference, pinned


def pin(environment: str, image: str) -> bool:
    """Let an overlay name an image, and the label `version` go with it; return whether anything changed.

    Raises:
        RefusedError: the image floats, or the overlay has no such service.
    """
    reference, folder = pinned(image), environments.folder(environment)
    kustomization, label = folder / "kustomization.yaml", folder / f"version-{reference.name}.yaml"
    texts = {kustomization: _with_image(kustomization, reference), label: _with_version(label, version_of(image))}
    changed = {path: text for path, text in texts.items() if text != path.read_text()}
    for path, text in changed.items():
        path.with_suffix(".tmp").write_text(text)
    for path in changed:
        path.with_suffix(".tmp").replace(path)
    return bool(changed)


def tag_of(environment: str, service: str) -> str:
    """Return the tag that an overlay names for a service, which is the commit that was promoted.

    Raises:
        RefusedError: the overlay has no such service.
    """
    path = environments.folder(environment) / "kustomization.yaml"
    return str(_entry(_yaml().load(path.read_text()), service, path).get("newTag") or "")


def services(environment: str) -> list[str]:
    """Return the services whose images an overlay names."""
    content = _yaml().load((environments.folder(environment) / "kustomization.yaml").read_text())
    return [str(entry["name"]) for entry in content.get("images") or ()]


def _with_image(path: Path, reference: Reference) -> str:
    yaml = _yaml()
    content = yaml.load(path.read_text())
    entry = _entry(content, reference.name, path)
    wanted = {"newName": reference.repository, "newTag": reference.tag, "digest": reference.digest}
    for field, value in wanted.items():
        if value:
            entry[field] = value
        else:
            entry.pop(field, None)
    return _dumped(yaml, content)


def _with_version(path: Path, version: str) -> str:
    if not path.is_file():
        raise RefusedError(f"{path} is missing: it is the patch that labels the pods with their version")
    yaml = _yaml()
    content = yaml.load(path.read_text())
    for meta in (content["metadata"], content["spec"]["template"]["metadata"]):
        meta["labels"]["version"] = version
    return _dumped(yaml, content)


def _entry(content: Any, service: str, path: Path) -> Any:
    found = next((entry for entry in content.get("images") or () if entry["name"] == service), None)
    if found is None:
        raise RefusedError(f"{path} names no image {service}: add it to `images`")
    return found


def _yaml() -> YAML:
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _dumped(yaml: YAML, content: Any) -> str:
    text = io.StringIO()
    yaml.dump(content, text)
    return text.getvalue()
