"""The release command: ``python -m delivery release order --image order:v2 --strategy canary``."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from cluster import endpoints
from cluster.client import Cluster
from cluster.errors import ClusterError
from cluster.routing import Router
from delivery import command
from delivery.copies import images, template_labels
from delivery.errors import DeliveryError
from delivery.journal.release import find_release
from delivery.judgement import Outcome
from delivery.plan import Plan, read_plan, with_weights
from delivery.rollout import STRATEGIES, Rollout
from delivery.steps import Step

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

Service = Annotated[str, typer.Argument(help="Service under release, such as order")]
Context = Annotated[str | None, typer.Option(help="context of the kubeconfig")]
Kubeconfig = Annotated[str | None, typer.Option(help="kubeconfig; by default KUBECONFIG, then the embedded cluster's")]
Namespace = Annotated[str | None, typer.Option(help="namespace, by default NAMESPACE, then shop")]

PROMOTED, ROLLED_BACK, TROUBLE = 0, 1, 2


@app.command()
def release(
    service: Service,
    image: Annotated[str, typer.Option(help="image of the new version, such as order:v2")],
    strategy: Annotated[str, typer.Option(help=f"{', '.join(STRATEGIES)}")] = "canary",
    plan: Annotated[Path | None, typer.Option(help="YAML file with the plan, by default what the Service says")] = None,
    weights: Annotated[
        str | None, typer.Option(help="shares of the users in percent, as in 5,20,50, instead of the plan's")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="tell what would happen, and change nothing")] = False,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespace = None,
) -> None:
    """Release an image; exit status 0 if it was promoted, 1 if it was rolled back, 2 if it could not be tried."""
    chosen = _plan(plan, weights)
    with Cluster.connect(kubeconfig, context, namespace) as cluster:
        rollout = Rollout(cluster, service, strategy, on_step=_tell, plan=chosen)
        if dry_run:
            typer.echo("\n".join(rollout.preview(image)))
            return
        outcome, reason = command.release(rollout, image)
    typer.echo(f"{outcome}: {reason}")
    raise typer.Exit(PROMOTED if outcome is Outcome.PROMOTED else ROLLED_BACK)


@app.command()
def abort(
    service: Service, kubeconfig: Kubeconfig = None, context: Context = None, namespace: Namespace = None
) -> None:
    """End a release that is under way, whoever began it: all users back on the old version."""
    with Cluster.connect(kubeconfig, context, namespace) as cluster:
        outcome = Rollout.adopt(cluster, service, on_step=_tell).abort("asked for on the command line")
    typer.echo(str(outcome))


@app.command()
def status(
    service: Service, kubeconfig: Kubeconfig = None, context: Context = None, namespace: Namespace = None
) -> None:
    """Show where the users of a Service are, and which release is under way."""
    with Cluster.connect(kubeconfig, context, namespace) as cluster:
        selector = cluster.services.get(service)["spec"]["selector"]
        found = find_release(cluster, service)
        typer.echo(f"selector  {_pairs(selector)}")
        typer.echo(f"weights   {_pairs(Router(cluster).weights(service))}")
        typer.echo(f"serving   {', '.join(sorted(endpoints.serving_pods(cluster, service))) or 'no pod'}")
        for deployment in cluster.deployments.list({"app": service}):
            version = template_labels(deployment).get("version", "?")
            ready = deployment.get("status", {}).get("readyReplicas", 0)
            runs = ", ".join(sorted(set(images(deployment).values())))
            typer.echo(f"runs      {deployment['metadata']['name']}: {version}, {ready} ready, {runs}")
        typer.echo(f"release   {f'{found.strategy} to {found.image} since {found.started}' if found else 'none'}")


def _plan(path: Path | None, weights: str | None) -> Plan | None:
    """Return the plan that the command line asks for, None for what the Service says."""
    plan = None if path is None else read_plan(path)
    return plan if weights is None else with_weights(plan or Plan(), weights)


def _tell(step: Step) -> None:
    details = " ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in step.details.items())
    typer.echo(f"{step.ended - step.started:6.1f} s  {step.name}  {details}")


def _pairs(values: dict[str, str] | dict[str, int]) -> str:
    return ", ".join(f"{key}={value}" for key, value in values.items())


def _stop(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def main() -> None:
    """Run the command line; what goes wrong is one line and exit status 2."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        app()
    except (ClusterError, DeliveryError) as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(TROUBLE)


if __name__ == "__main__":
    main()
