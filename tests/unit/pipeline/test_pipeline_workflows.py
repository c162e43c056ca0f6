"""The workflows are sound, each rule for them finds its breach, and their steps are those of `make ci`."""

from pathlib import Path

import pytest
from tests.unit.pipeline.conftest import REPOSITORY

from pipeline import steps, workflow_files, workflow_rules, workflows

TARGETS = workflow_files.targets(REPOSITORY / "Makefile")
PULL_REQUEST, MAIN, RELEASE = (
    Path(".github/workflows") / f"{name}.yaml" for name in ("pull-request", "main", "release")
)


def test_the_workflows_of_this_repository_are_sound(monkeypatch):
    monkeypatch.chdir(REPOSITORY)
    assert workflows.findings() == []


# What is changed in a workflow, and words of the complaint.
BREACHES = {
    "a tag instead of a commit": (
        PULL_REQUEST,
        "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
        "@v7",
        "full commit",
    ),
    "a short commit": (PULL_REQUEST, "@3d3c42e5aac5ba805825da76410c181273ba90b1", "@3d3c42e", "full commit"),
    "no version": (PULL_REQUEST, "90b1 # v7.0.1", "90b1", "does not say its version"),
    "rights for all": (PULL_REQUEST, "permissions: {}", "permissions: {contents: read}", "state `permissions: {}`"),
    "rights for a job": (
        PULL_REQUEST,
        "    permissions:\n      contents: read\n",
        "",
        "does not state its permissions",
    ),
    "all rights": (
        MAIN,
        "    permissions:\n      contents: read\n",
        "    permissions: write-all\n    x:\n",
        "one by one",
    ),
    "no end": (PULL_REQUEST, "    timeout-minutes: 20\n", "", "no timeout-minutes"),
    "a machine that changes": (PULL_REQUEST, "ubuntu-24.04", "ubuntu-latest", "changes by itself"),
    "side by side": (MAIN, "concurrency:\n  group: main\n  cancel-in-progress: false\n", "", "state concurrency"),
    "a lenient shell": (PULL_REQUEST, " -euo pipefail", " -e", "strict shell"),
    "rights of strangers": (PULL_REQUEST, "  pull_request:\n", "  pull_request_target:\n", "use pull_request"),
    "a secret on a fork": (PULL_REQUEST, "${{ toJSON(needs) }}", "${{ secrets.TOKEN }}", "a fork does not have"),
    "writing on a fork": (PULL_REQUEST, "      contents: read", "      contents: write", "may write on a pull request"),
    "a command of its own": (PULL_REQUEST, "run: make lint", "run: ruff check .", "a step is one make target"),
    "two commands": (PULL_REQUEST, "run: make lint", "run: make lint && curl example.com", "a step is one make target"),
    "a value from outside": (
        RELEASE,
        "run: make release",
        "run: make release SERVICE=${{ inputs.service }}",
        "plain values",
    ),
    "a target that is none": (PULL_REQUEST, "run: make audit", "run: make audits", "the Makefile does not have"),
    "a job that is none": (PULL_REQUEST, "needs: [checks,", "needs: [check,", "needs check, which there is not"),
    "an output that is none": (
        MAIN,
        "needs.publish.outputs.services)",
        "needs.publish.outputs.images)",
        "names output images",
    ),
    "a step that is none": (MAIN, "steps.changed.outputs", "steps.change.outputs", "names steps.change"),
    "an input that is none": (RELEASE, "${{ inputs.strategy }}", "${{ inputs.strateggy }}", "names inputs.strateggy"),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_found(breach, tmp_path):
    path, old, new, words = BREACHES[breach]
    text = (REPOSITORY / path).read_text()
    assert old in text
    broken = tmp_path / path.name
    broken.write_text(text.replace(old, new))
    [workflow] = workflow_files.load(tmp_path)
    assert words in "\n".join(workflow_rules.broken(workflow, TARGETS))


def test_what_others_know_better_stops_it_too(pipeline, checkout):
    """An expression in a shell is zizmor's to find, a wrong key the schema's."""
    path = checkout / PULL_REQUEST
    text = path.read_text()
    path.write_text(text.replace("run: make lint", 'run: echo "${{ github.event.pull_request.title }}"'))
    done = pipeline("workflows")
    assert done.returncode == 1
    assert "code injection via template expansion" in done.stderr
    path.write_text(text.replace("    timeout-minutes: 60\n", "    timeout-minutes: 60\n    timeout: 3\n"))
    done = pipeline("workflows")
    assert done.returncode == 1
    assert "'timeout'" in done.stderr


def test_a_workflow_that_cannot_be_read_is_one_line(pipeline, checkout):
    (checkout / PULL_REQUEST).write_text("on: [\n")
    done = pipeline("workflows")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "cannot be read" in done.stderr


def commands(name):
    found = {workflow.path.stem: workflow for workflow in workflow_files.load(REPOSITORY / workflow_files.FOLDER)}
    return {command for _job, command in found[name].commands}


def test_a_pull_request_and_a_laptop_run_the_same_steps():
    assert commands("pull-request") - {"make summary"} == {step.name for step in steps.STEPS}


def test_what_a_laptop_leaves_to_main_is_what_main_does():
    assert {f"make {target}" for target in steps.MAIN_ONLY} < commands("main") | commands("release")


def test_all_that_a_summary_needs_is_waited_for():
    [workflow] = [
        each for each in workflow_files.load(REPOSITORY / workflow_files.FOLDER) if each.path.stem == "pull-request"
    ]
    assert set(workflow.jobs["summary"]["needs"]) == workflow.jobs.keys() - {"summary"}
