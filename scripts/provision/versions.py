"""The pinned versions, as `versions.yaml` states them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("versions.yaml")


@dataclass(frozen=True)
class Pinned:
    """Where charts come from, and which version of them.

    Attributes:
        source: address of the chart repository.
        version: version of all charts that are taken from it.
    """

    source: str
    version: str


@dataclass(frozen=True)
class Versions:
    """All that is pinned.

    Attributes:
        tools: oldest version that will do, by program.
        node: image of kind's node, with its digest.
        charts: by what they install.
    """

    tools: dict[str, str]
    node: str
    charts: dict[str, Pinned]


@cache
def load() -> Versions:
    """Return what stands in the file."""
    content = yaml.safe_load(FILE.read_text())
    charts = {name: Pinned(**entry) for name, entry in content["charts"].items()}
    return Versions(content["tools"], content["node"], charts)


def numbers(text: str) -> tuple[int, ...]:
    """Return the first version in a text, as numbers that compare; none is the oldest of all."""
    match = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()
