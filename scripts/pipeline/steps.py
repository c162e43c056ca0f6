"""The steps of the pipeline in their order, as make targets, and what each needs that not every machine has."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from images import docker
from images.errors import ImagesError
from pipeline import audit

ANSWER_DEADLINE = 5.0


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        target: what `make` makes.
        arguments: variables for it.
        needs: keys of NEEDS.
    """

    target: str
    arguments: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the step as it is typed."""
        return " ".join(("make", self.target, *self.arguments))


KIND = ("docker", "kind", "kubectl", "helm")
# A pull request runs all of these, in jobs side by side; `make ci` one after the other, the quick ones first.
STEPS = (
    Step("lint"),
    Step("types"),
    Step("workflows"),
    Step("pinned"),
    Step("policies"),
    Step("secrets"),
    Step("audit", needs=("advisories",)),
    Step("sbom"),
    Step("test"),
    Step("test-long"),
    Step("drills"),
    Step("release-images", needs=("buildx",)),
    Step("scan", needs=("buildx", "syft", "grype")),
    Step("drills", ("CLUSTER=kind",), KIND),
    Step("chaos", ("CLUSTER=kind",), KIND),
)
# What only main does, since it moves something that others use.
MAIN_ONLY = {
    "publish": "pushes to the registry",
    "sign": "signs as the workflow, which a laptop is not",
    "release": "moves users: `deliver release` does it by hand",
    "pin": "writes what was promoted into the overlay",
    "push-pin": "commits that to main",
}


def missing(step: Step) -> str:
    """Return why a step cannot be made on this machine, empty if it can."""
    return next((reason for need in step.needs if (reason := NEEDS[need]())), "")


def _docker(check: Callable[[], None]) -> Callable[[], str]:
    def reason() -> str:
        try:
            check()
        except ImagesError as error:
            return str(error).partition(";")[0]
        return ""

    return reason


def _advisories() -> str:
    address = urlsplit(audit.url())
    port = address.port or {"http": 80}.get(address.scheme, 443)
    try:
        socket.create_connection((address.hostname or "", port), ANSWER_DEADLINE).close()
    except OSError as error:
        return f"{address.hostname} gives no advisories here ({error.strerror or error}): packages were not audited"
    return ""


def _program(name: str) -> Callable[[], str]:
    return lambda: "" if shutil.which(name) else f"{name} is missing"


NEEDS: dict[str, Callable[[], str]] = {
    "docker": _docker(docker.check),
    "buildx": _docker(docker.check_buildx),
    "advisories": _advisories,
    **{name: _program(name) for name in ("kind", "kubectl", "helm", "syft", "grype")},
}
