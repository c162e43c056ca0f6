"""`python -m drills`: run one drill or all of them against a cluster, and say what users saw."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from cluster.errors import ClusterError
from delivery.errors import DeliveryError
from drills import laboratory
from drills.blue_green import BlueGreen
from drills.blue_green_route import BlueGreenRoute
from drills.campaign import Campaign, Run
from drills.canary import Canary
from drills.chaos.catalogue import CHAOS, CHAOS_TWINS
from drills.console import picture, sentences, summary
from drills.experiment import Drill, DrillError
from drills.html.run import UnreadableError
from drills.html.site import draw
from drills.kills import command as kills_command
from drills.probes import ProbeError
from drills.twins import TWINS
from drills.users import users
from drills.verdict import PASSED

DRILLS: dict[str, Drill] = {drill.name: drill for drill in (BlueGreen(), BlueGreenRoute(), Canary())}
EVERY: dict[str, Drill] = {**DRILLS, **CHAOS}
TwinName = Literal["sound", "errors", "slow", "crash"]


# A day and a night of kills; more is a slip of the pen.
MOST_KILLS = 5000
# A shell says 128 plus its number when a signal ended a program.
SIGNALLED = 128

Kubeconfig = Annotated[Path | None, typer.Option(help="Kubeconfig; else KUBECONFIG, else the embedded cluster's.")]
Context = Annotated[str | None, typer.Option(help="Context in it; else KUBECONTEXT, else its current one.")]
Overlay = Annotated[
    str | None, typer.Option(help="Overlay that says what Git wants; else OVERLAY, else the usual one.")
]
Rate = Annotated[float, typer.Option(help="Requests per second.")]
Reports = Annotated[Path, typer.Option(help="Folder for the reports.")]
Service = Annotated[str, typer.Option(help="Service under release.")]
Only = Annotated[list[str] | None, typer.Option("--only", help="This drill; may be said again.")]
Picture = Annotated[Path | None, typer.Option(metavar="FILE.svg", help="Draw the table and the runs.")]

app = typer.Typer(
    help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)
app.command()(users)


@app.command()
def run(
    drill: Annotated[str, typer.Argument(help="One that `list` names.")],
    twin: Annotated[TwinName, typer.Option(help="Which release to try.")] = "sound",
    service: Service = "order",
    rate: Rate = 200.0,
    reports: Reports = Path("reports"),
    record: Picture = None,
    overlay: Overlay = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Run one drill with one release."""
    options = Options(service, rate, reports, record, overlay, kubeconfig, context)
    raise typer.Exit(carry_out([(_known(drill, EVERY), twin)], options))


@app.command(name="all")
def run_all(
    only: Only = None,
    service: Service = "order",
    rate: Rate = 200.0,
    reports: Reports = Path("reports"),
    record: Picture = None,
    overlay: Overlay = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Run every plain drill with every release; exit 0 only if every verdict is Passed."""
    pairs = [(_known(drill, DRILLS), twin) for drill in only or DRILLS for twin in TWINS]
    raise typer.Exit(carry_out(pairs, Options(service, rate, reports, record, overlay, kubeconfig, context)))


@app.command()
def chaos(
    only: Only = None,
    service: Service = "order",
    rate: Rate = 200.0,
    reports: Reports = Path("reports"),
    record: Picture = None,
    overlay: Overlay = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Run every drill in which more goes wrong than the release, with a sound one and with one that has errors."""
    pairs = [(_known(drill, CHAOS), twin) for drill in only or CHAOS for twin in CHAOS_TWINS]
    raise typer.Exit(carry_out(pairs, Options(service, rate, reports, record, overlay, kubeconfig, context)))


def _known(drill: str, drills: Mapping[str, Drill]) -> str:
    if drill not in drills:
        raise typer.BadParameter(f"there is no drill {drill!r}: choose {', '.join(drills)}")
    return drill


@app.command()
def kills(
    count: Annotated[int, typer.Option(min=1, max=MOST_KILLS, help="How many releases to kill.")] = 100,
    only: Annotated[
        list[kills_command.Strategy] | None, typer.Option("--only", help="Releases of this strategy.")
    ] = None,
    service: Service = "order",
    rate: Rate = 200.0,
    reports: Reports = Path("reports"),
    overlay: Overlay = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Kill releases at every transition, resume or abort each; exit 0 only if all leave users on one sound version."""
    system = laboratory.connect(kubeconfig, context, overlay, rate)
    raise typer.Exit(kills_command.carry_out(system, service, count, only or kills_command.USUAL, reports))


@app.command(name="list")
def list_drills() -> None:
    """List the drills, what each claims, and the releases to try."""
    for name, drill in EVERY.items():
        typer.echo(f"{name}: {drill.hypothesis()}")
    for twin in TWINS.values():
        typer.echo(f"  --twin {twin.name:<7} {twin.about}: {twin.expected}")


@app.command(name="report")
def draw_report(
    folder: Annotated[Path, typer.Argument(help="All reports, or one drill's.")] = Path("reports"),
) -> None:
    """Draw report.html of each drill and index.html again, from report.json and requests.csv alone."""
    site = draw(folder)
    for line in site.troubles:
        sys.stderr.write(f"drills: {line}\n")
    typer.echo(site.start.resolve().as_uri())
    raise typer.Exit(1 if site.troubles else 0)


@dataclass(frozen=True)
class Options:
    """What is the same for every run of a command."""

    service: str
    rate: float
    reports: Path
    picture: Path | None
    overlay: str | None
    kubeconfig: Path | None
    context: str | None


def carry_out(pairs: list[tuple[str, str]], options: Options) -> int:
    """Carry out drills with releases, show the table, and return the exit status."""
    service, console = options.service, Console()
    runs = [
        Run(EVERY[drill], TWINS[twin], service, laboratory.limits(EVERY[drill], twin, service, options.rate))
        for drill, twin in pairs
    ]
    system = laboratory.connect(options.kubeconfig, options.context, options.overlay, options.rate)
    campaign = Campaign(system, options.reports, options.rate, console)
    number = campaign.carry_out(runs)
    console.print(summary(campaign.done), sentences(campaign.done))
    if options.picture:
        picture(campaign.done, options.picture)
    typer.echo(f"\nReport: {campaign.start.resolve().as_uri()}")
    if number:
        return SIGNALLED + number
    return 0 if all(one.ruling.verdict == PASSED for one in campaign.done) else 1


def main() -> None:
    """Run the command line; what cannot be done is one line on standard error."""
    try:
        app()
    except (ClusterError, DeliveryError, DrillError, ProbeError, UnreadableError) as error:
        sys.stderr.write(f"drills: {error}\n")
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
