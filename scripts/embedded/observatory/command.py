"""The command line of the observatory."""

from __future__ import annotations

import logging
import sqlite3
import sys
from pathlib import Path
from typing import Annotated

import typer
from aiohttp import web

from embedded.observatory.app import create_app
from embedded.observatory.errors import ObservatoryError
from embedded.observatory.settings import Settings

# Streams to browsers last as long as the observatory: nobody waits for their end.
_SHUTDOWN = 0.1


def run(
    listen: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where it answers.")],
    folder: Annotated[Path, typer.Option(metavar="DIR", help="For its own files.")],
    prometheus: Annotated[str | None, typer.Option(metavar="URL", help="Prometheus, for the pages.")] = None,
    kubeconfig: Annotated[Path | None, typer.Option(metavar="FILE", help="The cluster whose pods it follows.")] = None,
    logs: Annotated[Path | None, typer.Option(metavar="DIR", help="The containers' logs.")] = None,
    access_log: Annotated[Path | None, typer.Option(metavar="FILE", help="Envoy's access log.")] = None,
) -> None:
    """Run the observatory of one embedded cluster until SIGINT or SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        host, port = _address(listen)
        folder.mkdir(parents=True, exist_ok=True)
        app = create_app(Settings(folder, prometheus, kubeconfig, logs, access_log))
        web.run_app(app, host=host, port=port, print=None, access_log=None, shutdown_timeout=_SHUTDOWN)
    except (ObservatoryError, OSError, sqlite3.Error) as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - a command speaks
        raise SystemExit(1) from None


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ObservatoryError(f"--listen must be HOST:PORT, not {text}")
    return host, int(port)


def main() -> None:
    """Run the command."""
    typer.run(run)
