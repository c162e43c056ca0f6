"""`python -m dev`: edit a service, and the embedded cluster answers with it a moment later; Ctrl-C ends it."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from cluster import Cluster
from cluster.errors import ClusterError, Unready
from cluster.manifests import render
from cluster.settings import EMBEDDED_KUBECONFIG, REPOSITORY
from cluster.stage import stage
from dev.embedded_cluster import StartError, running
from dev.saves import Saves, WatchError
from dev.session import Session, catalogue_of
from images.errors import ImagesError

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

app = typer.Typer(help=__doc__, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


@app.command()
def dev(
    overlay: Annotated[str, typer.Option(help="Folder of the overlay, or its name in k8s/overlays.")] = "embedded",
    state: Annotated[Path, typer.Option(help="State folder of the cluster.")] = EMBEDDED_KUBECONFIG.parent,
    services: Annotated[Path, typer.Option(help="What is watched: the services that a cluster started now runs.")] = (
        REPOSITORY / "services"
    ),
) -> None:
    """Replace the pods of a service whenever one of its files is saved."""
    for each in SIGNALS:
        signal.signal(each, _interrupt)
    folder = services.resolve()
    # A mistake in the manifests or in the catalogue is told before anything is started.
    render(overlay)
    catalogue_of(folder)
    try:
        with running(state, folder / "images.yaml"):
            _watch(overlay, state, folder)
    except KeyboardInterrupt:
        _say("ended")


def _watch(overlay: str, state: Path, folder: Path) -> None:
    with Cluster.connect(state / "kubeconfig") as cluster, Saves(folder) as saves:
        session = Session(cluster, overlay, folder, _say)
        while not _staged(cluster, overlay):
            session.carry_out(next(iter(saves)), saves)
        session.catch_up(saves)
        _say(f"watching {folder}: save a file, and {cluster.gateway_url} answers with it; Ctrl-C ends this")
        for burst in saves:
            session.carry_out(burst, saves)


def _staged(cluster: Cluster, overlay: str) -> bool:
    """Bring the cluster to what the overlay says; tell whether all of it runs: a service may be broken already."""
    try:
        stage(cluster, overlay, report=lambda change: _say(str(change)))
    except Unready as error:
        _say(f"{error}; the next save tries again")
        return False
    return True


def _say(line: str) -> None:
    typer.echo(line)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """End in good order; what is being put in order is not disturbed by a second signal."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def main() -> None:
    """Run the command; what goes wrong is one line."""
    try:
        app()
    except (ClusterError, ImagesError, WatchError) as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None
    except StartError:
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
