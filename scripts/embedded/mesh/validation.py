"""Checks one of Istio's objects before it is translated: what is wrong, and what is not supported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from embedded.apiserver.resources import DESTINATION_RULES, GATEWAYS, VIRTUAL_SERVICES
from embedded.mesh import retries, schemas
from embedded.mesh.problems import INVALID, UNSUPPORTED

Object = dict[str, Any]
# (reason, message)
Finding = tuple[str, str]

_VALIDATORS = {
    resource.kind: Draft202012Validator(schema)
    for resource, schema in (
        (GATEWAYS, schemas.GATEWAY),
        (VIRTUAL_SERVICES, schemas.VIRTUAL_SERVICE),
        (DESTINATION_RULES, schemas.DESTINATION_RULE),
    )
}
# Envoy's expressions are RE2's: no looking around and no references back.
_NOT_RE2 = re.compile(r"\(\?(=|!|<=|<!|>|\()|\\[1-9]|\(\?P=")


def check(kind: str, body: Object) -> list[Finding]:
    """Return what is wrong with a Gateway, VirtualService or DestinationRule."""
    spec = body.get("spec")
    if not isinstance(spec, dict):
        return [(INVALID, "spec: an object is required")]
    found = [finding for error in _VALIDATORS[kind].iter_errors(spec) for finding in _findings(error)]
    if not any(reason == INVALID for reason, _message in found):
        found += [(INVALID, message) for message in _SEMANTICS[kind](spec)]
    return found


def _findings(error: ValidationError) -> Iterator[Finding]:
    path = _path(["spec", *error.absolute_path])
    if error.validator != "additionalProperties":
        yield INVALID, f"{path}: {error.message}"
        return
    schema: Any = error.schema
    instance: Any = error.instance
    for name in instance:
        if name not in schema["properties"]:
            yield UNSUPPORTED, f"{path}.{name}: not supported by the embedded cluster and left out"


def _path(parts: list[Any]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")


def _virtual_service(spec: Object) -> Iterator[str]:
    yield from _expressions(spec, "spec")
    for index, route in enumerate(spec.get("http", [])):
        path = f"spec.http[{index}]"
        actions = [name for name in ("route", "redirect", "directResponse") if route.get(name)]
        if len(actions) > 1:
            yield f"{path}: only one of {' and '.join(actions)} can be given"
        destinations = route.get("route", [])
        if len(destinations) > 1 and sum(each.get("weight", 0) for each in destinations) == 0:
            yield f"{path}.route: the weights add up to 0"
        for word in retries.unknown_conditions((route.get("retries") or {}).get("retryOn", "")):
            yield f"{path}.retries.retryOn: there is no condition {word}"
        if route.get("redirect", {}).get("redirectCode", 301) not in (301, 302, 303, 307, 308):
            yield f"{path}.redirect.redirectCode: must be 301, 302, 303, 307 or 308"


def _expressions(value: Any, path: str) -> Iterator[str]:
    """Find the regular expressions that Envoy could not compile."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _expressions(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            if name == "regex" and isinstance(item, str) and (why := _bad_expression(item)):
                yield f"{path}.regex: {why}"
            yield from _expressions(item, f"{path}.{name}")


def _bad_expression(text: str) -> str | None:
    try:
        re.compile(text)
    except re.error as error:
        return f"{text!r} is no regular expression: {error}"
    return f"{text!r} uses what RE2 does not have" if _NOT_RE2.search(text) else None


def _destination_rule(spec: Object) -> Iterator[str]:
    names = [subset["name"] for subset in spec.get("subsets", [])]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"spec.subsets: {name!r} is given more than once"


def _gateway(_spec: Object) -> Iterator[str]:
    return iter(())


_SEMANTICS = {
    GATEWAYS.kind: _gateway,
    VIRTUAL_SERVICES.kind: _virtual_service,
    DESTINATION_RULES.kind: _destination_rule,
}
