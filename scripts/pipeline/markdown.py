"""Tables of Markdown, in which nothing that was measured or written elsewhere can become markup."""

from __future__ import annotations

import re
from collections.abc import Sequence

_MARKUP = re.compile(r"([\\`*_\[\]<>|#~&!])")
LONGEST = 300


def escaped(value: object) -> str:
    """Return a value as plain text on one line, cut off where it gets too long to read."""
    text = " ".join(str(value).split())
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return _MARKUP.sub(r"\\\1", text)


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return a table, line by line."""
    lines = [list(heads), ["---"] * len(heads), *([escaped(cell) for cell in row] for row in rows)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def section(title: str, lines: Sequence[str]) -> list[str]:
    """Return lines under a heading, nothing where there are none."""
    return [f"### {title}", "", *lines, ""] if lines else []
