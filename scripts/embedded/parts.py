"""Parts of the cluster that run side by side in the supervisor."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

# A part that fails is started again: soon, since it works from what is stored, and ever more seldom if it goes on.
FIRST_PAUSE, LAST_PAUSE = 0.1, 10.0
log = logging.getLogger(__name__)


class Part(Protocol):
    """A part of the cluster."""

    async def run(self) -> None:
        """Work until cancelled."""


async def keep_running(name: str, part: Part) -> None:
    """Run a part until it ends or is cancelled; start it again when it fails, which it should not."""
    pause = FIRST_PAUSE
    while True:
        try:
            return await part.run()
        except Exception:
            log.exception("%s failed; it is started again in %g s", name, pause)
        await asyncio.sleep(pause)
        pause = min(pause * 2, LAST_PAUSE)
