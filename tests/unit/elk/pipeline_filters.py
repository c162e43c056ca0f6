"""Carries out the filters of a pipeline on one event, as Logstash does, as far as this project's pipeline uses them.

Every filter and every setting that is not listed here is refused. The order of what one ``mutate`` does is Logstash's
and not that of the file: rename, replace, gsub, lowercase, and last what all filters can do.
"""

import datetime
import json
import re

from tests.unit.elk.pipeline_config import UnknownConstructError

# The one form in which the pipeline may use Ruby.
TIMES = re.compile(r"event\.set\('([^']+)', \(event\.get\('([^']+)'\) \* (\d+)\)\.round\)")
REFERENCE = re.compile(r"%\{([^}]+)\}")
COMMON = {"add_field", "remove_field", "add_tag"}
MUTATIONS = ("rename", "replace", "gsub", "lowercase")
SETTINGS = {
    "json": {"source", "target", "tag_on_failure"},
    "date": {"match", "tag_on_failure"},
    "ruby": {"code"},
    "mutate": set(MUTATIONS),
}


def run(statements, event):
    """Carry out statements on an event, which is changed."""
    for statement in statements:
        if statement[0] == "plugin":
            _filter(statement[1], statement[2], event)
            continue
        for condition, inner in statement[1]:
            if condition is None or holds(condition, event):
                run(inner, event)
                break
    return event


def holds(condition, event):
    """Tell whether a condition holds for an event."""
    kind = condition[0]
    if kind in ("and", "or"):
        return (all if kind == "and" else any)(holds(part, event) for part in condition[1])
    if kind == "not":
        return not holds(condition[1], event)
    left = _operand(condition[1], event)
    if kind == "truthy":
        return left is not None and str(left).lower() not in ("", "false")
    right = _operand(condition[2], event)
    if kind == "==":
        return left == right
    if left is None or right is None:
        return False
    if kind == ">=":
        return left >= right
    return str(left) in [str(each) for each in right] if isinstance(right, list) else str(left) in right


def _operand(operand, event):
    kind, value = operand
    return get(event, value) if kind == "field" else value


def _filter(name, settings, event):
    unknown = set(settings) - SETTINGS.get(name, set()) - COMMON
    if name not in SETTINGS or unknown:
        raise UnknownConstructError(f"{name} with {', '.join(sorted(unknown)) or 'any setting'} is not understood here")
    if FILTERS[name](settings, event):
        _common(settings, event)


def _json(settings, event):
    try:
        parsed = json.loads(get(event, settings["source"]))
    except ValueError:
        _tag(event, settings["tag_on_failure"])
        return False
    put(event, settings["target"], parsed)
    return True


def _date(settings, event):
    field, form = settings["match"]
    if form != "ISO8601":
        raise UnknownConstructError(f"date {form}")
    text = get(event, field)
    if text is None:
        return False
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError:
        _tag(event, settings["tag_on_failure"])
        return False
    event["@timestamp"] = time.astimezone(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return True


def _ruby(settings, event):
    found = TIMES.fullmatch(settings["code"])
    if not found:
        raise UnknownConstructError(f"Ruby other than a multiplication: {settings['code']}")
    target, source, factor = found.groups()
    put(event, target, round(get(event, source) * int(factor)))
    return True


def _mutate(settings, event):
    for old, new in settings.get("rename", {}).items():
        if has(event, old):
            put(event, new, remove(event, old))
    for field, value in settings.get("replace", {}).items():
        put(event, field, sprintf(event, value))
    gsub = settings.get("gsub", [])
    for field, pattern, instead in zip(gsub[::3], gsub[1::3], gsub[2::3], strict=True):
        if isinstance(get(event, field), str):
            put(event, field, re.sub(pattern, instead, get(event, field)))
    for field in settings.get("lowercase", []):
        if isinstance(get(event, field), str):
            put(event, field, get(event, field).lower())
    return True


def _common(settings, event):
    for field, value in settings.get("add_field", {}).items():
        value, old = sprintf(event, value), get(event, field)
        put(event, field, value if old is None else [*(old if isinstance(old, list) else [old]), value])
    for field in settings.get("remove_field", []):
        remove(event, field)
    _tag(event, settings.get("add_tag", []))


FILTERS = {"json": _json, "date": _date, "ruby": _ruby, "mutate": _mutate}


def _tag(event, tags):
    event.setdefault("tags", [])
    event["tags"] += [tag for tag in tags if tag not in event["tags"]]
    if not event["tags"]:
        del event["tags"]


def path(field):
    """Return the keys of ``[a][b]`` or ``a``."""
    return re.findall(r"\[([^\[\]]+)\]", field) or [field]


def get(event, field):
    """Return what a field holds, or None."""
    for key in path(field):
        event = event.get(key) if isinstance(event, dict) else None
    return event


def has(event, field):
    *outer, last = path(field)
    for key in outer:
        event = event.get(key) if isinstance(event, dict) else None
    return isinstance(event, dict) and last in event


def put(event, field, value):
    """Set a field, with all that is above it."""
    *outer, last = path(field)
    for key in outer:
        event = event.setdefault(key, {})
    event[last] = value


def remove(event, field):
    """Take a field away and return what it held."""
    *outer, last = path(field)
    for key in outer:
        event = event.get(key) if isinstance(event, dict) else None
    return event.pop(last, None) if isinstance(event, dict) else None


def sprintf(event, text):
    """Fill in ``%{field}``; what is not there stays as it is written."""

    def fill(found):
        value = get(event, found[1])
        return found[0] if value is None else str(value)

    return REFERENCE.sub(fill, text)
