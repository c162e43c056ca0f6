"""The release command: ``deliver release order --image order:v2 --strategy canary``."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from cluster.client import Cluster
from cluster.errors import ClusterError
from delivery import asking, command, in_cluster, overview
from delivery.errors import DeliveryError
from delivery.judgement import Outcome
from delivery.planning.plan import Plan, read_plan, with_weights
from delivery.preview import preview
from delivery.record import Record
from delivery.rollout import STRATEGIES, Rollout
from delivery.steps import Step

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

Service = Annotated[str, typer.Argument(help="Service under release, such as order")]
Context = Annotated[str | None, typer.Option(help="context of the kubeconfig")]
Kubeconfig = Annotated[str | None, typer.Option(help="kubeconfig; by default KUBECONFIG, then the embedded cluster's")]
Namespace = Annotated[str | None, typer.Option(help="namespace, by default NAMESPACE, then shop")]
Json = Annotated[bool, typer.Option("--json", help="as JSON")]
Reason = Annotated[str, typer.Option(help="why, for the history")]

EXITS = {Outcome.PROMOTED: 0, Outcome.ROLLED_BACK: 1, Outcome.HANDED_OVER: 3}
TROUBLE = 2


@app.command()
def release(
    service: Service,
    image: Annotated[str, typer.Option(help="image of the new version, such as order:v2 or order:v2@sha256:...")],
    strategy: Annotated[str, typer.Option(help=f"{', '.join(STRATEGIES)}")] = "canary",
    plan: Annotated[Path | None, typer.Option(help="YAML file with the plan, by default what the Service says")] = None,
    weights: Annotated[
        str | None, typer.Option(help="shares of the users in percent, as in 5,20,50, instead of the plan's")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="tell what would happen, and change nothing")] = False,
    verify: Annotated[bool, typer.Option(help="smoke requests before the first user")] = True,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on with a dead release of this image, if there is one")
    ] = False,
    identity: Annotated[
        str, typer.Option("--id", envvar="RELEASE_ID", help="with --resume: one that has ended is not begun again")
    ] = "",
    report: Annotated[Path | None, typer.Option(help="JSON file that tells each step, the outcome and why")] = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespace = None,
) -> None:
    """Release an image; exit status 0 if promoted, 1 if rolled back, 2 if it could not be tried, 3 if handed over."""
    chosen = _plan(plan, weights)
    with (
        Record(report, service=service, image=image, strategy=strategy) as record,
        Cluster.connect(kubeconfig, context, namespace) as cluster,
    ):
        tell = record.beside(_tell)
        if resume and identity and (end := asking.ended(cluster, service, identity)):
            _exit(end)
        if resume and asking.left_behind(cluster, service, image):
            end = command.resume(Rollout.resume(cluster, service, on_step=tell))
        else:
            rollout = Rollout(cluster, service, strategy, on_step=tell, plan=chosen, identity=identity)
            if dry_run:
                raise typer.Exit(_preview(rollout, image))
            end = command.release(rollout, image, verify)
        record.end(*end)
    _exit(end)


@app.command()
def resume(
    service: Service,
    back: Annotated[bool, typer.Option("--abort", help="go back instead of on")] = False,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespace = None,
) -> None:
    """Go on with a release whose process died, from wherever it was; exit status as for a release."""
    with Cluster.connect(kubeconfig, context, namespace) as cluster:
        rollout = Rollout.resume(cluster, service, on_step=_tell)
        end = command.go_back(rollout, "resumed to go back") if back else command.resume(rollout)
    _exit(end)


@app.command()
def abort(
    service: Service,
    reason: Reason = "asked for on the command line",
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespace = None,
) -> None:
    """Bring all users back to the old version, whoever began the release, be it alive or dead; exit status 0 if so."""
    with Cluster.connect(kubeconfig, context, namespace) as cluster:
        outcome = asking.abort(cluster, service, reason, on_step=_tell, say=typer.echo)
    typer.echo(outcome)
    raise typer.Exit(0 if outcome == Outcome.ROLLED_BACK else 1)


@app.command()
def status(
    service: Service,
    as_json: Json = False,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespace = None,
) -> None:
    """Show where the users of a Service are, which release is under way, how far it is and whether it is alive."""
    with Cluster.connect(kubeconfig, context, namespace) as cluster:
        found = overview.status(cluster, service)
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else "\n".join(overview.status_lines(found)))


@app.command()
def history(
    service: Service,
    as_json: Json = False,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespace = None,
) -> None:
    """Show how the last releases of a Service ended, the newest first."""
    with Cluster.connect(kubeconfig, context, namespace) as cluster:
        found = overview.history(cluster, service)
    typer.echo(json.dumps(found, indent=2, ensure_ascii=False) if as_json else "\n".join(overview.history_lines(found)))


@app.command()
def job(
    service: Service,
    image: Annotated[str, typer.Option(help="image of the new version, as the cluster gets it")],
    strategy: Annotated[str, typer.Option(help=f"{', '.join(STRATEGIES)}")] = "canary",
    weights: Annotated[str | None, typer.Option(help="shares of the users in percent instead of the plan's")] = None,
    verify: Annotated[bool, typer.Option(help="smoke requests before the first user")] = True,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    namespace: Namespace = None,
) -> None:
    """Let the cluster itself release an image, in a Job that goes on when its pod dies."""
    _plan(None, weights)
    options = [
        "--strategy",
        strategy,
        *(("--weights", weights) if weights else ()),
        *(() if verify else ("--no-verify",)),
    ]
    with Cluster.connect(kubeconfig, context, namespace) as cluster:
        name = in_cluster.send(cluster, service, image, options)
    typer.echo(f"job/{name} created: follow it with `kubectl logs -f job/{name}`, or with status {service}")


def _exit(end: command.End) -> None:
    outcome, reason = end
    typer.echo(f"{outcome}: {reason}")
    raise typer.Exit(EXITS[outcome])


def _plan(path: Path | None, weights: str | None) -> Plan | None:
    """Return the plan that the command line asks for, None for what the Service says."""
    plan = None if path is None else read_plan(path)
    return plan if weights is None else with_weights(plan or Plan(), weights)


def _preview(rollout: Rollout, image: str) -> int:
    """Tell what a release would do and take; return the exit status.

    Raises:
        DeliveryError: it would be refused.
    """
    release = rollout.intent(image)
    budget = rollout.budget(release)
    typer.echo("\n".join(preview(release, budget)))
    budget.check()
    return 0


def _tell(step: Step) -> None:
    details = " ".join(f"{key}={json.dumps(value, ensure_ascii=False)}" for key, value in step.details.items())
    typer.echo(f"{step.ended - step.started:6.1f} s  {step.name}  {details}")
    sys.stdout.flush()


def _stop(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def main() -> None:
    """Run the command line; what goes wrong is one line and exit status 2."""
    signal.signal(signal.SIGTERM, _stop)
    try:
        app(prog_name="deliver")
    except (ClusterError, DeliveryError) as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(TROUBLE)


if __name__ == "__main__":
    main()
