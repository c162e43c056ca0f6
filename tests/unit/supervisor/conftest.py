"""Whole clusters as a user starts them: through the command line, with real Envoy, Prometheus and pods."""

import contextlib
import json
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from embedded import launch, orphans
from embedded.mesh.mesh import envoy_binary
from embedded.prometheus import prometheus_binary
from embedded.state import REPOSITORY, State

DEADLINE = 60
SERVER = """
import http.server, os, subprocess
if os.environ.get("CHILD"):
    subprocess.Popen(["sleep", "600"])
address = os.environ["HTTP_HOST"], int(os.environ["HTTP_PORT"])
http.server.ThreadingHTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def wait_until(condition):
    """Wait for something that another process does."""
    deadline = time.monotonic() + DEADLINE
    while not (found := condition()):
        assert time.monotonic() < deadline, "the deadline has passed"
        time.sleep(0.02)
    return found


class ClusterUnderTest:
    """A cluster on a state folder of its own."""

    def __init__(self, folder: Path, images: Path) -> None:
        self.state = State(folder)
        self.images = images
        self.seen: set[int] = set()

    def popen(self, *words, **more):
        command = [sys.executable, "-m", "embedded", *words, "--state", str(self.state.folder)]
        env = {**os.environ, "PYTHONPATH": str(REPOSITORY / "scripts"), **more.pop("env", {})}
        return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, **more)

    def command(self, *words, **more):
        """Run a command to its end."""
        process = self.popen(*words, **more)
        out, err = process.communicate(timeout=DEADLINE)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def up(self):
        done = self.command("up", "--images", str(self.images))
        assert done.returncode == 0, done.stderr
        return done.stdout

    @property
    def supervisor(self):
        return launch.running(self.state)

    @property
    def guardian(self):
        return json.loads(self.state.status.read_text())["processes"]["guardian"]

    def process(self, name):
        return json.loads(self.state.status.read_text())["processes"][name]

    def children(self):
        """Return all processes of the cluster but supervisor and guardian."""
        return {*orphans._written_down(self.state.processes), *orphans._marked(str(self.state.folder))}

    def request(self, path, body=None, token=None):
        config = yaml.safe_load(self.state.kubeconfig.read_text())
        token = config["users"][0]["user"]["token"] if token is None else token
        context = ssl.create_default_context(cafile=str(self.state.folder / "tls" / "ca.crt"))
        request = urllib.request.Request(
            config["clusters"][0]["cluster"]["server"] + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )
        with urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        ).open(request, timeout=DEADLINE) as answer:
            return json.load(answer)

    def create_pod(self, name="web", probe="http", **container):
        container |= {"name": "main", "image": "server:v1", "ports": [{"name": "http", "containerPort": 8080}]}
        if probe:
            container["readinessProbe"] = {"tcpSocket": {"port": probe}}
        meta = {"name": name, "namespace": "default", "labels": {"app": name}}
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container]}}
        self.request("/api/v1/namespaces/default/pods", body)
        self.ready_pod(name)

    def create_service(self, name):
        ports = [{"name": "http", "port": 8080, "targetPort": "http"}]
        body = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": "default"}}
        self.request(
            "/api/v1/namespaces/default/services", body | {"spec": {"selector": {"app": name}, "ports": ports}}
        )

    def pod(self, name="web"):
        return self.request(f"/api/v1/namespaces/default/pods/{name}")

    def ready_pod(self, name="web"):
        def ready():
            conditions = self.pod(name)["status"].get("conditions", [])
            return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)

        wait_until(ready)
        return self.pod(name)

    def end(self):
        with contextlib.suppress(Exception):
            self.command("down")
        left = self.children()
        orphans.end_all(self.state.processes, str(self.state.folder))
        assert not left


@pytest.fixture
def images(tmp_path):
    """Write a catalogue with one small server."""
    server = tmp_path / "server.py"
    server.write_text(SERVER)
    file = tmp_path / "images.yaml"
    services = {"server": {"command": ["python", "-S", str(server)]}}
    file.write_text(yaml.safe_dump({"services": services, "images": [{"name": "server", "tag": "v1"}]}))
    return file


@pytest.fixture
def make_cluster(tmp_path, images):
    """Make clusters that are stopped at the end of the test."""
    for find in (envoy_binary, prometheus_binary):
        try:
            find()
        except FileNotFoundError as error:
            pytest.skip(str(error))
    made = []

    def make(name="state"):
        made.append(ClusterUnderTest(tmp_path / name, images))
        return made[-1]

    yield make
    for cluster in made:
        cluster.end()


@pytest.fixture
def cluster(make_cluster):
    return make_cluster()


@pytest.fixture(scope="session")
def until():
    return wait_until
