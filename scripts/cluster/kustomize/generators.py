"""The fields `configMapGenerator` and `secretGenerator`, and the hash of the content that ends a generated name."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cluster.kustomize.documents import ManifestError, Object, read_text
from cluster.kustomize.fields import entries, known, mapping, text
from cluster.kustomize.resources import Id, Item, Items

_OPTIONS = {"annotations", "disableNameSuffixHash", "immutable", "labels"}
_FIELDS = {"behavior", "env", "envs", "files", "literals", "name", "namespace", "options"}


def generate(items: Items, kind: str, entry: Any, defaults: Object, source: str, folder: Path) -> None:
    """Make a ConfigMap or Secret from one entry of a generator, or change one that is there already.

    Args:
        items: the objects of the build.
        kind: ConfigMap or Secret.
        entry: the entry, as read.
        defaults: the kustomization's `generatorOptions`.
        source: the kustomization file and the field, for messages.
        folder: where the kustomization stands.

    Raises:
        ManifestError: the entry cannot be read, or its name is taken or unknown.
    """
    known(entry, _FIELDS | ({"type"} if kind == "Secret" else set()), source)
    text(entry.get("name"), f"{source}.name")
    options = _options(entry, defaults, source)
    item = Item(_body(kind, entry, options, source, folder), hashed=not options.get("disableNameSuffixHash"))
    behavior = entry.get("behavior", "create")
    if behavior == "create":
        items.add(item, source)
    elif behavior in ("merge", "replace"):
        _change(items, item, behavior, source)
    else:
        raise ManifestError(f"{source}: behavior {behavior} is not known; use create, merge or replace")


def add_hash(item: Item) -> None:
    """End a generated object's name with the hash of its content."""
    item.remember()
    item.body["metadata"]["name"] += f"-{content_hash(item.body)}"


def content_hash(body: Object) -> str:
    """Return kustomize's hash of a ConfigMap or Secret: ten letters and digits that spell no word."""
    # kustomize leaves the name in this text empty.
    content = {"kind": body["kind"], "name": "", "data": body.get("data", "")}
    if body["kind"] == "Secret":
        content["type"] = body.get("type", "")
    optional = "stringData" if body["kind"] == "Secret" else "binaryData"
    if optional in body:
        content[optional] = body[optional]
    encoded = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    # As Go's encoder writes it, which is made for pages of HTML.
    for special in "<>&\u2028\u2029":
        encoded = encoded.replace(special, f"\\u{ord(special):04x}")
    digest = hashlib.sha256(encoded.encode()).hexdigest()[:10]
    return digest.translate(str.maketrans("013ae", "ghkmt"))


def _options(entry: Object, defaults: Object, source: str) -> Object:
    own = known(entry.get("options") or {}, _OPTIONS, f"{source}.options")
    options = {**defaults, **own}
    for name in ("labels", "annotations"):
        both = {**(defaults.get(name) or {}), **(own.get(name) or {})}
        options[name] = both
    return options


def _body(kind: str, entry: Object, options: Object, source: str, folder: Path) -> Object:
    body: Object = {"apiVersion": "v1", "kind": kind, "metadata": {"name": entry["name"]}}
    if entry.get("namespace"):
        body["metadata"]["namespace"] = entry["namespace"]
    for name in ("labels", "annotations"):
        if options[name]:
            body["metadata"][name] = dict(options[name])
    if kind == "Secret":
        body["type"] = entry.get("type", "Opaque")
    if options.get("immutable"):
        body["immutable"] = True
    for key, value in _values(entry, source, folder):
        _set(body, key, value, source)
    return body


def _set(body: Object, key: str, value: bytes, source: str) -> None:
    if key in body.get("data", {}) or key in body.get("binaryData", {}):
        raise ManifestError(f"{source}: key {key} is given twice")
    encoded = base64.b64encode(value).decode()
    if body["kind"] == "Secret":
        mapping(body, "data")[key] = encoded
        return
    try:
        mapping(body, "data")[key] = value.decode()
    except UnicodeDecodeError:
        mapping(body, "binaryData")[key] = encoded


def _values(entry: Object, source: str, folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in [*entries(entry.get("envs"), f"{source}.envs"), *([entry["env"]] if "env" in entry else [])]:
        yield from _env_file(folder / text(path, f"{source}.envs"))
    for spec in entries(entry.get("files"), f"{source}.files"):
        key, equals, path = text(spec, f"{source}.files").partition("=")
        yield _file(key if equals else Path(spec).name, folder / (path if equals else spec))
    for literal in entries(entry.get("literals"), f"{source}.literals"):
        key, equals, value = str(literal).partition("=")
        if not equals or not key:
            raise ManifestError(f"{source}.literals: {literal!r} is not of the form key=value")
        yield key, _unquoted(value).encode()


def _file(key: str, path: Path) -> tuple[str, bytes]:
    try:
        return key, path.read_bytes()
    except OSError as error:
        raise ManifestError(f"{path}: {error.strerror or error}") from None


def _env_file(path: Path) -> Iterator[tuple[str, bytes]]:
    for number, line in enumerate(read_text(path).splitlines(), 1):
        setting = line.lstrip()
        if not setting or setting.startswith("#"):
            continue
        key, equals, value = setting.partition("=")
        if not equals or not key.strip():
            # kustomize would take the value from the environment of whoever builds: not the same everywhere.
            raise ManifestError(f"{path}:{number}: {setting!r} is not of the form KEY=value")
        yield key, value.encode()


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1] if quoted else value


def _change(items: Items, item: Item, behavior: str, source: str) -> None:
    """Lay a generated object over the one of the same name."""
    wanted = Id("", item.kind, item.body["metadata"].get("namespace", ""), item.name)
    found = items.called(wanted)
    if len(found) != 1:
        raise ManifestError(f"{source}: behavior {behavior} needs one {item.kind} {item.name}; there are {len(found)}")
    old, new = found[0].body, item.body
    if behavior == "replace" and "type" in new:
        old["type"] = new["type"]
    for name in ("data", "binaryData"):
        both = {**(old.pop(name, None) or {} if behavior == "merge" else {}), **(new.get(name) or {})}
        old.pop(name, None)
        if both:
            old[name] = both
    for name in ("labels", "annotations"):
        both = {**(old["metadata"].get(name) or {}), **(new["metadata"].get(name) or {})}
        if both:
            old["metadata"][name] = both
    if new.get("immutable"):
        old["immutable"] = True
    found[0].hashed = found[0].hashed and item.hashed
