"""A cluster of kind that belongs to this checkout: its kubeconfig lies here, and the user's own is left alone."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from string import Template

from cluster import wait
from cluster.client import CORE, Cluster
from cluster.errors import Unreachable, Unready
from cluster.settings import KIND_CONTEXT, KIND_KUBECONFIG, KIND_PREFIX
from cluster.transport import Json
from provision.errors import ProvisionError
from provision.programs import run

NAME = KIND_CONTEXT.removeprefix(KIND_PREFIX)
NODE = f"{NAME}-control-plane"
TEMPLATE = Path(__file__).with_name("kind.yaml")
# Starting Kubernetes' own pods, on a machine that is busy.
NODE_DEADLINE = 300.0
# The API server after its container was started again.
API_DEADLINE = 60.0


def rendered(image: str, port: int) -> str:
    """Return the configuration that the cluster is made from."""
    return Template(TEMPLATE.read_text()).substitute(image=image, port=port)


class Kind:
    """The checkout's cluster.

    Args:
        folder: where its files are kept.
    """

    def __init__(self, folder: Path = KIND_KUBECONFIG.parent) -> None:
        self._folder = folder
        self.kubeconfig = folder / "kubeconfig"
        self._config = folder / "cluster.yaml"
        # There from before a cluster is made until it is: what is found beside it is half of one.
        self._unfinished = folder / "unfinished"

    def exists(self) -> bool:
        """Tell whether kind has a cluster of that name."""
        return NAME in run(["kind", "get", "clusters"]).splitlines()

    def ensure(self, config: str) -> str:
        """Make the cluster, unless it is there; return what became of it.

        Raises:
            ProvisionError: there is one that this checkout did not make, or made from another configuration.
        """
        if self.exists() and not self._unfinished.exists():
            self._check_same(config)
            return self._wake()
        repaired = self._unfinished.exists()
        if repaired:
            self._delete()
        self._folder.mkdir(exist_ok=True)
        self._unfinished.touch()
        self._config.write_text(config)
        run(["kind", "create", "cluster", "--name", NAME, "--config", "-", *self._own_kubeconfig()], stdin=config)
        self._unfinished.unlink()
        return "made anew, for the last time was interrupted" if repaired else "created"

    def delete(self) -> bool:
        """Delete the cluster and all that this checkout keeps about it; tell whether there was anything.

        Raises:
            ProvisionError: the cluster was not made from here.
        """
        there = self.exists()
        if there and not self._is_ours():
            raise ProvisionError(_somebody_elses())
        was = there or self._folder.exists()
        self._delete()
        shutil.rmtree(self._folder, ignore_errors=True)
        return was

    def await_node(self, cluster: Cluster) -> None:
        """Wait until the node takes pods.

        Raises:
            ClusterError: it does not; says why.
        """
        nodes = cluster.collection(CORE, "nodes", None)

        def check() -> bool | None:
            found = nodes.list()
            return True if found and all(_not_ready(node) is None for node in found) else None

        def late() -> Exception:
            reasons = [each for node in nodes.list() if (each := _not_ready(node))]
            return Unready(f"node {NODE}", "NotReady", (reasons or ["there is no node"])[0])

        wait.until(check, [(nodes, None)], NODE_DEADLINE, late)

    def _is_ours(self) -> bool:
        return self.kubeconfig.exists() or self._unfinished.exists()

    def _check_same(self, config: str) -> None:
        if not self._is_ours():
            raise ProvisionError(_somebody_elses())
        if not self._config.exists() or self._config.read_text() != config:
            raise ProvisionError(
                f"the kind cluster {NAME} was made with other ports or another node image, which cannot be changed:"
                " `make down CLUSTER=kind` first"
            )

    def _wake(self) -> str:
        """Start the node's container if it is stopped, as after a restart of Docker."""
        if run(["docker", "inspect", "--format", "{{.State.Running}}", NODE]).strip() == "true":
            return "unchanged"
        run(["docker", "start", NODE])
        return "started again"

    def _delete(self) -> None:
        run(["kind", "delete", "cluster", "--name", NAME, *self._own_kubeconfig()])
        self.kubeconfig.unlink(missing_ok=True)

    def _own_kubeconfig(self) -> list[str]:
        return ["--kubeconfig", str(self.kubeconfig)]


def connect(kubeconfig: Path, namespace: str | None = None) -> Cluster:
    """Connect to the cluster; one that was just started may take a while to answer.

    Raises:
        ClusterError: it does not answer.
    """
    deadline = time.monotonic() + API_DEADLINE
    while True:
        try:
            return Cluster.connect(kubeconfig, KIND_CONTEXT, namespace)
        except Unreachable:
            if time.monotonic() > deadline:
                raise
            time.sleep(1)  # nothing can be watched where nobody answers


def _somebody_elses() -> str:
    return (
        f"there is a kind cluster {NAME} that was not made from this checkout: if it is nobody's,"
        f" `kind delete cluster --name {NAME}`"
    )


def _not_ready(node: Json) -> str | None:
    conditions = node.get("status", {}).get("conditions") or []
    ready: Json = next((each for each in conditions if each["type"] == "Ready"), {})
    return None if ready.get("status") == "True" else str(ready.get("message") or "it has not said anything yet")
