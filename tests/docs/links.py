"""The links of the documentation: every relative one leads to a file that is there, and to a heading in it."""

import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote, urlsplit

from markdown_it import MarkdownIt

REPOSITORY = Path(__file__).resolve().parents[2]


def pages(root=REPOSITORY):
    """Return every page that people read."""
    named = [root / name for name in ("README.md", "CONTRIBUTING.md")]
    return [*(path for path in named if path.exists()), *sorted((root / "docs").rglob("*.md"))]


def broken(page):
    """Return the relative links of a page that lead nowhere, with the line of their paragraph."""
    return [
        f"{page.name}:{line}: {target}"
        for line, target in _targets(page)
        if not urlsplit(target).scheme and not _leads_somewhere(page, target)
    ]


def _targets(page):
    for token in _parsed(page):
        if token.type == "inline":
            for child in token.children:
                target = child.attrGet("href") or child.attrGet("src")
                if target:
                    yield token.map[0] + 1, target


def _leads_somewhere(page, target):
    path, _hash, anchor = unquote(target).partition("#")
    found = (page.parent / path).resolve() if path else page
    if not found.exists():
        return False
    return not anchor or (found.suffix == ".md" and anchor in anchors(found))


@cache
def anchors(page):
    """Return the anchors of a page's headings, as GitHub makes them."""
    tokens, found = _parsed(page), []
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            text = "".join(child.content for child in following.children if child.type in ("text", "code_inline"))
            slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            found.append(slug if slug not in found else f"{slug}-{sum(each.startswith(slug) for each in found)}")
    return found


@cache
def _parsed(page):
    return MarkdownIt().enable("table").parse(page.read_text())
