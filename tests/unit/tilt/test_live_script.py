"""scripts/dev/live.sh, run as a container would: what was copied in is run after the server ended, and only then."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

SCRIPT = (Path(__file__).resolve().parents[3] / "scripts" / "dev" / "live.sh").read_text()
PATIENCE = 20.0
SERVER = """
import signal, sys, time
from service import words
signal.signal(signal.SIGTERM, lambda *_: (print("drained", words, flush=True), sys.exit(0)))
print("serves", words, flush=True)
while True:
    time.sleep(0.05)
"""


class Container:
    """A container in a folder: /app, the copy of it, and what process 1 says."""

    def __init__(self, folder):
        self.folder = folder
        self.copy = folder / "tmp" / "live"
        package = folder / "app" / "service"
        (package / "__pycache__").mkdir(parents=True)
        (folder / "tmp").mkdir()
        (package / "__init__.py").write_text("")
        (package / "words.py").write_text("")
        (package / "__pycache__" / "words.pyc").write_text("of the image")
        self.write(folder / "app", "old")
        self.log = folder / "log"

    def write(self, root, words):
        (root / "service" / "__init__.py").write_text(f"words = {words!r}\n")

    def start(self):
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "LIVE_APP": str(self.folder / "app"),
            "LIVE_COPY": str(self.copy),
            "LIVE_SERVER": str(self.folder / "tmp" / "server"),
        }
        command = ["sh", "-c", SCRIPT, "live", sys.executable, "-c", SERVER]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)

    def end_server(self):
        """Do what Tilt runs in the container after it has copied files."""
        subprocess.run(["sh", "-c", f"kill $(cat {self.folder}/tmp/server)"], check=True)

    def said(self, line, times=1):
        deadline = time.monotonic() + PATIENCE
        while self.log.read_text().splitlines().count(line) < times:
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)


@pytest.fixture
def container(tmp_path):
    found = Container(tmp_path)
    found.start()
    yield found
    if found.process.poll() is None:
        os.killpg(found.process.pid, signal.SIGKILL)
    found.process.wait()


def test_what_was_copied_in_is_run_when_the_server_has_ended(container):
    container.said("serves old")
    container.write(container.copy, "new")
    container.end_server()
    container.said("drained old")
    container.said("serves new")


def test_bytecode_of_the_image_is_left_out(container):
    container.said("serves old")
    assert (container.copy / "service" / "words.py").exists()
    assert not list(container.copy.rglob("__pycache__"))


def test_a_broken_file_is_tried_again_until_it_is_mended(container):
    container.said("serves old")
    (container.copy / "service" / "__init__.py").write_text("def broken(:\n")
    container.end_server()
    container.said("SyntaxError: invalid syntax", times=2)
    container.write(container.copy, "mended")
    container.said("serves mended")


def test_the_end_of_the_pod_drains_and_leaves_nothing(container):
    container.said("serves old")
    container.process.send_signal(signal.SIGTERM)
    assert container.process.wait(PATIENCE) == 0
    container.said("drained old")
    with pytest.raises(ProcessLookupError):
        os.killpg(container.process.pid, 0)


def test_a_container_that_is_started_again_runs_what_was_copied_in(container):
    container.said("serves old")
    container.write(container.copy, "new")
    os.killpg(container.process.pid, signal.SIGKILL)
    container.process.wait()
    container.start()
    container.said("serves new")
