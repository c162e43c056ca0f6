"""``python -m user.migrate``: bring the database to what this version needs."""

from __future__ import annotations

from chassis import migrations
from user.config import Settings

HEADS = {"v1": "0001", "v2": "0002"}

if __name__ == "__main__":
    migrations.main("user", Settings, HEADS)
