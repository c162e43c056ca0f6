"""`python -m provision`: set up a real Kubernetes with Istio and the shop on it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console

from cluster.errors import ClusterError
from cluster.permissions import UnfitError
from provision import setup
from provision.errors import ProvisionError
from provision.steps import Steps

Overlay = Annotated[str, typer.Option(help="Folder of the overlay, or its name in k8s/overlays.")]
Kubeconfig = Annotated[Path | None, typer.Option(help="Kubeconfig; else KUBECONFIG, else kubectl's own.")]
Context = Annotated[str | None, typer.Option(help="Use the cluster of this context instead of kind; else KUBECONTEXT.")]
OnKind = Annotated[bool, typer.Option("--kind", help="Use a cluster of kind that belongs to this checkout.")]
# A shell says 128 plus its number when a signal ended a program.
SIGNALLED = 128
SIGNALS = (signal.SIGINT, signal.SIGTERM)

app = typer.Typer(
    help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


@app.command()
def up(
    on_kind: OnKind = False, kubeconfig: Kubeconfig = None, context: Context = None, overlay: Overlay = "kind"
) -> None:
    """Set everything up; what is there already stays as it is."""
    wishes = setup.Wishes.read(os.environ)
    if on_kind:
        setup.up_kind(overlay, wishes, _steps())
    else:
        setup.up_context(overlay, kubeconfig, _named(context), wishes, _steps())


@app.command()
def down(on_kind: OnKind = False) -> None:
    """Delete kind's cluster; any other is not ours to delete."""
    if not on_kind:
        raise ProvisionError(
            "only kind's cluster is deleted from here: `kubectl delete namespace` takes the shop off any other"
        )
    setup.down_kind(_steps())


@app.command()
def status(kubeconfig: Kubeconfig = None, context: Context = None) -> None:
    """Show what runs, and where it answers."""
    setup.status(kubeconfig, _named(context), _steps())


@app.command()
def check() -> None:
    """See that this machine has what a cluster of kind needs; changes nothing."""
    setup.check_machine(setup.Wishes.read(os.environ))
    _steps().say("this machine has what a cluster of kind needs")


def _named(context: str | None) -> str:
    """Return the context that was named: whatever kubectl points at is never taken by accident."""
    named = context or os.environ.get("KUBECONTEXT")
    if not named:
        raise ProvisionError("name the cluster: KUBECONTEXT=... (`kubectl config get-contexts` lists them)")
    return named


def _steps() -> Steps:
    return Steps(Console(highlight=False, soft_wrap=True))


def _stop(number: int, _frame: FrameType | None) -> None:
    """End, with whatever program is running; a second signal must not disturb that."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    typer.echo("interrupted; the same command again goes on from here", err=True)
    sys.exit(SIGNALLED + number)


def main() -> None:
    """Run a command; what goes wrong is one line for each thing."""
    for each in SIGNALS:
        signal.signal(each, _stop)
    try:
        app()
    except (ProvisionError, UnfitError) as error:
        for line in getattr(error, "output", ()):
            typer.echo(f"  {line}", err=True)
        for problem in error.problems:
            typer.echo(f"error: {problem}", err=True)
        raise SystemExit(1) from None
    except ClusterError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
