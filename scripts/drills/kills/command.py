"""`python -m drills kills`: kill releases at every transition of every kind of release, and say how each ended."""

from __future__ import annotations

import enum
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from delivery.slo import ELSEWHERE, Margins, load_slo
from drills.experiment import System
from drills.interrupts import Interrupted, Interrupts
from drills.kills.campaign import Kills
from drills.kills.outcome import Result, summary
from drills.kills.spread import DryPass, spread
from drills.probes import Schedule
from drills.report import replace


class Strategy(enum.StrEnum):
    """Strategies whose releases may be killed."""

    CANARY = "canary"
    BLUE_GREEN = "blue-green"
    BLUE_GREEN_ROUTE = "blue-green-route"


# The third shares all but one of its transitions with the first.
USUAL = (Strategy.CANARY, Strategy.BLUE_GREEN)
TWINS = ("sound", "errors")
# No smoke requests, which would keep a faulty release from ever being moved; and as few moves as show that there may be
# more than one, since every one of them takes the time until it is judged.
OPTIONS = ("--no-verify", "--weights", "25,50")
REPORT = "kills.json"
# A faulty release fails one request in five, which is far beyond.
MARGINS = Margins(errors=0.05, slow=0.2, typical=0.3, tail=0.1)
# A shell says 128 plus its number when a signal ended a program.
_SIGNALLED = 128


def carry_out(
    system: System,
    service: str,
    count: int,
    strategies: Sequence[str],
    folder: Path,
) -> int:
    """Kill so many releases, report, and return the exit status: 0 if every one of them ended well.

    Args:
        system: on what.
        service: the service under release.
        count: number of kills.
        strategies: whose releases.
        folder: where the report goes.

    Raises:
        DrillError: a release that nobody killed did not end as it must.
    """
    passes: list[DryPass] = []
    signal = 0
    with tempfile.TemporaryDirectory() as objectives, Interrupts(_say) as interrupts:
        ease(service, Path(objectives))
        kills = Kills(system, service, OPTIONS, {ELSEWHERE: objectives}, _say)
        try:
            passes += [kills.dry_pass(strategy, twin) for strategy in strategies for twin in TWINS]
            kills.carry_out(spread(passes, count))
        except Interrupted as interrupted:
            signal = interrupted.number
        finally:
            with interrupts.held():
                kills.end()
    _report(folder, system.name, service, count, passes, kills.results, kills.schedules)
    if signal:
        return _SIGNALLED + signal
    return 0 if len(kills.results) == count and not any(each.complaints for each in kills.results) else 1


def ease(service: str, folder: Path) -> None:
    """Write objectives of a service whose margins are proved in seconds: what is tried here is not the judge."""
    slo = load_slo(service)
    analysis = slo.analysis.model_copy(update={"margins": MARGINS})
    eased = slo.model_copy(update={"analysis": analysis}).model_dump(mode="json")
    (folder / f"{service}.yaml").write_text(yaml.safe_dump(eased))


def _report(
    folder: Path,
    cluster: str,
    service: str,
    count: int,
    passes: Sequence[DryPass],
    results: Sequence[Result],
    schedules: Sequence[Schedule],
) -> None:
    lines = summary(results, count, schedules)
    written: dict[str, Any] = {
        "cluster": cluster,
        "service": service,
        "planned": count,
        "summary": lines,
        "passes": [asdict(each) for each in passes],
        "kills": [each.as_dict() for each in results],
        "schedules": [asdict(each) for each in schedules],
    }
    replace(folder / REPORT, json.dumps(written, indent=2) + "\n")
    for line in ["", *lines, f"Report: {(folder / REPORT).resolve()}"]:
        _say(line)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
