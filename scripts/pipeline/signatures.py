"""Signatures: the pipeline signs what it has scanned, without a key, and releases only what it has signed."""

from __future__ import annotations

import os

from pipeline.errors import NotCheckedError, RefusedError
from pipeline.programs import ask, foreign, last_line
from pipeline.references import pinned

# Who has to have signed: the workflow, as GitHub vouches for it.
IDENTITY, ISSUER = "COSIGN_IDENTITY", "COSIGN_ISSUER"
HOW = "install it (brew install cosign); an image whose signature nobody looked at is not released"


def sign(image: str) -> None:
    """Sign an image by its digest, as the workflow that runs this; its SBOM and provenance are under the same digest.

    Raises:
        RefusedError: the image floats.
        NotCheckedError: it cannot be signed.
    """
    reference = pinned(image)
    done = ask([foreign("cosign", HOW), "sign", "--yes", str(reference)])
    if done.returncode:
        raise NotCheckedError(f"{reference} was not signed: {last_line(done)}")


def verify(image: str) -> None:
    """See that an image was signed by whom the settings name.

    Raises:
        RefusedError: the image floats, or the signature is missing or somebody else's.
        NotCheckedError: there is nothing to look with, or nobody was named.
    """
    reference = pinned(image)
    who = [_setting(IDENTITY), _setting(ISSUER)]
    command = [foreign("cosign", HOW), "verify", "--certificate-identity", who[0], "--certificate-oidc-issuer", who[1]]
    done = ask([*command, str(reference)])
    if done.returncode:
        raise RefusedError(f"{reference} is not signed by {who[0]}: {last_line(done)}")


def _setting(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise NotCheckedError(f"{name} is not set: say who has to have signed, as docs/pipeline.md tells")
    return value
