"""A real Prometheus with the project's rules, on loopback, that reads what a test serves."""

import json
import socket
import subprocess
import time
from contextlib import contextmanager
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml

from embedded.prometheus import RULES, prometheus_binary

EVERY = "500ms"
# Prometheus has begun, has read and has evaluated all rules long before; a machine may be busy.
DEADLINE = 60.0
POLL = 0.1


class Prometheus:
    """Asks a Prometheus."""

    def __init__(self, port):
        self._url = f"http://127.0.0.1:{port}"
        self._until = time.monotonic() + DEADLINE

    @property
    def url(self):
        return self._url

    def ask(self, path, **parameters):
        """Return the data of an answer."""
        with urlopen(f"{self._url}{path}?{urlencode(parameters, doseq=True)}", timeout=10) as response:
            return json.load(response)["data"]

    def range(self, expr):
        """Return the series of a query over the last seconds."""
        now = time.time()
        return self.ask("/api/v1/query_range", query=expr, start=now - 5, end=now, step="500ms")["result"]

    def instant(self, expr):
        return self.ask("/api/v1/query", query=expr)["result"]

    def until(self, found):
        """Return what `found` gives once it gives something, else the last that it gave."""
        while not (result := found()) and time.monotonic() < self._until:
            time.sleep(POLL)
        return result


def configuration(folder, jobs):
    """Write Prometheus' configuration and the rules, evaluated often."""
    for path in RULES.glob("*.yaml"):
        rules = yaml.safe_load(path.read_text())
        for group in rules["groups"]:
            group["interval"] = EVERY
        (folder / f"rules-{path.name}").write_text(yaml.safe_dump(rules))
    body = {
        "global": {"scrape_interval": EVERY, "scrape_timeout": EVERY, "evaluation_interval": EVERY},
        "rule_files": [str(folder / "rules-*.yaml")],
        "scrape_configs": jobs,
    }
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(body))
    return folder / "prometheus.yaml"


@contextmanager
def running(folder, jobs):
    """Give a Prometheus that reads these jobs."""
    try:
        binary = prometheus_binary()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    command = [
        binary,
        f"--config.file={configuration(folder, jobs)}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=exemplar-storage",
        "--log.level=error",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        prometheus = Prometheus(port)
        assert prometheus.until(lambda: process.poll() is not None or _ready(prometheus))
        assert process.poll() is None, "Prometheus has ended"
        yield prometheus
    finally:
        process.terminate()
        process.wait()


def _ready(prometheus):
    try:
        return bool(prometheus.ask("/api/v1/status/buildinfo"))
    except (URLError, OSError):
        return False
