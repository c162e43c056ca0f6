"""What a user is: pure rules, no HTTP and no database."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

MAX_EMAIL = 254
MAX_NAME = 100
# Deliberately narrow: what it accepts is an address for sure, and JSON schema can state it.
EMAIL_PATTERN = r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
# One line of text with something to read in it.
TEXT_PATTERN = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"


class EmailTakenError(Exception):
    """Another user has this e-mail address."""


@dataclass(frozen=True, kw_only=True)
class User:
    """One user; `nickname` came with v2."""

    id: uuid.UUID
    name: str
    email: str
    created_at: datetime.datetime
    nickname: str | None = None


def new_user(name: str, email: str, nickname: str | None = None) -> User:
    """Return a new user; addresses that differ in upper and lower case are one address."""
    return User(
        id=uuid.uuid4(),
        name=name,
        email=email.lower(),
        created_at=datetime.datetime.now(datetime.UTC),
        nickname=nickname,
    )
