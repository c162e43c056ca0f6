"""Does what a page says, in one shell session and in its order, and stops where the page is wrong."""

import subprocess

from tests.labs.pages import CHANGED, SAVED, blocks
from tests.labs.patterns import differs
from tests.labs.shell import ShellError


class LabError(Exception):
    """A page and the truth differ; the message has file, line, command and what is different."""


def carry_out(page, folder, shell, has):
    """Do everything in a page that this machine can do; return the commands that it cannot.

    Args:
        page: the lab.
        folder: the checkout that it is done in.
        shell: a session that starts there.
        has: tells whether the machine has a program.

    Raises:
        LabError: a command fails, or prints something else than the page says.
        PageError: the page cannot be read.
    """
    left_out = []
    for block in blocks(page):
        if block.run and block.needs and not has(block.needs):
            left_out += block.commands()
        elif block.run:
            _run(block, shell)
        elif block.language in SAVED:
            _save(block, folder)
        elif block.language == CHANGED:
            _change(block, folder)
    return left_out


def _run(block, shell):
    for command in block.commands():
        try:
            printed, status = shell.run(command.text)
        except ShellError as error:
            raise _error(block, command.line, command, str(error)) from error
        if status and not command.status_asked:
            said = "\n".join(printed)
            raise _error(block, command.line, command, f"exit status {status}, and no `echo $?` follows:\n{said}")
        _compare(block, command, printed)


def _compare(block, command, printed):
    at = differs(command.expected, printed)
    if at is None:
        return
    line = command.line + command.text.count("\n") + 1 + at
    wanted = command.expected[at] if at < len(command.expected) else "no more lines"
    said = "\n".join(printed)
    raise _error(block, line, command, f"expected: {wanted}\nprinted:\n{said}")


def _save(block, folder):
    path = folder / block.options["save"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.content)


def _change(block, folder):
    done = subprocess.run(
        ["git", "apply", "-"], cwd=folder, input=block.content, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LabError(f"{block.page.name}:{block.line}: the change cannot be made: {done.stderr}")


def _error(block, line, command, reason):
    return LabError(f"{block.page.name}:{line}: $ {command.text}\n{reason}")
