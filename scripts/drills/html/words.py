"""How figures and verdicts are said: always a symbol and a word beside the colour."""

from __future__ import annotations

import re

from drills.verdict import ERROR, FAILED, INCONCLUSIVE, PASSED

SYMBOLS = {PASSED: "✓", FAILED: "✕", INCONCLUSIVE: "?", ERROR: "!"}
OUTCOMES = {"Promoted": "promoted", "RolledBack": "rolled back", None: "no outcome"}
# What comes from outside (paths, errors, log lines) is cut there: a page is bounded whatever a service logs.
LONGEST = 400
# Keeps a number and its unit on one line.
NO_BREAK = "\u00a0"
NONE = "\u2013"
MINUS = "\u2212"


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return a text on one line, cut where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def seconds(value: float | None) -> str:
    """Return a time to a tenth, with its unit."""
    return NONE if value is None else f"{value:.1f}{NO_BREAK}s"


def milliseconds(value: float | None) -> str:
    """Return a latency with as many digits as anybody needs."""
    if value is None:
        return NONE
    return f"{value:.1f}{NO_BREAK}ms" if value < 100 else f"{value:,.0f}{NO_BREAK}ms"


def unbroken(text: str) -> str:
    """Return a text in which no line ends between a number and its unit."""
    return re.sub(r"(?<=\d) (?=(%|s|ms)(\W|$))", NO_BREAK, text)


def percent(share: float) -> str:
    """Return a share in percent, to three digits; a small one does not become 0."""
    return f"{share * 100:.3g}{NO_BREAK}%"


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
