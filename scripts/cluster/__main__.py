"""`python -m cluster`: render an overlay, bring a cluster to what it says, see what is there."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
import yaml

from cluster import secrets as own_secrets
from cluster.client import Cluster
from cluster.errors import ClusterError
from cluster.manifests import render as render_overlay
from cluster.permissions import UnfitError, check_fit
from cluster.settings import registry
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
        check_fit(cluster, render_overlay(overlay, cluster.namespace, cluster.settings.registry))
        stage_overlay(cluster, overlay, report=_print_change, timeout=timeout)


@app.command()
def render(overlay: Overlay, namespace: Namespace = None) -> None:
    """Print the objects of an overlay, as `kubectl kustomize` would; IMAGE_REGISTRY goes before the shop's images."""
    objects = render_overlay(overlay, namespace or os.environ.get("NAMESPACE"), registry(os.environ))
    typer.echo(yaml.safe_dump_all(objects, sort_keys=True), nl=False)


@app.command()
def secrets(
    overlay: Overlay, kubeconfig: Kubeconfig = None, context: Context = None, namespace: Namespace = None
) -> None:
    """Make the Secrets that an overlay needs and that are not there yet; what is in them is never shown."""
    render_overlay(overlay)
    with Cluster.connect(kubeconfig, context, namespace) as cluster:
        own_secrets.ensure(cluster, render_overlay(overlay, cluster.namespace), report=_print_change)


@app.command()
def permissions(
    overlay: Overlay, kubeconfig: Kubeconfig = None, context: Context = None, namespace: Namespace = None
) -> None:
    """See that the cluster has what an overlay and releases on it need, rights included; changes nothing."""
    render_overlay(overlay)
    with Cluster.connect(kubeconfig, context, namespace) as cluster:
        check_fit(cluster, render_overlay(overlay, cluster.namespace))
        typer.echo(f"cluster {cluster.name} has all that {overlay} in namespace {cluster.namespace} needs")


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
    except UnfitError as error:
        for problem in error.problems:
            typer.echo(f"error: {problem}", err=True)
        raise SystemExit(1) from None
    except ClusterError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        typer.echo("interrupted; staging again goes on from here", err=True)
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
