"""The page that says what the embedded cluster covers: ``python -m embedded.coverage`` writes it from the code."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterable
from pathlib import Path

import embedded
from embedded.apiserver import discovery, gaps, schemas
from embedded.apiserver.resources import BUILT_IN, ISTIO, Resource

PAGE = Path(__file__).resolve().parents[2] / "docs" / "embedded-coverage.md"
_HEADINGS = {
    "apiserver": "API server",
    "controllers": "Controllers",
    "kubelet": "Kubelet, scheduler and network",
    "mesh": "Mesh",
    "observatory": "Observatory",
}
_INTRODUCTION = """\
<!-- Written by `python -m embedded.coverage`; do not edit. -->
# What the embedded cluster covers

The embedded cluster is to Kubernetes what SQLite is to a database server: for one machine. This page says what of
Kubernetes and Istio it does. What it does not do it refuses with `501 Not Implemented` and the name of the gap, or
names in an event of the object; nothing is ignored in silence.
"""


def render() -> str:
    """Return the text of the page."""
    parts = [_INTRODUCTION, _kinds("Kubernetes' kinds", BUILT_IN), _kinds("Istio's kinds", ISTIO), _gaps()]
    parts += [_features(name) for name in _contributors()]
    return "\n".join(parts)


def _kinds(heading: str, resources: Iterable[Resource]) -> str:
    rows = [
        (
            f"`{resource.kind}`",
            f"`{resource.api_version}`",
            ", ".join(f"`{name}`" for name in discovery.subresources_of(resource)),
            "yes" if schemas.type_of(resource) else "no",
        )
        for resource in resources
    ]
    verbs = ", ".join(discovery.VERBS)
    text = f"All kinds have the verbs {verbs}.\n"
    return f"## {heading}\n\n{text}\n" + _table(("kind", "version", "subresources", "fields checked"), rows)


def _gaps() -> str:
    rows = [(f"`{group or 'core'}`", ", ".join(plurals)) for group, plurals in gaps.KINDS.items()]
    below = [f"`{plural}/{name}`" for plural, names in gaps.SUBRESOURCES.items() for name in names]
    text = "The API server answers 501 to these, and to the subresources " + ", ".join(below) + ".\n"
    return f"## Refused kinds\n\n{text}\n" + _table(("group", "kinds"), rows)


def _contributors() -> list[str]:
    """Return the parts of the cluster that say what they cover, in the order of the page."""
    parts = [part.name for part in pkgutil.iter_modules(embedded.__path__) if part.ispkg]
    found = [name for name in parts if importlib.util.find_spec(f"embedded.{name}.coverage")]
    order = list(_HEADINGS)
    return sorted(found, key=lambda name: (order.index(name) if name in order else len(order), name))


def _features(name: str) -> str:
    covered: list[tuple[str, str, str]] = importlib.import_module(f"embedded.{name}.coverage").COVERAGE
    heading = _HEADINGS.get(name, name.capitalize())
    return f"## {heading}\n\n" + _table(("feature", "state", "remark"), covered)


def _table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [" | ".join(headings), " | ".join("---" for _ in headings)]
    lines += [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(render())
