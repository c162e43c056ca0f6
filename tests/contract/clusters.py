"""Which cluster is under test: what --cluster names, with the rules by which the scripts choose theirs."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from kubernetes import config

from cluster.client import Cluster
from cluster.errors import ClusterError
from cluster.settings import KIND_PREFIX

ROOT = Path(__file__).resolve().parents[2]
KIND_KUBECONFIG = ROOT / ".kind" / "kubeconfig"
USER_KUBECONFIG = Path.home() / ".kube" / "config"


@dataclass(frozen=True)
class ClusterUnderTest:
    """A cluster behind a kubeconfig.

    Attributes:
        kubeconfig: path, or several joined as in KUBECONFIG.
        context: context in it.
        embedded: whether it is the embedded one; tests never ask, they ask the table of differences.
    """

    kubeconfig: str
    context: str
    embedded: bool

    def connect(self, namespace):
        """Return the cluster as the scripts see it."""
        return Cluster.connect(self.kubeconfig, self.context, namespace)


def run_embedded(verb, state):
    """Start or stop an embedded cluster."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'scripts'}{os.pathsep}{ROOT / 'services'}"}
    command = [sys.executable, "-m", "embedded", verb, "--state", str(state)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def existing(named, environ=os.environ):
    """Return the cluster that --cluster names; it answers, and it is one that the tests may touch.

    Raises:
        ClusterError: it is not known, not confirmed, or does not answer.
    """
    kubeconfig, context = _chosen(named, environ)
    with Cluster.connect(kubeconfig, context, "contract-*") as found:
        return ClusterUnderTest(found.settings.kubeconfig, found.name, embedded=False)


def _chosen(named, environ):
    context = environ.get("KUBECONTEXT") or None
    if named == "kind":
        kubeconfig = KIND_KUBECONFIG if KIND_KUBECONFIG.exists() else environ.get("KUBECONFIG") or USER_KUBECONFIG
        return kubeconfig, context or _only_kind(str(kubeconfig))
    if named == "context":
        return environ.get("KUBECONFIG") or USER_KUBECONFIG, context
    return named, context


def _only_kind(kubeconfig):
    try:
        contexts, _current = config.list_kube_config_contexts(kubeconfig)
    except config.ConfigException as error:
        raise ClusterError(f"no kind cluster is known: `make up CLUSTER=kind` starts one ({error})") from error
    found = [each["name"] for each in contexts if each["name"].startswith(KIND_PREFIX)]
    if len(found) != 1:
        raise ClusterError(f"kubeconfig {kubeconfig} has {len(found)} contexts {KIND_PREFIX}*: set KUBECONTEXT")
    return found[0]
