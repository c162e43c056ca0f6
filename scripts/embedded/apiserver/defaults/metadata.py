"""Rules for names, labels, annotations and owners: the same for every kind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from embedded.apiserver.resources import NAMESPACES, SERVICES, Resource

Problem = tuple[str, str]

_LABEL_FORM = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
_LETTER_FIRST_FORM = re.compile(r"^[a-z]([-a-z0-9]*[a-z0-9])?$")
_SUBDOMAIN_FORM = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")
_QUALIFIED_FORM = re.compile(r"^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$")
_ANNOTATIONS_LIMIT = 256 * 1024
_MAX_LABEL = 63
_MAX_NAME = 253

LABEL_RULE = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with"
    " an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is"
    " '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_LETTER_FIRST_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character,"
    " and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is"
    " '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'example.com', regex used for validation is"
    " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and"
    " end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is"
    " '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_KEY_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric"
    " character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is"
    " '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)


def problems(resource: Resource, body: dict[str, Any]) -> Iterator[Problem]:
    """Find what is wrong with an object's metadata."""
    meta = body["metadata"]
    yield from _name_problems(resource, str(meta.get("name", "")))
    yield from label_problems(meta.get("labels") or {}, "metadata.labels")
    yield from _annotation_problems(meta.get("annotations") or {})
    for at, owner in enumerate(meta.get("ownerReferences") or ()):
        for key in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(key):
                yield f"metadata.ownerReferences[{at}].{key}", "Required value: must not be empty"


def is_label(text: str) -> bool:
    """Tell whether a text is an RFC 1123 label."""
    return len(text) <= _MAX_LABEL and bool(_LABEL_FORM.match(text))


def label_problems(labels: dict[str, Any], path: str) -> Iterator[Problem]:
    """Find what is wrong with a map of labels."""
    for key, value in labels.items():
        yield from _key_problems(key, path)
        if not isinstance(value, str):
            yield path, f"Invalid value: {json.dumps(value)}: the value of label {key!r} must be a string"
        elif len(value) > _MAX_LABEL:
            yield path, f'Invalid value: "{value}": must be no more than 63 bytes'
        elif value and not _QUALIFIED_FORM.match(value):
            yield path, f'Invalid value: "{value}": {_VALUE_RULE}'


def _name_problems(resource: Resource, name: str) -> Iterator[Problem]:
    if resource == NAMESPACES:
        fits, limit, rule = _LABEL_FORM, _MAX_LABEL, LABEL_RULE
    elif resource == SERVICES:
        fits, limit, rule = _LETTER_FIRST_FORM, _MAX_LABEL, _LETTER_FIRST_RULE
    else:
        fits, limit, rule = _SUBDOMAIN_FORM, _MAX_NAME, _SUBDOMAIN_RULE
    if not name:
        yield "metadata.name", "Required value: name or generateName is required"
    elif not fits.match(name):
        yield "metadata.name", f'Invalid value: "{name}": {rule}'
    elif len(name) > limit:
        yield "metadata.name", f'Invalid value: "{name}": must be no more than {limit} characters'


def _key_problems(key: str, path: str) -> Iterator[Problem]:
    prefix, slash, name = key.rpartition("/")
    if slash and not (_SUBDOMAIN_FORM.match(prefix) and len(prefix) <= _MAX_NAME):
        yield path, f'Invalid value: "{key}": prefix part {_SUBDOMAIN_RULE}'
    if not _QUALIFIED_FORM.match(name):
        yield path, f'Invalid value: "{key}": {_KEY_RULE}'
    elif len(name) > _MAX_LABEL:
        yield path, f'Invalid value: "{key}": name part must be no more than 63 bytes'


def _annotation_problems(annotations: dict[str, Any]) -> Iterator[Problem]:
    size = 0
    for key, value in annotations.items():
        yield from _key_problems(key.lower(), "metadata.annotations")
        size += len(key) + len(str(value))
    if size > _ANNOTATIONS_LIMIT:
        yield "metadata.annotations", f"Too long: may not be more than {_ANNOTATIONS_LIMIT} bytes"
