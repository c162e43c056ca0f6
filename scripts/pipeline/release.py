"""The release of the pipeline: the command that the drills exercise, on an image that is pinned and signed."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pipeline import published, signatures
from pipeline.errors import RefusedError
from pipeline.programs import own

REPORTS = Path("reports") / "release"
# The kubeconfig itself, as the secret of an environment holds it.
CONTENT = "KUBECONFIG_CONTENT"
_NAME = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")


def release(service: str, image: str, strategy: str) -> int:
    """Release an image of a service with its judge; return the exit status of `deliver release`.

    A release of the same image that somebody's dead process left behind is gone on with.

    Raises:
        RefusedError: the image floats, or is not signed by the pipeline.
        NotCheckedError: that cannot be found out, or there is no such image.
    """
    if not _NAME.fullmatch(service):
        raise RefusedError(f"{service!r} is no name of a service")
    reference = str(published.image_of(service, image))
    signatures.verify(reference)
    report = REPORTS / f"{service}.json"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    options = ["--image", reference, "--strategy", strategy, "--resume", "--report", str(report)]
    return _deliver("release", service, *options)


def abort(service: str, reason: str) -> int:
    """Bring all users of a service back to the old version; return the exit status of `deliver abort`.

    Raises:
        RefusedError: that is no name of a service.
    """
    if not _NAME.fullmatch(service):
        raise RefusedError(f"{service!r} is no name of a service")
    return _deliver("abort", service, f"--reason={reason}")


def _deliver(*arguments: str) -> int:
    with _kubeconfig() as environ:
        return subprocess.run([own("deliver"), *arguments], env=os.environ | environ, check=False).returncode


@contextlib.contextmanager
def _kubeconfig() -> Iterator[dict[str, str]]:
    """Put the kubeconfig of a secret into a file that nobody else can read, for as long as it is needed."""
    content = os.environ.get(CONTENT, "")
    if not content:
        yield {}
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "kubeconfig"
        path.touch(mode=0o600)
        path.write_text(content)
        yield {"KUBECONFIG": str(path), CONTENT: ""}
