"""Rules of our own for workflows; what is wrong with any workflow, zizmor and the schema find."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline import workflow_expressions
from pipeline.workflow_files import Workflow

_USES = re.compile(r"^\s*(?:- )?uses: *(?P<what>\S+)(?P<rest>.*)$", re.MULTILINE)
_PINNED = re.compile(r"[\w.-]+(/[\w.-]+)+@[0-9a-f]{40}")
_VERSION = re.compile(r" # v\d+(\.\d+){2}")
_MAKE = re.compile(r"make (?P<target>[a-z][a-z0-9-]*)(?: [A-Z_]+=[\w./:-]+)*")
# What starts with rights on the repository although a stranger may have written what runs.
_PRIVILEGED = {"pull_request_target", "workflow_run", "issue_comment"}
STRICT = "bash --noprofile --norc -euo pipefail {0}"


def broken(workflow: Workflow, targets: frozenset[str]) -> list[str]:
    """Return a line for each breach of a rule.

    Args:
        workflow: the one to look at.
        targets: what `make` can make.
    """
    rules = (_pinned, _rights, _limits, _strict, _strangers, workflow_expressions.broken)
    found = [line for rule in rules for line in rule(workflow)]
    return [f"{workflow.path}: {line}" for line in [*found, *_commands(workflow, targets)]]


def _pinned(workflow: Workflow) -> Iterator[str]:
    """A commit cannot be moved, as a tag can; the comment says which version it is, to people and to Dependabot."""
    for match in _USES.finditer(workflow.text):
        what, rest = match["what"], match["rest"]
        if what.startswith("$/"):
            continue
        if not _PINNED.fullmatch(what):
            yield f"{what} is not pinned by a full commit"
        elif not _VERSION.fullmatch(rest):
            yield f"{what} does not say its version behind it, as in `# v1.2.3`"


def _rights(workflow: Workflow) -> Iterator[str]:
    if workflow.content.get("permissions") != {}:
        yield "grants rights to all of its jobs: state `permissions: {}` at the top"
    for name, job in workflow.jobs.items():
        if not isinstance(job.get("permissions"), dict):
            yield f"job {name} does not state its permissions one by one"


def _limits(workflow: Workflow) -> Iterator[str]:
    if "concurrency" not in workflow.content and "workflow_call" not in workflow.triggers:
        yield "does not say what may run beside it: state concurrency"
    for name, job in workflow.jobs.items():
        if "steps" in job and not isinstance(job.get("timeout-minutes"), int):
            yield f"job {name} has no timeout-minutes"
        if str(job.get("runs-on", "")).endswith("-latest"):
            yield f"job {name} runs on {job['runs-on']}, which changes by itself"


def _strict(workflow: Workflow) -> Iterator[str]:
    runs = (workflow.content.get("defaults") or {}).get("run") or {}
    if any(True for _ in workflow.commands) and runs.get("shell") != STRICT:
        yield f"has no strict shell: state defaults.run.shell: {STRICT}"


def _strangers(workflow: Workflow) -> Iterator[str]:
    """What anybody may start must not reach a secret, and needs none, so that a fork is treated like everybody."""
    for event in sorted(_PRIVILEGED.intersection(workflow.triggers)):
        yield f"is started by {event}, with rights that a stranger must not have: use pull_request"
    if "pull_request" in workflow.triggers:
        if re.search(r"\$\{\{[^}]*\bsecrets\b|secrets: *inherit", workflow.text):
            yield "needs a secret on a pull request, which a fork does not have"
        for name, job in workflow.jobs.items():
            if "write" in (job.get("permissions") or {}).values():
                yield f"job {name} may write on a pull request"


def _commands(workflow: Workflow, targets: frozenset[str]) -> Iterator[str]:
    for job, command in workflow.commands:
        match = _MAKE.fullmatch(command)
        if match is None:
            yield f"job {job} runs `{command.splitlines()[0]}`: a step is one make target, with plain values"
        elif match["target"] not in targets:
            yield f"job {job} makes {match['target']}, which the Makefile does not have"
