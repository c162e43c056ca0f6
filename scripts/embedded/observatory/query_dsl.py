"""Elasticsearch's query language, as far as the logs of a drill need it, as the condition of an SQL statement."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from embedded.observatory import fields

Object = dict[str, Any]
_RANGE = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_BOOL = ("filter", "must", "must_not", "should")
_WORD = re.compile(r"\w+")


class QueryError(Exception):
    """A query that is wrong, or that the observatory has no words for.

    Args:
        kind: Elasticsearch's name for what is wrong.
        reason: what exactly.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


Condition = tuple[str, list[Any]]


def condition(query: Any) -> Condition:
    """Return what a query asks for as SQL with its values.

    Raises:
        QueryError: it asks for what the observatory does not have.
    """
    name, content = _only(query, "query")
    if name not in _CLAUSES:
        raise QueryError("parsing_exception", f"query [{name}] is not supported: {', '.join(_CLAUSES)} are")
    return _CLAUSES[name](content)


def _only(holder: Any, what: str) -> tuple[str, Any]:
    if not isinstance(holder, dict) or len(holder) != 1:
        raise QueryError("parsing_exception", f"a {what} has exactly one name with its content, not {holder!r}")
    return next(iter(holder.items()))


def _bool(content: Any) -> Condition:
    if not isinstance(content, dict) or not set(content) <= {*_BOOL, "minimum_should_match"}:
        raise QueryError("parsing_exception", f"[bool] has {', '.join(_BOOL)}, not {content!r}")
    if content.get("minimum_should_match", 1) != 1:
        raise QueryError("parsing_exception", "[bool] minimum_should_match is not supported but for 1")
    parts = [_joined(content[name], " AND ") for name in ("filter", "must") if content.get(name)]
    if content.get("must_not"):
        unwanted, values = _joined(content["must_not"], " OR ")
        parts.append((f"NOT coalesce(({unwanted}), 0)", values))
    if content.get("should") and ("minimum_should_match" in content or not parts):
        parts.append(_joined(content["should"], " OR "))
    return _and(parts)


def _joined(clauses: Any, operator: str) -> Condition:
    found = [condition(clause) for clause in (clauses if isinstance(clauses, list) else [clauses])]
    return operator.join(f"({text})" for text, _ in found), [value for _, values in found for value in values]


def _and(parts: Iterable[Condition]) -> Condition:
    found = list(parts)
    return " AND ".join(f"({text})" for text, _ in found) or "1", [value for _, values in found for value in values]


def _term(content: Any) -> Condition:
    field, wanted = _only(content, "[term]")
    value = wanted.get("value") if isinstance(wanted, dict) else wanted
    return f"{_exact(field)} = ?", [_value(field, value)]


def _terms(content: Any) -> Condition:
    field, wanted = _only(content, "[terms]")
    if not isinstance(wanted, list):
        raise QueryError("parsing_exception", "[terms] needs a list of values")
    return f"{_exact(field)} IN ({', '.join('?' * len(wanted))})", [_value(field, value) for value in wanted]


def _range(content: Any) -> Condition:
    field, bounds = _only(content, "[range]")
    if not isinstance(bounds, dict) or not set(bounds) <= set(_RANGE):
        raise QueryError("parsing_exception", f"[range] has {', '.join(_RANGE)}, not {bounds!r}")
    return _and((f"{_exact(field)} {_RANGE[name]} ?", [_value(field, bound)]) for name, bound in bounds.items())


def _match(content: Any) -> Condition:
    field, wanted = _only(content, "[match]")
    options = wanted if isinstance(wanted, dict) else {"query": wanted}
    if not set(options) <= {"query", "operator"}:
        raise QueryError("parsing_exception", f"[match] has query and operator, not {wanted!r}")
    if field != "message":
        return f"{_exact(field)} = ?", [_value(field, options.get("query"))]
    operator = " AND " if str(options.get("operator", "or")).lower() == "and" else " OR "
    words = [_said(word) for word in _WORD.findall(str(options.get("query")))]
    return operator.join(text for text, _ in words) or "0", [value for _, values in words for value in values]


def _match_phrase(content: Any) -> Condition:
    field, wanted = _only(content, "[match_phrase]")
    options = wanted if isinstance(wanted, dict) else {"query": wanted}
    if set(options) != {"query"}:
        raise QueryError("parsing_exception", f"[match_phrase] has query alone, not {wanted!r}")
    if field != "message":
        return _match({field: options})
    return _said(str(options["query"]))


def _said(phrase: str) -> Condition:
    """Return that a message has these words; SQLite itself passes over most of those that have not."""
    longest = max(_WORD.findall(phrase), key=len, default="")
    if not longest.isascii():
        return "has_words(message, ?)", [phrase]
    return "message LIKE ? AND has_words(message, ?)", [f"%{longest}%", phrase]


def _exists(content: Any) -> Condition:
    name, field = _only(content, "[exists]")
    if name != "field":
        raise QueryError("parsing_exception", f"[exists] has field, not {name}")
    return f"{_exact(field)} <> ''", []


def _match_all(content: Any) -> Condition:
    if content != {}:
        raise QueryError("parsing_exception", "[match_all] is supported without anything in it")
    return "1", []


_CLAUSES = {
    "bool": _bool,
    "term": _term,
    "terms": _terms,
    "range": _range,
    "match": _match,
    "match_phrase": _match_phrase,
    "match_all": _match_all,
    "exists": _exists,
}


def _exact(field: str) -> str:
    if (found := fields.column(field)) is None:
        raise QueryError("query_shard_exception", f"field [{field}] is not kept: {', '.join(fields.COLUMNS)} are")
    return found


def _value(field: str, value: Any) -> Any:
    if isinstance(value, dict | list) or value is None:
        raise QueryError("parsing_exception", f"field [{field}] needs one value, not {value!r}")
    try:
        if field == fields.TIME:
            return fields.microseconds(value)
        return float(value) if field in fields.NUMBERS else _text(value)
    except ValueError as error:
        raise QueryError("parse_exception", f"failed to parse [{field}]: {error}") from error


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def has_words(message: str | None, phrase: str) -> bool:
    """Tell whether a message has some words one after the other; an SQL function."""
    words = _WORD.findall(phrase.lower())
    present = _WORD.findall((message or "").lower())
    return any(present[at : at + len(words)] == words for at in range(len(present) - len(words) + 1))
