"""What expressions in workflows name has to exist: GitHub gives an empty string for what does not, and goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pipeline.workflow_files import Workflow

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_NAME = re.compile(r"(?<![\w.'])(needs|steps|inputs|matrix)\.([\w-]+)(?:\.(outputs)\.([\w-]+))?")
_WHOLE = ("if",)


def broken(workflow: Workflow) -> Iterator[str]:
    """Yield a line for each job, step, input or output that is named and does not exist."""
    for name, job in workflow.jobs.items():
        for before in _listed(job.get("needs")):
            if before not in workflow.jobs:
                yield f"job {name} needs {before}, which there is not"
        known = {
            "needs": set(_listed(job.get("needs"))),
            "steps": {step["id"] for step in job.get("steps", ()) if "id" in step},
            "inputs": set(_inputs(workflow)),
            "matrix": set((job.get("strategy") or {}).get("matrix") or ()),
        }
        for kind, what, output in _named(job):
            if what not in known[kind]:
                yield f"job {name} names {kind}.{what}, which it does not have"
            elif kind == "needs" and output and output not in (workflow.jobs.get(what, {}).get("outputs") or {}):
                yield f"job {name} names output {output} of {what}, which it does not have"


def _named(job: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield kind, name and output of all that expressions of a job name; a condition is one without brackets."""
    texts = _EXPRESSION.findall(json.dumps(job, default=str).replace('\\"', '"'))
    for place in (job, *job.get("steps", ())):
        texts += [str(place[key]) for key in _WHOLE if key in place]
    found = {match for text in texts for match in _NAME.findall(text)}
    yield from sorted((kind, what, output) for kind, what, _outputs, output in found)


def _inputs(workflow: Workflow) -> Iterator[str]:
    for trigger in ("workflow_call", "workflow_dispatch"):
        yield from ((workflow.on.get(trigger) or {}).get("inputs") or {})


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())
