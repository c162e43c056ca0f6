"""Which parts of a Python file are sentences: comments, docstrings and other strings of several words."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator

_BEGINS, _ENDS = (getattr(tokenize, f"FSTRING_{name}", -1) for name in ("START", "END"))


def prose(text: str) -> Iterator[tuple[str, bool]]:
    """Yield a file's text in parts, each with whether it is a sentence."""
    lines = [0]
    for line in text.splitlines(keepends=True):
        lines.append(lines[-1] + len(line))
    done = 0
    for begin, end in _strings(text):
        start, stop = lines[begin[0] - 1] + begin[1], lines[end[0] - 1] + end[1]
        if " " in text[start:stop].strip("\"' "):
            yield text[done:start], False
            yield text[start:stop], True
            done = stop
    yield text[done:], False


def _strings(text: str) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield where comments and strings begin and end; an f-string is one from Python 3.12 on, whatever is in it."""
    depth, opened = 0, (0, 0)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == _BEGINS:
            depth, opened = depth + 1, opened if depth else token.start
        elif token.type == _ENDS:
            depth -= 1
            if not depth:
                yield opened, token.end
        elif not depth and token.type in (tokenize.STRING, tokenize.COMMENT):
            yield token.start, token.end
