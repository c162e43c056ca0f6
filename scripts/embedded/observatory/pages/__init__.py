"""The pages for people."""

from __future__ import annotations

from aiohttp import web

from embedded.observatory.sources import Sources


def install(app: web.Application, sources: Sources) -> None:
    """Add the pages to the observatory."""
