"""Services in process over a database of their own, and as real processes under gunicorn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from tests.unit.services import postgresql, support


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which PostgreSQL served, since a run may find one or another."""
    for what in postgresql.served:
        terminalreporter.write_line(f"PostgreSQL of the store tests: {what}")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the machine sets must not reach the services under test."""
    support.clean(monkeypatch)


@pytest.fixture
def user(tmp_path: Path) -> FlaskClient:
    """The user service, v2, migrated."""
    return support.client("user", tmp_path, "v2")


@pytest.fixture
def order(tmp_path: Path) -> FlaskClient:
    """The order service, v2, migrated, with a user service that knows every user."""
    return support.order_client(tmp_path, "v2")


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., support.ServiceProcess]]:
    """Start services as real processes; all are stopped at the end."""
    running: list[support.ServiceProcess] = []

    def begin(service: str, **environment: str) -> support.ServiceProcess:
        process = support.ServiceProcess(service, tmp_path, environment)
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
