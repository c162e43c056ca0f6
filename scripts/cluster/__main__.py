"""`python -m cluster`: render an overlay, bring a cluster to what it says, see what is there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
import yaml

from cluster.client import Cluster
from cluster.errors import ClusterError
from cluster.manifests import render as render_overlay
from cluster.stage import Change
from cluster.stage import stage as stage_overlay
from cluster.status import status_lines

Overlay = Annotated[str, typer.Argument(help="Folder of the overlay, or its name in k8s/overlays.")]
Kubeconfig = Annotated[Path | None, typer.Option(help="Kubeconfig; else KUBECONFIG, else the embedded cluster's.")]
Context = Annotated[str | None, typer.Option(help="Context in it; else KUBECONTEXT, else its current one.")]
Namespace = Annotated[str | None, typer.Option(help="Namespace; else NAMESPACE, else shop.")]
Timeout = Annotated[
    float | None,
    typer.Option(min=1, help="Seconds that each workload may take to become ready; else READY_DEADLINE, else 120."),
]

app = typer.Typer(
    help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


@app.command()
def stage(
    overlay: Overlay,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespace = None,
    timeout: Timeout = None,
) -> None:
    """Apply an overlay, prune what is not in it, and wait until all is ready; safe under traffic, and to repeat."""
    # A mistake in the manifests is told whether or not a cluster is there.
    render_overlay(overlay)
    with Cluster.connect(kubeconfig, context, namespace) as cluster:
        stage_overlay(cluster, overlay, report=_print_change, timeout=timeout)


@app.command()
def render(overlay: Overlay) -> None:
    """Print the objects of an overlay, as `kubectl kustomize` would."""
    typer.echo(yaml.safe_dump_all(render_overlay(overlay), sort_keys=True), nl=False)


@app.command()
def status(kubeconfig: Kubeconfig = None, context: Context = None, namespace: Namespace = None) -> None:
    """Show workloads, Services and how traffic is split."""
    with Cluster.connect(kubeconfig, context, namespace) as cluster:
        for line in status_lines(cluster):
            typer.echo(line)


def _print_change(change: Change) -> None:
    typer.echo(str(change))
    sys.stdout.flush()


def main() -> None:
    """Run a command; what goes wrong is one line."""
    try:
        app()
    except ClusterError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        typer.echo("interrupted; staging again goes on from here", err=True)
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
