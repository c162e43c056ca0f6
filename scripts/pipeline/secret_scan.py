"""The secret scan: what Git would publish, searched by detect-secrets, beside what is known to be none."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.errors import NotCheckedError
from pipeline.programs import ask, last_line, own

# Hashes of what was looked at and is no secret, such as passwords of tests, in detect-secrets' own format.
BASELINE = Path(".secrets.baseline")
# Hashed requirements, digests and identifiers of traces look like keys and are everywhere here.
SETTINGS = (
    *("--no-verify", "--disable-plugin", "HexHighEntropyString"),
    *("--exclude-files", rf"^{BASELINE}$", "--exclude-files", r"(^|/)requirements\.txt$", "--exclude-lines", "sha256:"),
)

Results = dict[str, list[dict[str, Any]]]


def findings() -> list[str]:
    """Return a line for each secret in a file that Git has or would take; the secret itself is never shown.

    Raises:
        NotCheckedError: the scan cannot be made.
    """
    known = _hashes(BASELINE.read_text(), str(BASELINE)) if BASELINE.is_file() else set()
    return list(_new(_results(_scanned(), "the scan"), known))


def accept() -> None:
    """Write down that all that is found now is no secret: for whoever has looked at each of them.

    Raises:
        NotCheckedError: the scan cannot be made.
    """
    scanned = _scanned()
    _results(scanned, "the scan")
    BASELINE.write_text(scanned)


def _scanned() -> str:
    done = ask([own("detect-secrets"), "scan", *SETTINGS, *_files()])
    if done.returncode:
        raise NotCheckedError(f"detect-secrets cannot be asked: {last_line(done)}")
    return done.stdout


def _files() -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotCheckedError(f"the files of this checkout cannot be listed: {error}") from None
    return [name for name in done.stdout.split("\0") if name and Path(name).is_file()]


def _results(text: str, whose: str) -> Results:
    try:
        return dict(json.loads(text)["results"])
    except (ValueError, KeyError, TypeError):
        raise NotCheckedError(f"what {whose} says cannot be read") from None


def _hashes(text: str, whose: str) -> set[str]:
    return {each["hashed_secret"] for found in _results(text, whose).values() for each in found}


def _new(results: Results, known: set[str]) -> Iterator[str]:
    for file, found in sorted(results.items()):
        for each in found:
            if each["hashed_secret"] not in known:
                yield (
                    f"{file}:{each['line_number']} looks like a secret ({each['type']}): take it out and make it void;"
                    " if it is none, say `pragma: allowlist secret` behind it"
                )
