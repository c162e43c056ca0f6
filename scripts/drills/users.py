"""`python -m drills users`: users for a release that is carried out by hand, and second by second what they see."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from drills import laboratory
from drills.console import numbers
from drills.interrupts import Interrupted, Interrupts
from drills.probes import MAX_SECONDS, Prober, Sample

# Often enough to see a switch, seldom enough to be read.
TOLD_EVERY_S = 1.0


def users(
    seconds: Annotated[float, typer.Option(min=1, max=MAX_SECONDS, help="How long, at most.")] = MAX_SECONDS,
    service: Annotated[str, typer.Option(help="Service that gets most of the requests.")] = "order",
    rate: Annotated[float, typer.Option(help="Requests per second.")] = 100.0,
    kubeconfig: Annotated[
        Path | None, typer.Option(help="Kubeconfig; else KUBECONFIG, else the embedded cluster's.")
    ] = None,
    context: Annotated[str | None, typer.Option(help="Context in it; else KUBECONTEXT, else its current one.")] = None,
) -> None:
    """Let users in until Ctrl-C, and say each second what they saw; exit 0 only if every request was served."""
    prober = laboratory.connect(kubeconfig, context, None, rate).prober(service)
    raise typer.Exit(0 if let_in(prober, seconds, typer.echo) else 1)


def let_in(prober: Prober, seconds: float, say: Callable[[str], None]) -> bool:
    """Let users in for so long, or until a signal comes, and tell whether there were some and all were served.

    Args:
        prober: the users.
        seconds: how long, at most.
        say: receives a line every second, and one over all at the end.

    Raises:
        ProbeError: no user can be let in; says why.
    """
    with Interrupts(say) as interrupts:
        with contextlib.suppress(Interrupted):
            prober.start()
            _watch(prober, time.monotonic() + seconds, say)
        with interrupts.held():
            prober.stop()
    say(f"altogether {_seen(prober.samples)}")
    return bool(prober.samples) and not any(sample.failed for sample in prober.samples)


def _watch(prober: Prober, end: float, say: Callable[[str], None]) -> None:
    told = 0
    while prober.alive and time.monotonic() < end:
        time.sleep(TOLD_EVERY_S)
        samples = prober.samples[told:]
        told += len(samples)
        say(f"{datetime.datetime.now().astimezone():%H:%M:%S}  {_seen(samples)}")


def _seen(samples: Sequence[Sample]) -> str:
    """Say who answered, and of the first failure also what was asked and what was wrong."""
    first = next((sample for sample in samples if sample.failed), None)
    return numbers(samples) + (f": {first.method} {first.path}: {first.error}" if first else "")
