"""The benchmarks' own instruments: they count what happened, and refuse what is not an answer."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench import figures, load, memory
from bench.__main__ import main
from bench.parts import PARTS
from bench.watcher import Watcher


class Counting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    status, version, asked = 200, "v1", 0

    def do_GET(self):
        type(self).asked += 1
        self.send_response(self.status)
        self.send_header("X-App-Version", self.version)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_args):
        pass


@pytest.fixture
def server():
    handler = type("Handler", (Counting,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield handler, server.server_address[1]
    server.shutdown()
    server.server_close()


def run(port: int) -> load.Throughput:
    return asyncio.run(load.run("127.0.0.1", port, "/", connections=3, seconds=0.2))


def test_the_load_counts_what_the_server_answered(server):
    handler, port = server
    reached = run(port)
    assert reached.requests == handler.asked > 3
    assert reached.per_second == pytest.approx(reached.requests / reached.seconds)


def test_an_error_is_no_throughput(server):
    handler, port = server
    handler.status = 500
    with pytest.raises(load.LoadError, match="500"):
        run(port)


def test_the_watcher_tells_when_a_version_answered_first(server):
    handler, port = server
    with Watcher(f"http://127.0.0.1:{port}", "/") as watcher:
        seen = watcher.first("v1", 0.0)
        handler.version = "v2"
        changed = watcher.first("v2", seen)
    assert changed > seen


def test_what_a_part_found_is_written_with_its_targets(tmp_path):
    found = figures.Result([figures.Figure("start", 1.5, "s")], [figures.Target("starts within 1 s", False, "1.5 s")])
    figures.write("cluster", found, tmp_path / "new" / "cluster.json")
    written = json.loads((tmp_path / "new" / "cluster.json").read_text())
    assert written["part"] == "cluster"
    assert [(entry["name"], entry["value"], entry["unit"]) for entry in written["figures"]] == [("start", 1.5, "s")]
    assert [(entry["reached"], entry["found"]) for entry in written["targets"]] == [(False, "1.5 s")]


def test_a_part_that_does_not_exist_is_refused_with_those_that_do(capsys):
    assert main(["nonsense"]) != 0
    said = capsys.readouterr().err
    assert "there is no benchmark nonsense" in said
    assert all(name in " ".join(said.split()) for name in PARTS)


def test_the_memory_of_children_counts():
    alone = memory.of_tree(os.getpid())
    script = "import sys; block = bytearray(64 * 2**20); print('ready', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        assert memory.of_tree(os.getpid()) > alone + 60
        child.communicate()
