"""What a release had to bear from the drill, in plain sentences: its deaths, and an API server in trouble."""

from __future__ import annotations

from typing import Any

from drills.html.words import seconds

_AT = {
    "kill": "its process was killed, at {detail}",
    "resume": "another process went on with it",
    "take back": "another process was to take it back",
}
_MEANWHILE = {
    "refuse": "the API server now and then refused {detail}",
    "cut": "connections were cut at {detail}",
    "ignore": "the API server left {detail} without an answer",
}


def blow(step: dict[str, Any]) -> str:
    """Return the sentence for a step of which a drill was the cause."""
    at, name = seconds(step["started_s"]), step["name"]
    if name in _AT:
        return f"At {at} {_AT[name].format(**step)}."
    return f"From {at} to {seconds(step['finished_s'])} {_MEANWHILE[name].format(**step)}."
