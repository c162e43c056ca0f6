"""The script beside Kibana: waits, imports every saved object with links to Jaeger, and is done only then."""

import json
import os
import re
import shutil
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

KIBANA = Path(__file__).resolve().parents[3] / "observability/elk/kibana"
DEADLINE = 60
pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl, which the script calls")


class FakeKibana(ThreadingHTTPServer):
    """Says no as often as it is told, then keeps what is imported."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.unready, self.refusals, self.imported = 1, 0, []
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.unready -= 1
        self.answer(503 if self.server.unready >= 0 else 200, {})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path != "/api/saved_objects/_import?overwrite=true" or "kbn-xsrf" not in self.headers:
            return self.answer(400, {"success": False})
        self.server.refusals -= 1
        if self.server.refusals >= 0:
            return self.answer(200, {"success": False, "errors": ["not now"]})
        self.server.imported = [json.loads(line) for line in re.findall(r"^\{.*\}\r?$", body, re.MULTILINE)]
        return self.answer(200, {"success": True})

    def answer(self, status, value):
        data = json.dumps(value, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def kibana():
    fake = FakeKibana()
    yield fake
    fake.shutdown()
    fake.server_close()


@pytest.fixture
def start(kibana, tmp_path):
    """Return a function that starts the script; it is ended with the test, for it stays when it is done."""
    started = []

    def run():
        variables = {
            "KIBANA": f"http://127.0.0.1:{kibana.server_port}",
            "FILES": str(KIBANA / "saved-objects"),
            "JAEGER_URL": "http://jaeger.example",
            "USERNAME": "elastic",
            "PASSWORD": "secret",
            "SCRATCH": str(tmp_path),
            "RETRY_SECONDS": "0.1",
        }
        environment = {"PATH": os.environ["PATH"], **variables}
        started.append(
            subprocess.Popen(["bash", KIBANA / "import.sh"], env=environment, stderr=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def await_file(file):
    end = time.monotonic() + DEADLINE
    while not file.exists():
        assert time.monotonic() < end, f"{file} never came"
        time.sleep(0.05)


def test_every_object_is_imported_and_leads_to_jaeger(kibana, start, tmp_path):
    start()
    await_file(tmp_path / "imported")
    lines = [line for file in (KIBANA / "saved-objects").glob("*.ndjson") for line in file.read_text().splitlines()]
    assert len(kibana.imported) == len(lines)
    text = json.dumps(kibana.imported)
    assert "http://jaeger.example/trace/{{rawValue}}" in text
    assert "JAEGER_URL" not in text


def test_a_refused_import_is_told_and_tried_again(kibana, start, tmp_path):
    kibana.refusals = 1
    process = start()
    assert "not now" in process.stderr.readline()
    await_file(tmp_path / "imported")
    assert kibana.imported


def test_what_an_earlier_start_left_does_not_count(kibana, start, tmp_path):
    (tmp_path / "imported").touch()
    kibana.refusals = 10**6
    process = start()
    process.stderr.readline()
    assert not (tmp_path / "imported").exists()
