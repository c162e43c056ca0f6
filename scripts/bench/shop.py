"""A shop on an embedded cluster of a benchmark's own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cluster import Cluster

OVERLAY = "k8s/overlays/embedded"
NAMESPACE = "shop"


@contextmanager
def running(state: Path) -> Iterator[float]:
    """Run a cluster with an empty state and yield how many seconds it took to start.

    Args:
        state: state folder; it is deleted before and afterwards.

    Raises:
        CalledProcessError: it does not start.
    """
    run("embedded", "reset", "--state", str(state))
    begun = time.perf_counter()
    run("embedded", "up", "--state", str(state))
    try:
        yield time.perf_counter() - begun
    finally:
        run("embedded", "reset", "--state", str(state))


@contextmanager
def connected(state: Path) -> Iterator[Cluster]:
    """Yield the cluster behind a state folder."""
    with Cluster.connect(kubeconfig=state / "kubeconfig", namespace=NAMESPACE) as cluster:
        yield cluster


def stage(state: Path, ending: str = "") -> None:
    """Put the shop on a cluster and wait for it.

    Args:
        state: folder of the cluster.
        ending: what the overlay's name ends in: ``-blue-green``.

    Raises:
        CalledProcessError: it does not become ready.
    """
    run("cluster", "stage", OVERLAY + ending, "--kubeconfig", str(state / "kubeconfig"))


def run(module: str, *arguments: str) -> None:
    """Run a module of this project, without its output.

    Raises:
        CalledProcessError: it fails.
    """
    subprocess.run([sys.executable, "-m", module, *arguments], check=True, stdout=subprocess.DEVNULL)
