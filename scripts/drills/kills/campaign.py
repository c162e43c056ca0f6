"""Carries out kills on a running cluster under live traffic, one after the other, and checks what each has left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence

from drills.chaos.process import Ended, Releases
from drills.chaos.rules import Event, Rule
from drills.chaos.rules import Kill as KillNow
from drills.experiment import DrillError, System
from drills.kills.outcome import Result, Seen, outcome_of
from drills.kills.spread import DryPass, Kill
from drills.probes import EPOCH, Prober, Schedule
from drills.twins import TWINS, VERSION

# Stage of each strategy: what the overlay's name ends in.
STAGES = {"canary": "", "blue-green-route": "", "blue-green": "-blue-green"}
# Two sound versions that take turns, so that a release that was promoted need not be undone for the next one.
SOUND = {"v1": "v2", "v2": "v1"}
# Users are watched so long after each release: enough of them to see a second version that has a share of one in 20.
WATCH_SECONDS = 1.0
STAGED = "v1"
FIRST = "POST leases"
# A prober remembers every request; a new one forgets them, and none reaches the time at which it ends by itself.
PROBER_SECONDS = 600.0

Say = Callable[[str], None]


class Kills:
    """Kills releases of one service.

    Args:
        system: what they are released on.
        service: the service.
        options: further options of the release command.
        environment: variables of every process.
        say: told of everything that is done, a line each.
    """

    def __init__(
        self, system: System, service: str, options: tuple[str, ...], environment: Mapping[str, str], say: Say
    ) -> None:
        self._system = system
        self._service = service
        self._how = (options, environment)
        self._say = say
        self._prober: Prober | None = None
        self._probing_since = 0.0
        self._stage: str | None = None
        self._staged: str | None = None
        self._stable = ""
        self.results: list[Result] = []
        self.schedules: list[Schedule] = []

    def end(self) -> None:
        """Let no user in any more, and set the stage as Git has it."""
        self._end_probing()
        if self._staged is not None:
            self._system.stage(self._staged)

    def dry_pass(self, strategy: str, twin: str) -> DryPass:
        """Carry out a release that nobody kills, and return what it changed on the cluster.

        The very first release of a service makes its journal and its lease as well: then a second one is counted.

        Raises:
            DrillError: it did not end as it must.
        """
        one = self._pass(strategy, twin)
        return self._pass(strategy, twin) if FIRST in one.transitions else one

    def _pass(self, strategy: str, twin: str) -> DryPass:
        self._prepare(strategy, twin)
        seen: list[Event] = []
        ended = self._run(strategy, self._releases(strategy).release(self._image(twin)), (), seen.append)
        outcome, _ = outcome_of(ended)
        if outcome != TWINS[twin].expected:
            raise DrillError(f"without a kill, a {strategy} release of {twin} ended otherwise: {ended.reason}")
        self._arrived(outcome, twin)
        transitions = tuple(str(event.request) for event in seen if event.request.number)
        self._say(f"{strategy} {twin}: {outcome} after {len(transitions)} transitions")
        return DryPass(strategy, twin, transitions)

    def carry_out(self, kills: Sequence[Kill]) -> None:
        """Carry out kills, each in the order that needs the least staging; the results are in `results`."""
        pending = list(kills)
        while pending:
            kill = next((each for each in pending if self._fits(each)), pending[0])
            pending.remove(kill)
            result = self._one(kill)
            self.results.append(result)
            self._say(f"{len(self.results):4}/{len(kills)}  {result}")

    # One kill

    def _one(self, kill: Kill) -> Result:
        self._prepare(kill.strategy, kill.twin)
        began, old, new = EPOCH + time.monotonic(), self._stable, self._version(kill.twin)
        check = self._system.leftovers(self._service)
        died = self._die(kill)
        ended = self._run(kill.strategy, [kill.ending, self._service], ())
        outcome, trouble = outcome_of(ended)
        seen = self._see(began, "" if kill.twin == "sound" else new)
        if len(seen.last) == 1:
            [self._stable] = seen.last
        seconds = EPOCH + time.monotonic() - began
        result = Result(kill, died, outcome, seen, old, new, check(outcome), trouble, ended.reason, seconds)
        if result.complaints:
            self._stage = None  # the next release must not suffer from this one
        return result

    def _die(self, kill: Kill) -> str:
        """Let a release die, and return at which request; a release may take another way than the dry pass did."""
        rule, events = Rule(KillNow(kill.after), transition=kill.transition), list[Event]()
        arguments = self._releases(kill.strategy).release(self._image(kill.twin))
        died = self._run(kill.strategy, arguments, (rule,), events.append)
        return next((str(each.request) for each in events if each.action), "") if died.killed else ""

    def _see(self, began: float, faulty: str) -> Seen:
        ended = EPOCH + time.monotonic()
        threading.Event().wait(WATCH_SECONDS)
        samples = list(self._prober.samples) if self._prober else []
        during = [sample for sample in samples if sample.scheduled >= began]
        last = [sample for sample in during if sample.scheduled >= ended]
        return Seen.of(during, last, self._service, faulty)

    def _run(
        self,
        strategy: str,
        arguments: Sequence[str],
        rules: Sequence[Rule],
        on_event: Callable[[Event], None] = lambda _event: None,
    ) -> Ended:
        with self._releases(strategy).process(arguments, rules, on_event=on_event) as process:
            return process.wait()

    def _releases(self, strategy: str) -> Releases:
        releases: Releases = self._system.processes(self._service, strategy, *self._how)
        return releases

    # Between two kills

    def _fits(self, kill: Kill) -> bool:
        """Tell whether a kill can follow without setting the stage anew."""
        return STAGES[kill.strategy] == self._stage and (kill.twin == "sound" or self._stable != VERSION)

    def _prepare(self, strategy: str, twin: str) -> None:
        """Set the stage where it is not as this release needs it, and let users in."""
        stage = STAGES[strategy]
        if stage != self._stage or (twin != "sound" and self._stable == VERSION):
            self._system.stage(stage)
            self._stage, self._staged, self._stable = stage, stage, STAGED
        if self._prober is None or time.monotonic() - self._probing_since > PROBER_SECONDS:
            self._end_probing()
            self._prober, self._probing_since = self._system.prober(self._service), time.monotonic()
            self._prober.start()

    def _version(self, twin: str) -> str:
        return SOUND[self._stable] if twin == "sound" else VERSION

    def _image(self, twin: str) -> str:
        tag = SOUND[self._stable] if twin == "sound" else TWINS[twin].tag
        return self._system.image(self._service, tag)

    def _arrived(self, outcome: str, twin: str) -> None:
        if outcome == TWINS["sound"].expected:
            self._stable = self._version(twin)

    def _end_probing(self) -> None:
        if self._prober is not None:
            self.schedules.append(self._prober.stop())
            self._prober = None
