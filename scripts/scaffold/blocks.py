"""Where a shared file has an entry for `user`, another service gets one beside it; comments and format stay.

An entry is a line that names the service, with all that is indented below it; entries of one service that follow each
other are one. It is put behind those of the services that follow. In a list of names in brackets the name is an item.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scaffold.names import Names

_LIST = re.compile(r"(?<=\[)[^\[\]{}]*(?=\])")
Translate = Callable[[str], str]


@dataclass(frozen=True)
class _Entry:
    service: str
    start: int
    end: int
    indent: int


def add(text: str, source: str, names: Names, services: Sequence[str], translate: Translate) -> str:
    """Return a shared file with an entry for another service wherever there is one for the source.

    Args:
        text: the file.
        source: the service whose entries are the model.
        names: the new service.
        services: all that are there.
        translate: from the source's words to the new service's.
    """
    lines = [_listed(line, source, names, services, translate) for line in text.splitlines(keepends=True)]
    entries = _entries(lines, services)
    for number, entry in reversed(list(enumerate(entries))):
        if entry.service == source:
            end, gap = _place(lines, entries[number:])
            new = [translate(line) for line in lines[entry.start : entry.end]]
            lines[end:end] = [*gap, *new]
    return "".join(lines)


def remove(text: str, names: Names, services: Sequence[str]) -> str:
    """Return a shared file without the entries of a service.

    Args:
        text: the file.
        names: the service.
        services: all that are there, it among them.
    """
    lines = [_unlisted(line, names) for line in text.splitlines(keepends=True)]
    for entry in reversed(_entries(lines, services)):
        if entry.service == names.kebab:
            start = entry.start - _stands_apart(lines, entry)
            del lines[start : entry.end]
    return "".join(lines)


def names_service(line: str, services: Sequence[str]) -> str:
    """Return the service that a line names first, empty if it names none."""
    code = re.sub(r"(^|\s)(#|--\s).*", "", line)
    forms = {form: name for name in services for form in _forms(name)}
    either = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
    found = re.search(rf"(?<![A-Za-z0-9])({either})(?![A-Za-z0-9])", code)
    return forms[found[1]] if found else ""


def _forms(name: str) -> tuple[str, ...]:
    names = Names(name)
    return names.kebab, names.snake, names.constant


def _entries(lines: Sequence[str], services: Sequence[str]) -> list[_Entry]:
    found: list[_Entry] = []
    number = 0
    while number < len(lines):
        service = "" if _items(lines[number], services) else names_service(lines[number], services)
        end = _end(lines, number) if service else number + 1
        if service:
            new = _Entry(service, number, end, _indent(lines[number]))
            last = found[-1] if found else None
            if last and (last.service, last.end, last.indent) == (service, number, new.indent):
                new = _Entry(service, found.pop().start, end, new.indent)
            found.append(new)
        number = end
    return found


def _end(lines: Sequence[str], number: int) -> int:
    """Return the line after an entry: the first that is not indented below its head."""
    end = number + 1
    while end < len(lines) and lines[end].strip() and _indent(lines[end]) > _indent(lines[number]):
        end += 1
    return end


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _place(lines: Sequence[str], entries: Sequence[_Entry]) -> tuple[int, list[str]]:
    """Return behind which line an entry's like comes, and the blank lines that it keeps from those before it."""
    model, *others = entries
    end, gap = model.end, 0
    for other in others:
        between = lines[end : other.start]
        if other.service == model.service or other.indent != model.indent or any(line.strip() for line in between):
            break
        end, gap = other.end, len(between)
    return end, ["\n"] * gap


def _stands_apart(lines: Sequence[str], entry: _Entry) -> bool:
    """Tell whether blank lines are around an entry, of which one goes with it."""
    before = entry.start > 0 and not lines[entry.start - 1].strip()
    return before and (entry.end == len(lines) or not lines[entry.end].strip())


def _items(line: str, services: Sequence[str]) -> bool:
    found = (item for items in _LIST.findall(line) for item in items.split(", "))
    return any(_of(item, services) for item in found)


def _of(item: str, services: Sequence[str]) -> str:
    """Return the service that an item of a list is, or whose folder it is; empty if it is none's."""
    last = item.strip('"').rpartition("/")[2]
    return next((name for name in services if last in _forms(name)), "")


def _listed(line: str, source: str, names: Names, services: Sequence[str], translate: Translate) -> str:
    """Return a line with the name in its lists, behind the last of the services in each."""

    def append(found: re.Match[str]) -> str:
        items = found[0].split(", ")
        own = [number for number, item in enumerate(items) if _of(item, services)]
        model = next((item for item in items if _of(item, services) == source), "")
        if not model:
            return found[0]
        # In quotes it is a package of Python.
        new = f'"{names.snake}"' if model == f'"{source}"' else translate(model)
        return ", ".join([*items[: own[-1] + 1], new, *items[own[-1] + 1 :]])

    return _LIST.sub(append, line)


def _unlisted(line: str, names: Names) -> str:
    def drop(found: re.Match[str]) -> str:
        return ", ".join(item for item in found[0].split(", ") if not _of(item, [names.kebab]))

    return _LIST.sub(drop, line)
