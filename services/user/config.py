"""What the user service can be told beside what the chassis reads."""

from __future__ import annotations

from chassis.config import DatabaseUrl, PersistentSettings


class Settings(PersistentSettings):
    """The configuration of the user service."""

    database_url: DatabaseUrl = "sqlite:///user.db"
