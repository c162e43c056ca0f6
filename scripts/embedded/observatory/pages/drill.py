"""The drill that runs, or the last one, from what it told: its steps, its judgements and its verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from embedded.observatory.cluster_source import Object

# What every drill begins with and ends with.
_FIRST_STEP, _END = "step:stage", "end"


def latest(annotations: Iterable[Object]) -> Object | None:
    """Return the latest drill, None if none has told anything.

    Args:
        annotations: what drills have told, in the form of Grafana's API, in any order.
    """
    told = [each for each in annotations if _value(each, "drill:")]
    run = _last_run(sorted(told, key=lambda each: (int(each["time"]), int(each.get("id", 0)))))
    return _drill(run) if run else None


def _last_run(told: Sequence[Object]) -> list[Object]:
    """Return what belongs to the last run: from its first step to its end, and nothing of another drill."""
    run: list[Object] = []
    for each in told:
        begins = _FIRST_STEP in each["tags"] or not run or _END in run[-1]["tags"]
        other = bool(run) and _value(each, "drill:") != _value(run[-1], "drill:")
        run = [each] if begins or other else [*run, each]
    return run


def _drill(run: Sequence[Object]) -> Object:
    end = run[-1] if _END in run[-1]["tags"] else None
    return {
        "name": _value(run[0], "drill:"),
        "service": next(filter(None, (_value(each, "service:") for each in run)), ""),
        "started": run[0]["time"] / 1000,
        "ended": end["time"] / 1000 if end else None,
        "verdict": _value(end, "verdict:") if end else "",
        "outcome": _value(end, "outcome:") if end else "",
        "text": _text(end, _value(end, "verdict:")) if end else "",
        "steps": [_step(each) for each in run if _value(each, "step:")],
        "judgements": [_judgement(each) for each in run if "judgement" in each["tags"]],
    }


def _step(told: Object) -> Object:
    name, weight, ended = _value(told, "step:"), _value(told, "weight:"), told.get("timeEnd") or 0
    return {
        "name": name,
        "text": _text(told, name),
        "weight": int(weight) if weight.isdecimal() else None,
        "started": told["time"] / 1000,
        # Grafana repeats the start as the end of what has no end yet.
        "ended": ended / 1000 if ended > told["time"] else None,
    }


def _judgement(told: Object) -> Object:
    verdict = _value(told, "verdict:")
    return {"at": told["time"] / 1000, "verdict": verdict, "text": _text(told, verdict)}


def _text(told: Object, said: str) -> str:
    """Return the text without what the page says beside it anyway."""
    return str(told.get("text") or "").replace(f"{said}: ", "", 1)


def _value(told: Object, prefix: str) -> str:
    return next((str(tag)[len(prefix) :] for tag in told["tags"] if str(tag).startswith(prefix)), "")
