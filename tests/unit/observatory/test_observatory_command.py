"""The command line: what is wrong is said in one line."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from embedded.state import REPOSITORY

ENV = {**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts")}
DEADLINE = 30


def command(*words):
    return [sys.executable, "-m", "embedded.observatory", *map(str, words)]


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def free():
    """An address that nobody had a moment ago: the next one to a taken one may be somebody's, too."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{listener.getsockname()[1]}"


def refused(*words):
    done = subprocess.run(command(*words), env=ENV, capture_output=True, text=True, timeout=DEADLINE, check=False)
    assert done.returncode != 0
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize("listen", ["here", "127.0.0.1", "127.0.0.1:http", ":80", "127.0.0.1:70000"])
def test_a_wrong_address(tmp_path, listen):
    assert f"--listen must be HOST:PORT, not {listen}" in refused("--listen", listen, "--folder", tmp_path)


def test_an_address_in_use(tmp_path, taken):
    assert "in use" in refused("--listen", taken, "--folder", tmp_path)


def test_a_folder_that_is_none(tmp_path):
    (tmp_path / "file").touch()
    assert "file" in refused("--listen", "127.0.0.1:0", "--folder", tmp_path / "file")


@pytest.mark.parametrize("content", [None, "", "a: [", "clusters: []"])
def test_a_kubeconfig_that_is_none(tmp_path, content):
    file = tmp_path / "kubeconfig"
    if content is not None:
        file.write_text(content)
    said = refused("--listen", "127.0.0.1:0", "--folder", tmp_path / "own", "--kubeconfig", file)
    assert str(file) in said


def test_it_ends_when_told_and_keeps_what_it_has(tmp_path, free):
    address = free
    process = subprocess.Popen(command("--listen", address, "--folder", tmp_path), env=ENV, stderr=subprocess.PIPE)
    try:
        answered(address, process)
        body = b'{"text": "kept"}'
        with urllib.request.urlopen(f"http://{address}/api/annotations", body, timeout=DEADLINE) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == 0
    finally:
        process.kill()
        process.communicate()
    assert (tmp_path / "annotations.db").exists()


def answered(address, process):
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            with urllib.request.urlopen(f"http://{address}/readyz", timeout=DEADLINE) as answer:
                return answer.status
        except urllib.error.URLError:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
