"""What is said at the terminal, one line for each thing that happened."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from dev.affected import Affected

# More names than this say nothing more, as after a change of branch.
SHOWN = 3
INDENT = " " * 9


def heading(paths: Iterable[PurePath], found: Affected, moment: float) -> str:
    """Return the line that says what was saved and what follows from it.

    Args:
        paths: the files.
        found: what they affect.
        moment: when the last one was saved, in seconds since the epoch.
    """
    names = sorted(map(str, paths))
    shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
    doing = [f"migration of {', '.join(found.migrated)}"] if found.migrated else []
    doing += [f"new pods for {', '.join(found.replaced)}"] if found.replaced else []
    clock = time.strftime("%H:%M:%S", time.localtime(moment))
    return f"{clock} {': '.join(filter(None, [shown, ', '.join(doing)]))}"


def answered(deployment: str, pod: str, seconds: float) -> str:
    """Return the line for the first answer of a new pod."""
    return f"{deployment}: pod {pod} answers {seconds:.2f} s after the save"


def replaced(deployment: str, pods: int, seconds: float) -> str:
    """Return the line for a Deployment that has only new pods left."""
    return f"{deployment}: {'its pod is' if pods == 1 else f'all {pods} pods are'} new {seconds:.2f} s after the save"


def crashed(pod: str, code: int, log: Sequence[str]) -> str:
    """Return why a pod that ended cannot be used."""
    reason = last_reason(log)
    return f"pod {pod} crashed with exit code {code}{f': {reason}' if reason else ''}"


def not_ready(why: str, seconds: float) -> str:
    """Return why pods that run cannot be used."""
    return f"no new pod became ready within {seconds:g} s{f': {why}' if why else ''}"


def broken(deployment: str, why: object) -> str:
    """Return the line for new pods that do not come up."""
    return f"{deployment}: {why}; the old pods go on serving, the next save tries again"


def last_reason(log: Sequence[str]) -> str:
    """Return what the last line of a log says: the end of a traceback, or the event of a JSON line."""
    last = next((line.strip() for line in reversed(log) if line.strip()), "")
    try:
        entry = json.loads(last)
    except ValueError:
        return last
    return str(entry.get("event", last)) if isinstance(entry, dict) else last


def quoted(log: Sequence[str]) -> list[str]:
    """Return lines of a log as they are shown below the line that they explain."""
    return [f"  | {line}" for line in log if line.strip()]
