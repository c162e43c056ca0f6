"""Users as clients send and see them; v2 adds the nickname."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from user.domain import EMAIL_PATTERN, MAX_EMAIL, MAX_NAME, TEXT_PATTERN

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME, pattern=TEXT_PATTERN)]


class NewUser(BaseModel):
    """What makes a user."""

    model_config = ConfigDict(strict=True)

    name: Name = Field(description=f"a name of 1 to {MAX_NAME} characters in one line")
    email: str = Field(
        max_length=MAX_EMAIL, pattern=EMAIL_PATTERN, description="an e-mail address such as ada@example.org"
    )


class NewUserV2(NewUser):
    """What makes a user since v2."""

    nickname: Name | None = Field(default=None, description=f"a nickname of 1 to {MAX_NAME} characters, or null")


class UserView(BaseModel):
    """A user as clients see it."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    name: str
    email: str
    created_at: datetime.datetime


class UserViewV2(UserView):
    """A user as clients see it since v2."""

    nickname: str | None


class UserPage(BaseModel):
    """Some users and where the next ones begin."""

    items: Sequence[UserView]
    next_cursor: str | None = Field(description="send it as cursor to get the next page; null on the last one")


class UserPageV2(UserPage):
    """Some users since v2."""

    items: Sequence[UserViewV2]
