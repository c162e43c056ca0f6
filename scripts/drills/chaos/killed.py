"""What the drills that kill a release have in common: the release runs in a process of its own, which dies."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from drills.chaos.rollout import ProcessRollout
from drills.chaos.rules import Kill, Rule
from drills.experiment import Drill, System
from drills.record import Record

# Just when users were moved, before the release hears that they were: the worst moment, for nobody watches them then.
MOVED = Rule(Kill(after=True), frozenset({"PATCH"}), "/virtualservices/")
# Whoever resumes it makes that move once more, to be sure of it; so the next move is the second.
MOVED_ON = replace(MOVED, first=2)


# Smoke requests would find a bad release before any user met it, and nothing would be left to be killed in.
OPTIONS = ("--no-verify",)


class ProcessDrill(Drill):
    """A drill whose release is a process of its own, behind a proxy before the API server."""

    strategy = "canary"
    # Between the death of a release and the next process nobody watches the canary's users.
    harm: ClassVar = {"errors": 2.0}

    def rollout(self, system: System, record: Record) -> ProcessRollout:
        """See `Drill.rollout`."""
        return ProcessRollout(system.processes(record.service, self.strategy, OPTIONS), record)
