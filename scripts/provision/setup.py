"""What `up`, `down` and `status` do, in order."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cluster.client import Cluster
from cluster.settings import KIND_CONTEXT, REPOSITORY
from cluster.settings import registry as registry_of
from cluster.status import status_lines
from provision import docker, images, istio, kind, metrics_server, ports, report, staging, tools
from provision.errors import ProvisionError
from provision.helm import Helm
from provision.steps import Steps
from provision.versions import load

DEFAULT_PORT = 8080
STATE = REPOSITORY / ".tools"


@dataclass(frozen=True)
class Wishes:
    """What a user may choose, by the names that it has in the environment.

    Attributes:
        port: port of this machine at which kind's gateway answers.
        node: image of kind's node.
        registry: prefix of the shop's images, empty to load them into kind's node.
        istio: what replaces Istio's public charts and adds to its values.
        metrics_server: what replaces metrics-server's public chart.
        install_istio: whether Istio is installed on a cluster that is not kind's.
        observability: what lets the platform be seen, empty for what is usual.
    """

    port: int
    node: str
    registry: str
    istio: istio.Source
    metrics_server: str
    install_istio: bool
    observability: str = ""

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Wishes:
        """Return what the environment says.

        Raises:
            ProvisionError: a port is no number.
            ClusterError: a registry cannot be one.
        """
        port = environ.get("GATEWAY_PORT") or str(DEFAULT_PORT)
        if not port.isdecimal():
            raise ProvisionError(f"GATEWAY_PORT={port} is no port: choose one between 1024 and 65535")
        return cls(
            port=int(port),
            node=environ.get("KIND_NODE_IMAGE") or load().node,
            registry=registry_of(environ),
            istio=istio.Source(environ.get("ISTIO_CHARTS", ""), environ.get("ISTIO_VALUES", "")),
            metrics_server=environ.get("METRICS_SERVER_CHARTS", ""),
            install_istio=environ.get("INSTALL_ISTIO") == "1",
            observability=environ.get("OBSERVABILITY", ""),
        )


def up_kind(overlay: str, wishes: Wishes, steps: Steps) -> None:
    """Make the cluster and put everything on it.

    Raises:
        ProvisionError: something is missing on this machine, or a program failed.
        ClusterError: something on the cluster did not become ready.
    """
    check_machine(wishes)
    own = kind.Kind()
    with _alone(STATE, steps):
        with steps.step(f"kind cluster {kind.NAME}") as step:
            step.outcome = own.ensure(kind.rendered(wishes.node, wishes.port))
            cluster = kind.connect(own.kubeconfig)
            own.await_node(cluster)
        with cluster:
            _provide_images(wishes, steps, own.kubeconfig.parent)
            helm = Helm(str(own.kubeconfig), KIND_CONTEXT)
            metrics_server.install(cluster, helm, steps, wishes.metrics_server)
            istio.install(cluster, helm, steps, wishes.istio, wishes.port)
            staging.put(cluster, overlay, steps, own_gateway=True, observability=wishes.observability)
            _tell(cluster, steps)


def up_context(overlay: str, kubeconfig: Path | None, context: str, wishes: Wishes, steps: Steps) -> None:
    """Put the platform on a cluster that is there, and on request Istio.

    Raises:
        ProvisionError: a program is missing or failed.
        ClusterError: the cluster is not to be touched, lacks something, or something did not become ready.
    """
    if wishes.install_istio and (missing := list(tools.problems(["helm"]))):
        raise ProvisionError(*missing)
    with Cluster.connect(kubeconfig, context) as cluster, _alone(STATE, steps):
        if wishes.install_istio:
            helm = Helm(cluster.settings.kubeconfig, cluster.name)
            istio.install(cluster, helm, steps, wishes.istio, None)
        staging.put(cluster, overlay, steps, own_gateway=wishes.install_istio, observability=wishes.observability)
        _tell(cluster, steps)


def down_kind(steps: Steps) -> None:
    """Delete kind's cluster and what this checkout keeps about it.

    Raises:
        ProvisionError: kind or Docker are missing, or the cluster was made elsewhere.
    """
    missing = list(tools.problems(["docker", "kind"]))
    if not missing and (silence := docker.silence()):
        missing.append(silence)
    if missing:
        raise ProvisionError(*missing)
    with _alone(STATE, steps), steps.step(f"kind cluster {kind.NAME}") as step:
        step.outcome = "deleted" if kind.Kind().delete() else "was not there"


def status(kubeconfig: Path | None, context: str, steps: Steps) -> None:
    """Tell what runs, and where it answers.

    Raises:
        ClusterError: the cluster does not answer, or the shop is not on it.
    """
    with Cluster.connect(kubeconfig, context) as cluster:
        for line in [*status_lines(cluster), "", *report.addresses(cluster)]:
            steps.say(line)


def check_machine(wishes: Wishes) -> None:
    """See that this machine has what a cluster of kind needs.

    Raises:
        ProvisionError: something is missing; all of it is told at once.
    """
    found = list(tools.problems(tools.TOOLS))
    if not any(problem.startswith("docker ") for problem in found):
        found += docker.problems(wishes.observability)
    if not found and kind.Kind().exists():  # then the port is its own
        return
    found += ports.problems(wishes.port)
    if found:
        raise ProvisionError(*found)


def _provide_images(wishes: Wishes, steps: Steps, folder: Path) -> None:
    with steps.step("images") as step:
        step.outcome = images.build(wishes.registry)
    if wishes.registry:
        with steps.step(f"images in {wishes.registry}") as step:
            step.outcome = images.push(wishes.registry, STATE / "pushed.json")
        return
    with steps.step("images in kind's node") as step:
        step.outcome = images.load(folder / "images.json")


def _tell(cluster: Cluster, steps: Steps) -> None:
    report.await_gateway(cluster.gateway_url)
    steps.say("The shop answers." if steps.changed else "The shop answers; nothing had to be changed.")
    for line in report.addresses(cluster):
        steps.say(line)


@contextmanager
def _alone(folder: Path, steps: Steps) -> Iterator[None]:
    """Hold a lock, so that two of these do not set up over each other."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "provision.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            steps.say("waiting for another set-up of this checkout")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
