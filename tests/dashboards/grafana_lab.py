"""A real Grafana, where there is one, with the project's own provisioning, on loopback."""

import base64
import json
import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from tests.dashboards.questions import FOLDER

# Making its database takes a laptop half a minute.
DEADLINE = 120.0
POLL = 0.5
PASSWORD = "for-this-test-only"
GRAFANA = FOLDER.parent
# Where the manifests mount the dashboards.
MOUNTED = "/etc/grafana-dashboards"


def command():
    """Return how Grafana is started, None where there is none: GRAFANA_HOME names its folder, or PATH has it."""
    home = os.environ.get("GRAFANA_HOME")
    if home:
        return [str(Path(home) / "bin/grafana"), "server", "--homepath", home]
    found = shutil.which("grafana")
    # Packages put the program into /usr/sbin and the rest here.
    return [found, "server", "--homepath", "/usr/share/grafana"] if found else None


def provision(folder, prometheus):
    """Write the provisioning as the pod sees it, but for where Prometheus and the dashboards are; return its folder."""
    target = folder / "provisioning"
    for kind in ("datasources", "dashboards"):
        (target / kind).mkdir(parents=True)
    for source in (GRAFANA / "provisioning/datasources").iterdir():
        text = source.read_text().replace("http://prometheus:9090", prometheus)
        (target / "datasources" / source.name).write_text(text)
    providers = (GRAFANA / "provisioning/dashboards.yaml").read_text().replace(MOUNTED, str(FOLDER))
    (target / "dashboards/dashboards.yaml").write_text(providers)
    return target


class Grafana:
    """Asks a Grafana as its administrator."""

    def __init__(self, port):
        self._url = f"http://127.0.0.1:{port}"
        self._key = base64.b64encode(f"admin:{PASSWORD}".encode()).decode()

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Basic {self._key}", "Content-Type": "application/json"}
        request = Request(f"{self._url}{path}", data=data, headers=headers, method=method)
        with urlopen(request, timeout=30) as response:
            return json.load(response)

    def is_healthy(self):
        try:
            return self.ask("GET", "/api/health")["database"] == "ok"
        except (URLError, OSError):
            return False


@contextmanager
def running(folder, prometheus):
    """Give a Grafana that asks this Prometheus; whoever calls has seen that there is a command."""
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        port = chosen.getsockname()[1]
    settings = (line.partition("=") for line in (GRAFANA / "settings.env").read_text().splitlines() if "=" in line)
    environment = {name: value.replace(MOUNTED, str(FOLDER)) for name, _, value in settings}
    environment |= {
        "GF_SERVER_HTTP_ADDR": "127.0.0.1",
        "GF_SERVER_HTTP_PORT": str(port),
        "GF_PATHS_DATA": str(folder / "data"),
        "GF_PATHS_LOGS": str(folder / "logs"),
        "GF_PATHS_PLUGINS": str(folder / "plugins"),
        "GF_PATHS_PROVISIONING": str(provision(folder, prometheus)),
        "GF_SECURITY_ADMIN_PASSWORD": PASSWORD,
    }
    process = subprocess.Popen(command(), env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    grafana, until = Grafana(port), time.monotonic() + DEADLINE
    try:
        while not grafana.is_healthy():
            assert process.poll() is None, f"Grafana has ended with {process.returncode}"
            assert time.monotonic() < until, "Grafana does not become healthy"
            time.sleep(POLL)
        yield grafana
    finally:
        process.terminate()
        process.wait()
