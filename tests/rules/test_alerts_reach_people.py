"""The whole way, with real programs: a gateway's errors, Prometheus, Alertmanager, and somebody's webhook."""

import contextlib
import itertools
import json
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml
from tests.rules.promtool import REPOSITORY, RULES, program

from monitoring import slo
from monitoring.burn_rates import FILE

DEADLINE = 60.0
ALERTMANAGER = REPOSITORY / "observability/alertmanager"
OWN = REPOSITORY / ".tools/alertmanager/bin"
COUNTER = 'envoy_cluster_upstream_rq{envoy_cluster_name="outbound|8080|stable|order.shop.svc.cluster.local",'


class Gateway(BaseHTTPRequestHandler):
    """Counts ten requests more at every scrape, of which a share are errors."""

    errors = 0
    scrapes = itertools.count(1)

    def do_GET(self):
        asked = next(self.scrapes)
        lines = [f'{COUNTER}envoy_response_code="{code}"}} {each * asked}' for code, each in self.counts()]
        self._answer("\n".join(["# TYPE envoy_cluster_upstream_rq counter", *lines, ""]).encode())

    def counts(self):
        return (("200", 10 - self.errors), ("503", self.errors))

    def _answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


class Receiver(Gateway):
    """Keeps what it is told, by the path that it was told at."""

    told: list

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.told.append((self.path, body))
        self._answer(b"")


@pytest.fixture
def stack():
    with contextlib.ExitStack() as found:
        yield found


@pytest.fixture
def serve(stack):
    def start(handler, **attributes):
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (handler,), attributes))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        return f"127.0.0.1:{server.server_address[1]}"

    return start


def free_address():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{found.getsockname()[1]}"


def ask(address, path):
    with urllib.request.urlopen(f"http://{address}{path}", timeout=5) as answer:
        return json.loads(answer.read() or "null")


def until(condition, what):
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        with contextlib.suppress(OSError, ValueError):
            if found := condition():
                return found
        time.sleep(0.2)
    raise AssertionError(f"not within {DEADLINE:.0f} s: {what}")


def run(stack, command, folder, within=None):
    with (folder / "output.log").open("w") as log:
        process = stack.enter_context(subprocess.Popen(command, stdout=log, stderr=log, cwd=within or folder))
    stack.callback(process.terminate)


def objectives(folder):
    """Write this checkout's rules of the objectives, evaluated every second instead of every fifteen."""
    root = folder / "root"
    shutil.copytree(REPOSITORY / slo.OBJECTIVES, root / slo.OBJECTIVES)
    text = (root / FILE).read_text()
    (root / FILE).write_text(text.replace("evaluation_seconds: 15", "evaluation_seconds: 1"))
    (folder / "slo.yaml").write_text(slo.generate(root)[slo.TARGET])
    return folder / "slo.yaml"


def start_prometheus(stack, folder, gateway, alertmanager):
    folder.mkdir()
    address, config = free_address(), folder / "prometheus.yaml"
    content = {
        "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"},
        "rule_files": [str(RULES / "release.yaml"), str(objectives(folder))],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [{"job_name": "envoy", "static_configs": [{"targets": [gateway]}]}],
    }
    config.write_text(yaml.safe_dump(content))
    options = [f"--config.file={config}", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={address}"]
    run(stack, [program("prometheus"), *options], folder)
    return address


def start_alertmanager(stack, folder, receiver):
    found = shutil.which("alertmanager", path=str(OWN)) or shutil.which("alertmanager")
    if found is None:
        pytest.skip(f"alertmanager is neither in {OWN} nor on PATH")
    (folder / "secret").mkdir(parents=True)
    for name in ("pages", "tickets"):
        (folder / "secret" / name).write_text(f"http://{receiver}/{name}")
    address, config = free_address(), folder / "alertmanager.yaml"
    subprocess.run(["/bin/sh", ALERTMANAGER / "configure.sh", folder / "secret", config], check=True)
    options = [f"--config.file={config}", f"--storage.path={folder}/data", f"--web.listen-address={address}"]
    # Debian's looks for its templates where it is started; others have them built in.
    unpacked = OWN.parent / "debian"
    run(stack, [found, *options, "--cluster.listen-address="], folder, unpacked if unpacked.exists() else folder)
    return address


def test_errors_at_the_gateway_page_somebody_once(stack, serve, tmp_path):
    told = []
    alertmanager = start_alertmanager(stack, tmp_path / "alertmanager", serve(Receiver, told=told))
    prometheus = start_prometheus(stack, tmp_path / "prometheus", serve(Gateway, errors=5), alertmanager)

    path, page = until(lambda: told and told[0], "a page")
    assert path == "/pages"
    assert page["groupLabels"] == {"namespace": "shop", "service": "order"}
    assert {each["labels"]["alertname"] for each in page["alerts"]} == {"AvailabilityBurnsFast"}
    assert page["commonAnnotations"]["runbook"] == "docs/runbooks.md#availabilityburnsfast"

    def tickets():
        known = ask(alertmanager, "/api/v2/alerts")
        return [each for each in known if each["labels"]["severity"] == "ticket"]

    # What says the same more slowly is kept quiet by the page.
    until(lambda: len(tickets()) == 2, "the tickets of the same objective")
    assert {each["status"]["state"] for each in tickets()} == {"suppressed"}
    firing = ask(prometheus, "/api/v1/alerts")["data"]["alerts"]
    assert {each["labels"]["service"] for each in firing} == {"order"}


def test_a_sound_gateway_tells_nobody(stack, serve, tmp_path):
    told = []
    alertmanager = start_alertmanager(stack, tmp_path / "alertmanager", serve(Receiver, told=told))
    prometheus = start_prometheus(stack, tmp_path / "prometheus", serve(Gateway, errors=0), alertmanager)
    ratio = "/api/v1/query?query=service:errors_per_requests:ratio_rate1h"

    def judged():
        return ask(prometheus, ratio)["data"]["result"]

    [sample] = until(judged, "a ratio of errors")
    assert sample["value"][1] == "0"
    assert ask(prometheus, "/api/v1/alerts")["data"]["alerts"] == []
    assert told == []
