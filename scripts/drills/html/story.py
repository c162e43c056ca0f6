"""A drill told in plain sentences, from its data, for somebody who was not there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from drills.html.blows import blow
from drills.html.run import Run
from drills.html.words import count, seconds, unbroken
from drills.twins import PROMOTED
from drills.verdict import PASSED

JUDGED = {
    "Passed": "the judge saw no harm",
    "Failed": "the judge found the new version bad",
    "Inconclusive": "the judge could not tell",
}


def story(run: Run) -> list[str]:
    """Return the sentences in order of time."""
    told = list(_before(run))
    exposed: dict[str, Any] | None = None
    for step in run.report["steps"]:
        exposed = step if step["name"] in ("verify", "shift", "switch") else exposed
        told += _step(run, step)
        told += [_judgement(said, exposed) for said in _judged_in(run, step)]
    return [unbroken(sentence) for sentence in (*told, *_cost(run), *_after(run))]


def _before(run: Run) -> Iterator[str]:
    begun = _first(run, "start")
    before = [one for one in run.requests if begun is None or one.at_s < begun["started_s"]]
    if not before:
        yield "No user was seen before the release."
        return
    failed = sum(bool(one.error) for one in before)
    who = f"{run.stable} answered alone" if run.stable else "nobody knew which version answers"
    yield f"Before the release {who}: {count(len(before), 'request')}, {failed or 'none'} failed."


def _step(run: Run, step: dict[str, Any]) -> Iterator[str]:
    at, took = seconds(step["started_s"]), _took(step)
    match step["name"]:
        case "start" if _next(run, step) == "abort":
            yield f"At {at} the new version was started; it was not ready within {took}."
        case "start":
            yield f"At {at} the new version was started beside it, where no user was; {took} later it was ready."
        case "verify":
            yield f"At {at} smoke requests were sent to it, but no users yet."
        case "shift":
            yield f"At {at} it got {step['detail'].replace(' of the users to the canary', '')} of the users."
        case "switch":
            yield f"At {at} all users were sent to it."
        case "abort":
            yield _abort(run, step)
        case "trouble":
            yield f"At {at} {step['detail']}."
        case "kill" | "resume" | "take back" | "refuse" | "cut" | "ignore":
            yield blow(step)
        case "promote":
            yield f"At {at} it was promoted; {took} later {run.new} was the only version."


def _abort(run: Run, step: dict[str, Any]) -> str:
    if _next(run, step, -1) == "start":
        return f"So it was rolled back before it had a user: {step['detail']}."
    since = run.report["time_to_roll_back_s"]
    took = _took(step) if since is None else seconds(since)
    return f"So it was rolled back; {took} later all users were on {run.stable or 'the stable version'} again."


def _judged_in(run: Run, step: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the judgements that a step came to."""
    end = run.end_s if step["finished_s"] is None else step["finished_s"]
    judging = step["name"] in ("verify", "analysis")
    return [said for said in run.report["judgements"] if judging and step["started_s"] <= said["at_s"] <= end + 0.001]


def _judgement(said: dict[str, Any], exposed: dict[str, Any] | None) -> str:
    since = seconds(said["at_s"] - (exposed or said)["started_s"]) if exposed else seconds(said["at_s"])
    reason = "" if said["verdict"] == PASSED else f": {said['reason']}"
    return f"After {since} {JUDGED[said['verdict']]}{reason}."


def _cost(run: Run) -> Iterator[str]:
    harm, limit = run.report["harm"], run.report["slo"]["threshold_ms"]
    if _first(run, "start") is None:
        yield "No release took place."
    elif harm["requests"]:
        what = f"they failed, or {run.new} answered them later than {limit:g} ms"
        were = "request was" if harm["requests"] == 1 else "requests were"
        limited = run.report["twin"] != "sound"
        yield f"{harm['requests']:,} {were} hurt ({what})" + (
            f"; at most {harm['allowed']:.0f} may be." if limited else "."
        )
    else:
        yield "Not one request was hurt by the release."


def _after(run: Run) -> Iterator[str]:
    ended = _first(run, "promote") or _first(run, "abort")
    if ended is None or ended["finished_s"] is None:
        return
    after = [one for one in run.requests if one.at_s >= ended["finished_s"]]
    failed = sum(bool(one.error) for one in after)
    end = "the promotion" if run.report["outcome"] == PROMOTED else "that"
    if after:
        yield f"Of {count(len(after), 'request')} after {end}, {failed or 'none'} failed."


def _first(run: Run, name: str) -> dict[str, Any] | None:
    return next((step for step in run.report["steps"] if step["name"] == name), None)


def _next(run: Run, step: dict[str, Any], by: int = 1) -> str:
    """Return the name of the step after one (or before it), empty if there is none."""
    steps = run.report["steps"]
    place = steps.index(step) + by
    return str(steps[place]["name"]) if 0 <= place < len(steps) else ""


def _took(step: dict[str, Any]) -> str:
    return "an unknown time" if step["finished_s"] is None else seconds(step["finished_s"] - step["started_s"])
