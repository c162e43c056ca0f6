"""docs/development.md tells of commands, messages and files that there are."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.parts import PARTS
from dev import words
from dev.affected import Affected
from dev.replacement import READY_SECONDS
from dev.saves import QUIET_MS

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = (REPOSITORY / "docs" / "development.md").read_text()


def shape(line):
    """Return a line without what differs each time: times, names of pods."""
    return re.sub(r"\d+(:\d+)*(\.\d+)?|(order|user)-[a-z0-9-]+", "_", line).strip()


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize("command", sorted(set(re.findall(r"make [a-z]+(?: [A-Z]+=\w+)*", PAGE))))
def test_every_make_command_is_one(command):
    done = subprocess.run([*command.split(), "--dry-run"], cwd=REPOSITORY, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    for part in re.findall(r"ONLY=(\w+)", command):
        assert part in PARTS


def test_every_link_leads_somewhere():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", PAGE) if "://" not in link]
    assert links
    assert [link for link in links if not (REPOSITORY / "docs" / link).exists()] == []


def test_the_messages_are_those_that_are_said():
    found = {shape(line) for line in PAGE.splitlines()}
    order = Affected(replaced=("order",))
    crash = words.crashed("order-1a-1b", 1, ["SyntaxError: invalid syntax"])
    for line in (
        words.heading([Path("order/api.py")], order, 0.0),
        words.answered("order", "order-1a-1b", 1.0),
        words.replaced("order", 2, 1.0),
        words.broken("order", crash),
    ):
        assert shape(line) in found, line


def test_the_numbers_are_those_of_the_code():
    assert f"within {QUIET_MS} ms of each other" in PAGE
    assert f"not ready within {READY_SECONDS:g} s" in PAGE
