"""What the order service can be told beside what the chassis reads."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chassis.config import DatabaseUrl, HttpUrl, PersistentSettings


class Settings(PersistentSettings):
    """The configuration of the order service."""

    database_url: DatabaseUrl = "sqlite:///order.db"
    user_url: HttpUrl = "http://user:8080"
    user_timeout_seconds: Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)] = 2.0
