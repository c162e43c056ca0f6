"""Helpers of the service tests: applications in process, and real processes under gunicorn."""

from __future__ import annotations

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests
import yaml
from flask.testing import FlaskClient

from chassis import migrations
from order.users import Users

REPOSITORY = Path(__file__).resolve().parents[3]
CATALOGUE = yaml.safe_load((REPOSITORY / "services/images.yaml").read_text())
# Those of the shop; the image that carries releases out has its tests beside the Job that runs it.
SERVICES = sorted(name for name, entry in CATALOGUE["services"].items() if entry["context"] == "services")
HEADS = {"v1": "0001", "v2": "0002"}
DEADLINE = 60.0
FOREIGN = ("FAULT_", "OTEL_", "APP_", "HTTP_", "DATABASE_", "USER_URL", "SHUTDOWN_", "LOG_LEVEL", "NO_PROXY")


def is_foreign(name: str) -> bool:
    return name.upper().startswith(FOREIGN)


def clean(monkeypatch: Any) -> None:
    for name in list(os.environ):
        if is_foreign(name):
            monkeypatch.delenv(name)


def url(folder: Path, service: str) -> str:
    return f"sqlite:///{folder / service}.db"


def package(service: str) -> str:
    return service.replace("-", "_")


def migrate(folder: Path, service: str, version: str) -> str:
    return migrations.upgrade(package(service), url(folder, service), HEADS[version])


def application(service: str, folder: Path, version: str, **settings: Any) -> Any:
    """Return a service's Flask application."""
    module = importlib.import_module(f"{package(service)}.app")
    kind = importlib.import_module(f"{package(service)}.config").Settings
    defaults = {"app_version": version, "database_url": url(folder, service)}
    return module.create_app(kind(**defaults | settings))


def client(service: str, folder: Path, version: str, **settings: Any) -> FlaskClient:
    """Return a client of a service, migrated."""
    if service == "order":
        return order_client(folder, version, **settings)
    migrate(folder, service, version)
    return application(service, folder, version, **settings).test_client()


def order_client(
    folder: Path, version: str, knows: Callable[[uuid.UUID], bool] = lambda _id: True, **settings: Any
) -> FlaskClient:
    """Return a client of the order service, whose view of the user service is replaced at the wire."""
    migrate(folder, "order", version)
    app = application("order", folder, version, **settings)
    api = app.view_functions["place_order"].__self__
    api._users = FakeUsers(knows)
    return app.test_client()


class FakeUsers(Users):
    def __init__(self, knows: Callable[[uuid.UUID], bool]) -> None:
        self.asked: list[uuid.UUID] = []
        self._knows = knows

    def knows(self, user_id: uuid.UUID) -> bool:
        self.asked.append(user_id)
        return self._knows(user_id)


def tea(user_id: str | None = None, **more: Any) -> dict[str, Any]:
    """Return the body of an order of two teas for 5.00."""
    items = [{"name": "tea", "quantity": 2, "unit_price_cents": 250}]
    return {"user_id": user_id or str(uuid.uuid4()), "items": items} | more


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Any], what: str, deadline: float = DEADLINE) -> Any:
    """Wait for a condition and return its value."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {deadline} s: {what}")


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not is_foreign(name)}
    return kept | {"PYTHONPATH": str(REPOSITORY / "services")} | more


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Python to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def migrate_at_once(folder: Path, service: str, versions: list[str], database: str) -> list[str]:
    """Migrate one database in several processes at the same time and return what each said."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", f"{package(service)}.migrate"],
            cwd=folder,
            env=environment(APP_VERSION=version, DATABASE_URL=database),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for version in versions
    ]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(versions), outputs
    return outputs


def command(service: str) -> list[str]:
    """Return how the catalogue starts a service."""
    first, *rest = CATALOGUE["services"][service]["command"]
    assert first == "python"
    return [sys.executable, *rest]


class ServiceProcess:
    """A service as its image starts it, in a folder of its own."""

    def __init__(self, service: str, folder: Path, variables: dict[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._output = folder / f"{service}-{self.port}.log"
        settings = {"HTTP_HOST": "127.0.0.1", "HTTP_PORT": str(self.port), "DATABASE_URL": url(folder, service)}
        migrate(folder, service, variables.get("APP_VERSION", "v1"))
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                command(service),
                cwd=folder,
                env=environment(**settings | variables),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(self.answers, f"{service} answers: {self.output()}")

    def answers(self) -> bool:
        assert self.process.poll() is None, self.output()
        try:
            return bool(requests.get(f"{self.url}/livez", timeout=10).ok)
        except requests.RequestException:
            return False

    def output(self) -> str:
        return self._output.read_text()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output().splitlines()]

    def requests_seen(self, path: str) -> list[dict[str, Any]]:
        return [line for line in self.lines() if line["event"] == "request" and line["path"] == path]

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
