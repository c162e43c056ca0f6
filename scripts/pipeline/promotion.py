"""Git as the record of what was promoted: which services have changed since, and the commit that says so."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pipeline import environments, pin
from pipeline.errors import NotCheckedError, RefusedError

# What the image of every service is made of besides its own folder.
SHARED = ("services/chassis", "services/requirements.txt")
# Somebody else may push in between; who loses that race this often has another trouble.
TRIES = 3
BRANCH, REMOTE = "main", "origin"
TOKEN = "GITHUB_TOKEN"  # noqa: S105 - the name of the variable
BOT = ("-c", "user.name=pipeline", "-c", "user.email=pipeline@users.noreply.github.com")


def changed(environment: str) -> list[str]:
    """Return the services whose source differs from what an environment runs.

    A release that was rolled back left the overlay as it was, so the service counts as changed until one is promoted.
    """
    return [name for name in pin.services(environment) if _differs(pin.tag_of(environment, name), name)]


def commit(environment: str, message: str) -> bool:
    """Commit and push the overlay of an environment, and nothing else; return whether there was anything.

    Raises:
        RefusedError: somebody else has changed the same lines.
        NotCheckedError: it cannot be pushed; the commit stays here.
    """
    folder = str(environments.folder(environment))
    if _git("diff", "--quiet", "HEAD", "--", folder).returncode == 0:
        return False
    _must("commit", "--message", message, "--", folder)
    for _attempt in range(TRIES):
        _onto_others()
        done = _git("push", "--quiet", REMOTE, f"HEAD:{BRANCH}")
        if done.returncode == 0:
            return True
    raise NotCheckedError(
        f"{environment} runs what was promoted, and Git does not say so yet: the overlay cannot be pushed to {BRANCH}"
        f" ({_last(done)}); push it by hand, `make pin` writes it"
    )


def _onto_others() -> None:
    """Put the commit on top of what others pushed meanwhile."""
    done = _git("pull", "--rebase", "--autostash", "--quiet", REMOTE, BRANCH)
    if done.returncode:
        _git("rebase", "--abort")
        raise RefusedError(f"the overlay was changed by somebody else too: pull, then `make pin` again ({_last(done)})")


def _differs(tag: str, service: str) -> bool:
    if not tag or _git("rev-parse", "--verify", "--quiet", f"{tag}^{{commit}}").returncode:
        return True
    paths = [path for path in (f"services/{service.replace('-', '_')}", *SHARED) if Path(path).exists()]
    return bool(paths) and _git("diff", "--quiet", tag, "HEAD", "--", *paths).returncode != 0


def _must(*arguments: str) -> None:
    done = _git(*arguments)
    if done.returncode:
        raise RefusedError(f"git {arguments[0]}: {_last(done)}")


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *BOT, *arguments],
        env=os.environ | credentials(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )


def credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what lets git push with the token of the workflow: in its environment, which others do not see."""
    if not environ.get(TOKEN):
        return {}
    basic = base64.b64encode(f"x-access-token:{environ[TOKEN]}".encode()).decode()
    server = environ.get("GITHUB_SERVER_URL", "https://github.com")
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{server}/.extraheader",
        "GIT_CONFIG_VALUE_0": f"AUTHORIZATION: basic {basic}",
    }


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr.strip() or done.stdout.strip() or f"exit status {done.returncode}").splitlines()
    return lines[-1]
