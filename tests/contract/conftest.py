"""A cluster behind a kubeconfig: the embedded one, started here, or whatever --cluster names."""

import os
import shutil
import subprocess
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest
from kubernetes import client, config

ROOT = Path(__file__).resolve().parents[2]
DEADLINE = 60


@dataclass(frozen=True)
class ClusterUnderTest:
    """A cluster, and whether it is the embedded one."""

    kubeconfig: Path
    embedded: bool


def run_embedded(verb, state):
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'scripts'}{os.pathsep}{ROOT / 'services'}"}
    command = [sys.executable, "-m", "embedded", verb, "--state", str(state)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def cluster(request, tmp_path_factory):
    named = request.config.getoption("--cluster")
    if named != "embedded":
        yield ClusterUnderTest(Path(named), embedded=False)
        return
    state = tmp_path_factory.mktemp("cluster")
    try:
        run_embedded("up", state)
        yield ClusterUnderTest(state / "kubeconfig", embedded=True)
    finally:
        run_embedded("down", state)


@pytest.fixture(scope="session")
def api_client(cluster):
    with config.new_client_from_config(str(cluster.kubeconfig)) as opened:
        yield opened


@pytest.fixture
def namespace(api_client):
    core = client.CoreV1Api(api_client)
    name = f"contract-{uuid.uuid4().hex[:8]}"
    core.create_namespace({"metadata": {"name": name}})
    yield name
    core.delete_namespace(name)


class Kubectl:
    """kubectl in one namespace."""

    def __init__(self, kubeconfig, namespace, folder):
        self.folder = folder
        # Not the user's own settings: colours, an editor, another cluster.
        self._environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "KUBECONFIG": str(kubeconfig)}
        self._namespace = namespace

    def process(self, *arguments, **environment):
        return subprocess.Popen(
            ["kubectl", "-n", self._namespace, *arguments],
            env={**self._environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments, stdin="", **environment):
        return subprocess.run(
            ["kubectl", "-n", self._namespace, *arguments],
            env={**self._environment, **environment},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )

    def __call__(self, *arguments, stdin="", **environment):
        done = self.run(*arguments, stdin=stdin, **environment)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def fails(self, *arguments, stdin=""):
        done = self.run(*arguments, stdin=stdin)
        assert done.returncode != 0, done.stdout
        return done.stderr


@pytest.fixture
def kubectl(cluster, namespace, tmp_path):
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    return Kubectl(cluster.kubeconfig, namespace, tmp_path)
