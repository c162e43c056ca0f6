"""Which series a query of PromQL reads."""

import re
from dataclasses import dataclass

_SELECTOR = re.compile(r'(?P<name>[a-zA-Z_:][\w:]*)\s*\{(?P<filters>(?:"[^"]*"|[^{}"])*)\}')
_STRING = re.compile(r'"[^"]*"')
_LABELS = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
_DURATION = re.compile(r"\[[^\]]*\]")
_WORD = re.compile(r"(?<![\w:$.])[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:(])")
_KEYWORDS = {"and", "or", "unless", "bool", "offset"}


@dataclass(frozen=True)
class Selector:
    """A metric with its filters, as they are written."""

    name: str
    filters: str = ""


def selectors(expr):
    """Return every selector of a query; one without braces has no filters."""
    found = [Selector(match["name"], match["filters"]) for match in _SELECTOR.finditer(expr)]
    for pattern in (_SELECTOR, _STRING, _LABELS, _DURATION):
        expr = pattern.sub(" ", expr)
    return found + [Selector(word) for word in _WORD.findall(expr) if word not in _KEYWORDS]
