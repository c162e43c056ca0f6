"""The lint of the workflows: GitHub's schema, zizmor for what is unsafe, and the rules of this repository."""

from __future__ import annotations

from pathlib import Path

from pipeline import workflow_files, workflow_rules
from pipeline.errors import NotCheckedError
from pipeline.programs import ask, last_line, own

DEPENDABOT = Path(".github") / "dependabot.yaml"


def findings() -> list[str]:
    """Return a line for everything that is wrong with the workflows of this checkout.

    Raises:
        RefusedError: one of them cannot be read.
        NotCheckedError: a linter is missing, or broke.
    """
    workflows = workflow_files.load()
    targets = workflow_files.targets()
    ours = [line for workflow in workflows for line in workflow_rules.broken(workflow, targets)]
    files = [workflow.path for workflow in workflows]
    return [*ours, *_schema("vendor.github-workflows", files), *_schema("vendor.dependabot", [DEPENDABOT]), *_zizmor()]


def _schema(schema: str, files: list[Path]) -> list[str]:
    done = ask([own("check-jsonschema"), "--builtin-schema", schema, *files])
    lines = [line.strip() for line in done.stdout.splitlines() if "::" in line]
    if done.returncode and not lines:
        return [last_line(done)]
    return lines


def _zizmor() -> list[str]:
    """Ask zizmor without a network: what needs GitHub's API, such as whether a commit exists, is left to Dependabot."""
    done = ask([own("zizmor"), "--offline", "--no-progress", "--quiet", "--format", "github", ".github"])
    lines = [line.split("::", 2)[2] for line in done.stdout.splitlines() if line.startswith("::")]
    if done.returncode and not lines:
        raise NotCheckedError(f"zizmor cannot be asked: {last_line(done)}")
    return lines
