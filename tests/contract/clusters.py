"""Which cluster is under test: what --cluster names, with the rules by which the scripts choose theirs."""

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from kubernetes import config

from cluster.client import Cluster
from cluster.errors import ClusterError
from cluster.settings import EMBEDDED_CONTEXT, KIND_PREFIX

ROOT = Path(__file__).resolve().parents[2]
KIND_KUBECONFIG = ROOT / ".kind" / "kubeconfig"
ADDRESSES = ("GATEWAY_URL", "PROMETHEUS_URL", "JAEGER_URL", "ELASTICSEARCH_URL", "GRAFANA_URL")
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


@contextmanager
def under_test(named, folder):
    """Lend the cluster that --cluster names; an embedded one is started for it.

    Args:
        named: see the option.
        folder: for the state of an embedded one.
    """
    if named != "embedded":
        try:
            found = existing(named)
        except ClusterError as error:
            pytest.exit(f"--cluster={named}: {error}", pytest.ExitCode.USAGE_ERROR)
        yield found
        return
    with pytest.MonkeyPatch.context() as environment:
        # It knows its own tools; what the user's environment names is another cluster's.
        for name in ADDRESSES:
            environment.delenv(name, raising=False)
        try:
            run_embedded("up", folder)
            yield ClusterUnderTest(str(folder / "kubeconfig"), EMBEDDED_CONTEXT, embedded=True)
        finally:
            run_embedded("down", folder)


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
