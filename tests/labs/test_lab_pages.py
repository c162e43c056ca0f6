"""The labs as pages: each command is run or marked, what is marked exists, and each page has what a reader needs."""

import importlib
import os
import re
import shlex
import subprocess

import pytest
import typer.main
from tests.labs.pages import LABS, REPOSITORY, PageError, blocks, labs

from toolchain.commands import COMMANDS

EVERY = [*labs(), LABS / "README.md"]
# What a marked command may call beside make and this repository's modules; these are not ours to check.
STRANGERS = {"export", "kubectl", "docker", "kind", "helm", "cp"}
MODULES = ("cluster", "delivery", "drills", "embedded", "images", "provision")


def marked():
    """Return every command that is not run, with its place."""
    return [
        pytest.param(command.text, id=f"{page.stem}:{command.line}")
        for page in EVERY
        for block in blocks(page)
        if block.language == "console" and not block.run
        for command in block.commands()
    ]


def words(command):
    """Return the settings before a command, and the command, as the shell takes them apart."""
    parts = shlex.split(command, comments=True)
    first = next(number for number, part in enumerate(parts) if not re.match(r"\w+=", part))
    return dict(part.split("=", 1) for part in parts[:first]), parts[first:]


def check(command):
    """Raise AssertionError unless what a command calls exists; it is not carried out."""
    settings, [program, *arguments] = words(command)
    if program == "make":
        _check_make(settings, arguments)
    elif program in ("python", ".venv/bin/python"):
        _check_module(arguments)
    elif program in COMMANDS:
        _check_module(["-m", COMMANDS[program], *arguments])
    else:
        assert program in STRANGERS, f"{program} is neither make, nor a module of ours, nor known"


def _check_make(settings, arguments):
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "KUBE"))}
    done = subprocess.run(
        ["make", "-n", *arguments], cwd=REPOSITORY, env={**own, **settings}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _check_module(arguments):
    flag, module, *rest = arguments
    assert flag == "-m"
    assert module in MODULES
    command = typer.main.get_command(importlib.import_module(f"{module}.__main__").app)
    if hasattr(command, "commands"):
        name, *rest = rest
        assert name in command.commands, f"python -m {module} has no command {name}"
        command = command.commands[name]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    unknown = {word.partition("=")[0] for word in rest if word.startswith("--")} - known
    assert not unknown, f"python -m {module} {command.name} has no option {', '.join(unknown)}"


@pytest.mark.parametrize("page", EVERY, ids=lambda path: path.stem)
def test_each_block_is_run_or_marked(page):
    assert all(block.commands() for block in blocks(page) if block.language == "console")


@pytest.mark.parametrize("command", marked())
def test_what_cannot_be_run_here_exists(command):
    check(command)


@pytest.mark.parametrize(
    "command",
    [
        "make dawn CLUSTER=kind",
        "make up CLUSTER=minikube",
        "deliver release order --picture order:v2",
        "deliver relax order",
        "python -m telepathy",
        "terraform apply",
    ],
)
def test_what_does_not_exist_is_found(command):
    with pytest.raises(AssertionError):
        check(command)


@pytest.mark.parametrize("page", labs(), ids=lambda path: path.stem)
def test_a_lab_says_what_one_learns_needs_and_is_asked(page):
    text = page.read_text()
    for part in ("**You learn** ", "**You need** ", "**It takes** ", "## Questions", "<details>\n<summary>1. "):
        assert part in text, f"{page.name} lacks {part!r}"
    assert text.count("<details>") == text.count("</details>") == text.count("<summary>")
    assert re.search(r"\n(Next: \[|Back to \[all labs\]).*\n$", text), f"{page.name} does not say where to go on"


def test_the_index_lists_every_lab_in_order():
    assert re.findall(r"\| (\d) \[[^\]]+\]\(([^)]+)\)", (LABS / "README.md").read_text()) == [
        (path.name[0], path.name) for path in labs()
    ]


def test_a_command_outside_of_a_block_that_is_run_would_be_found(tmp_path):
    page = tmp_path / "lab.md"
    page.write_text("```shell\n$ make up\n```\n")
    with pytest.raises(PageError):
        blocks(page)
