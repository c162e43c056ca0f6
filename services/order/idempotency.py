"""Repeating a POST safely: the key names the attempt, the fingerprint tells whether it is the same request."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from pydantic import BaseModel, Field
from pydantic_core import from_json

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"


class IdempotencyHeaders(BaseModel):
    """The header that makes a repeated request safe."""

    key: str | None = Field(
        default=None,
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="1 to 255 visible ASCII characters that are new for each order, such as a UUID",
    )


@dataclass(frozen=True)
class Attempt:
    """One request that may come again."""

    key: str
    fingerprint: str


def attempt(key: str | None, body: bytes) -> Attempt | None:
    """Return the attempt that a request is, None if it may not come again.

    The fingerprint covers the whole JSON value, fields that this version does not know included: a request that v1
    answered must be recognised by v2 when it comes again, and the other way round.

    Args:
        key: the client's key.
        body: a JSON document.
    """
    if key is None:
        return None
    canonical = json.dumps(from_json(body), sort_keys=True, separators=(",", ":"))
    return Attempt(key, hashlib.sha256(canonical.encode()).hexdigest())
