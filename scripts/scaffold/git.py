"""What Git knows of a checkout: whether something would be lost."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from scaffold.errors import ScaffoldError


def check_kept(root: Path, paths: Sequence[str]) -> None:
    """See that files may go: Git has them as they are.

    Raises:
        ScaffoldError: one was changed, and is in no commit.
    """
    if paths and (open_changes := changes(root, *paths)):
        raise ScaffoldError(f"{open_changes[0]} was changed and is in no commit: commit it, or say FORCE=1")


def check_clean(root: Path) -> None:
    """See that a checkout holds nothing but what is in a commit, so that one look at `git diff` shows all that follows.

    Raises:
        ScaffoldError: there are changes.
    """
    if open_changes := changes(root):
        raise ScaffoldError(f"{open_changes[0]} was changed and is in no commit: commit or stash it, or say FORCE=1")


def changes(root: Path, *paths: str) -> list[str]:
    """Return the paths of what no commit has as it is; files that Git ignores do not count.

    Raises:
        ScaffoldError: the checkout is none of Git's.
    """
    command = ["git", "status", "--porcelain", "--untracked-files=all", "--", *paths]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ScaffoldError(f"git cannot tell what was changed: {' '.join(done.stderr.split())}")
    return [line[3:] for line in done.stdout.splitlines()]
