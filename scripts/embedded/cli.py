"""The command line of the embedded cluster."""

from __future__ import annotations

import logging
import logging.handlers
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn, TypeVar

import typer
from rich.console import Console

from embedded import launch, report
from embedded.state import DEFAULT_FOLDER, IMAGES, ClusterError, State

app = typer.Typer(
    help="A small Kubernetes for one machine, with a real Envoy and a real Prometheus.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Folder = Annotated[Path, typer.Option("--state", metavar="DIR", help="Folder for everything the cluster keeps.")]
T = TypeVar("T")
_out = Console(highlight=False, soft_wrap=True)
# The supervisor's log of some weeks; the one before is kept as well.
_LOG_SIZE = 5 * 1024 * 1024


@app.command()
def up(
    state: Folder = DEFAULT_FOLDER,
    images: Annotated[Path, typer.Option(metavar="FILE", help="Catalogue of the images there are.")] = IMAGES,
    foreground: Annotated[bool, typer.Option("--foreground", help="Stay until Ctrl-C.")] = False,
) -> None:
    """Start the cluster and wait until it is ready."""
    folder = State(state)
    if foreground:
        _attempt(lambda: _run(folder, images.absolute()))
        return
    title, addresses = _attempt(lambda: _start(folder, images.absolute()))
    report.print_addresses(_out, addresses, title)


@app.command()
def down(state: Folder = DEFAULT_FOLDER) -> None:
    """Stop the cluster; its state is kept."""
    stopped = _attempt(lambda: launch.stop(State(state)))
    _out.print("The cluster is stopped." if stopped else "The cluster was not running.")


@app.command()
def status(state: Folder = DEFAULT_FOLDER) -> None:
    """Show what runs and where it answers; exits with 1 if the cluster is not running."""
    folder = State(state)
    if launch.running(folder) is None:
        _fail(ClusterError(f"the cluster of {folder.folder} is not running: start it with `make up`"))
    _attempt(lambda: report.print_status(_out, folder))


@app.command()
def reset(state: Folder = DEFAULT_FOLDER) -> None:
    """Stop the cluster and delete its state."""
    folder = State(state)

    def stop_and_delete() -> None:
        launch.stop(folder)
        folder.delete()

    _attempt(stop_and_delete)
    _out.print(f"{folder.folder} is deleted.")


def _start(state: State, images: Path) -> tuple[str, dict[str, str]]:
    """Start the cluster unless it runs; return what to say and where everything answers."""
    try:
        return "The cluster is ready.", launch.start(state, images)
    except launch.AlreadyRunningError:
        launch.wait_until_ready(state)
        return f"The cluster was running already (process {launch.running(state)}).", report.read(state).addresses


def _run(state: State, images: Path) -> None:
    """Run the cluster in this process; tell whoever started it in the background how it went."""

    def ready(addresses: dict[str, str]) -> None:
        if not launch.report({"addresses": addresses}):
            report.print_addresses(_out, addresses, "The cluster is ready; Ctrl-C stops it.")

    state.prepare()
    _log_to(state.log)
    try:
        launch.run(state, images, ready)
    except ClusterError as error:
        logging.getLogger(__name__).error("%s", error)
        told = launch.report({"error": str(error), "running": isinstance(error, launch.AlreadyRunningError)})
        if not told:
            raise
        raise typer.Exit(1) from error


def _log_to(file: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(file, maxBytes=_LOG_SIZE, backupCount=1)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)


def _attempt(action: Callable[[], T]) -> T:
    try:
        return action()
    except ClusterError as error:
        _fail(error)


def _fail(error: ClusterError) -> NoReturn:
    """Say what is wrong in one line and exit with 1."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {error}", markup=False)
    sys.exit(1)
