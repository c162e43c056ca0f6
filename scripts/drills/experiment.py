"""The engine of every drill: it owns the order, so that no drill can forget a part of it.

Steady state first; then the method and a tail after it; then, always, the way back; then the steady state again. Users
probe through all of it without a pause. The verdict comes last, from what they saw (see `drills.verdict`).
"""

from __future__ import annotations

import inspect
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol

from cluster.errors import Unready
from delivery.errors import DeliveryError, Rejected
from drills.evidence import Telemetry
from drills.interrupts import Interrupted, Interrupts
from drills.observed import ObservedRollout, Rollout
from drills.probes import ProbeError, Prober, Sample
from drills.record import Record
from drills.trouble import Trouble, TroubledRollout
from drills.twins import PROMOTED, VERSION, Twin


class DrillError(Exception):
    """A drill cannot be carried out; the message is one line."""


class UnsteadyError(DrillError):
    """The system was not in its steady state before the drill: nothing can be learned from it."""


class Drill(ABC):
    """One release strategy put to the test; its docstring is the hypothesis.

    Attributes:
        name: how it is called on the command line and in reports.
        strategy: strategy of the rollout.
        stage: what the overlay's name ends in, where the drill needs another stage than the plain one.
        harm: what each twin may cost, in seconds' worth of requests; a sound one nothing, unless it stands here.
        expected: what must become of a twin, where that is not what usually must.
        sick: whether the old version is so sick that what it fails is no fault of the release.
    """

    name: ClassVar[str]
    strategy: ClassVar[str]
    stage: ClassVar[str] = ""
    harm: ClassVar[dict[str, float]]
    expected: ClassVar[Mapping[str, str]] = {}
    sick: ClassVar[bool] = False

    @abstractmethod
    def method(self, rollout: Any, image: str) -> str:
        """Carry out the release and return its outcome; the rollout is what `rollout` returns."""

    def rollout(self, system: System, record: Record) -> Release:
        """Return what `method` carries the release out with: a rollout in this process, unless a drill needs more."""
        return ObservedRollout(system.rollout(record.service, self.strategy), record)

    @classmethod
    def hypothesis(cls) -> str:
        """Return what the drill claims, as one paragraph."""
        return " ".join(inspect.cleandoc(cls.__doc__ or "").split())

    @classmethod
    def release(cls, twin: Twin) -> Twin:
        """Return a twin as this drill expects it to end."""
        return replace(twin, expected=cls.expected.get(twin.name, twin.expected))


class Release(Protocol):
    """What the engine asks of a release that a drill has begun."""

    @property
    def running(self) -> bool:
        """Tell whether the new version once ran and was ready."""

    @property
    def open(self) -> bool:
        """Tell whether it was started and neither promoted nor aborted."""

    def abort(self, reason: str) -> str:
        """Send all users to the stable version, remove the new one, and return the outcome."""


def nobody(*_release: Any) -> Any:
    """Stand in for release processes where there is no cluster that they could reach.

    Raises:
        DrillError: always.
    """
    raise DrillError("there is no way to run the release command on this system")


@dataclass(frozen=True)
class System:
    """What a drill acts on and looks through; tests put other parts in.

    Attributes:
        name: name of the cluster.
        stage: puts the cluster into the state that Git describes, for stages whose name ends so, and waits.
        rollout: makes a rollout of a service with a strategy.
        prober: makes a prober of a service.
        image: returns the full name of a service's image with a tag, as that cluster gets it.
        processes: returns what runs the release command in processes of its own, for a service, a strategy, and further
            options of the command.
        leftovers: looks at a service before its release, and returns what tells afterwards what is left of it.
        telemetry: who remembers what it did.
        versions: returns the versions of what it is made of, by name.
        world: makes what drills with trouble break, which also makes the rollout that is to live in it.
    """

    name: str
    stage: Callable[[str], None]
    rollout: Callable[[str, str], Rollout]
    prober: Callable[[str], Prober]
    image: Callable[[str, str], str] = "{}:{}".format
    processes: Callable[..., Any] = nobody
    leftovers: Callable[[str], Callable[[str], list[str]]] = lambda _service: lambda _outcome: []
    telemetry: Telemetry = field(default_factory=Telemetry)
    versions: Callable[[], dict[str, str]] = dict
    world: Callable[[Record], Any] | None = None


@dataclass(frozen=True)
class Timing:
    """How long users are watched, in seconds.

    Attributes:
        steady: before the method: 400 requests at the default rate, enough to see one failure in 100 almost surely.
        tail: after it: longer than any connection or old process of the losing side lives.
        sound: altogether around a sound release: 5,000 requests at the default rate, and some.
        again: after the way back.
    """

    steady: float = 2.0
    tail: float = 2.0
    sound: float = 26.0
    again: float = 1.0


class Experiment:
    """One run of one drill with one twin.

    Args:
        drill: what to do.
        twin: with which release.
        system: on what.
        record: where to write down what happens; the console may read it meanwhile.
        timing: how long to watch.
        say: receives a line for people, such as that a second Ctrl-C is not needed.
    """

    def __init__(
        self,
        drill: Drill,
        twin: Twin,
        system: System,
        record: Record,
        timing: Timing = Timing(),
        say: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._drill = drill
        self._twin = twin
        self._system = system
        self._record = record
        self._timing = timing
        self._say = say
        self._prober = system.prober(record.service)
        self._rollout: Release | None = None
        self._world: Any = None
        record.samples = self._prober.samples

    def run(self) -> None:
        """Carry the drill out and go back, whatever happens; everything is in the record then."""
        with Interrupts(self._say) as interrupts:
            try:
                self._act()
            except Interrupted as interrupted:
                self._record.signal = interrupted.number
                self._record.error = str(interrupted)
            except UnsteadyError as unsteady:
                self._record.unsteady = str(unsteady)
            except Exception as error:  # noqa: BLE001 - a method that crashes still goes back
                self._note("the method", error)
            finally:
                with interrupts.held():
                    self._go_back()

    def _act(self) -> None:
        self._prober.spawn()  # its interpreter starts while the stage is set
        with self._record.step("stage", "what Git says"):
            self._system.stage(self._drill.stage)
        with self._record.step("steady state", "users before the release"):
            self._check_steady()
        leftovers = self._system.leftovers(self._record.service)
        self._record.acted_s = self._record.now()
        self._record.outcome = self._release()
        self._record.settled_s = self._record.now()
        self._look_around()
        with self._record.step("tail", "users after the release"):
            self._watch(self._tail_seconds())
        self._record.broken += [f"{left} was left behind" for left in leftovers(self._record.outcome)]

    def _check_steady(self) -> None:
        try:
            self._prober.start()
        except ProbeError as error:
            raise UnsteadyError(str(error)) from error
        self._watch(self._timing.steady)
        self._record.stable = self._steady_version(list(self._prober.samples))

    def _steady_version(self, seen: list[Sample]) -> str:
        """Return the version that answers, if the shop is as it should be without a release."""
        if not seen:
            raise UnsteadyError("no request was answered")
        failed = [sample for sample in seen if sample.failed]
        if failed:
            raise UnsteadyError(f"{len(failed)} of {len(seen)} requests failed ({failed[0].error})")
        versions = {sample.version for sample in seen if sample.service == self._record.service}
        [version] = versions if len(versions) == 1 else [None]
        if version is None or version == VERSION:
            found = ", ".join(sorted(str(version) for version in versions)) or "none"
            raise UnsteadyError(f"one version other than {VERSION} should answer, found {found}")
        return version

    def _release(self) -> str:
        self._rollout = self._made()
        try:
            image = self._system.image(self._record.service, self._twin.tag)
            return self._drill.method(self._rollout, image)
        except Rejected as rejected:  # a release that never gets ready is an answer, not a crash
            self._record.rejected = str(rejected)
            return self._rollout.abort(str(rejected))
        except (DeliveryError, Unready) as refusal:  # so is one that the rollout itself refuses to go on with
            if not self._rollout.running:
                raise
            self._record.refused = str(refusal)
            return self._rollout.abort(str(refusal))

    def _made(self) -> Release:
        if not isinstance(self._drill, Trouble):
            return self._drill.rollout(self._system, self._record)
        if self._system.world is None:
            raise DrillError(
                f"drill {self._drill.name} breaks the world, and {self._system.name} lets it break nothing"
            )
        self._world = self._system.world(self._record)
        self._troubled = TroubledRollout(self._world.rollout(self._drill.strategy), self._drill, self._world)
        return ObservedRollout(self._troubled, self._record)

    def _look_around(self) -> None:
        """Wait until nothing breaks any more, and see what has become of the world."""
        if isinstance(self._drill, Trouble):
            self._troubled.settle()
            self._record.broken += filter(None, [self._drill.afterwards(self._world)])

    def _tail_seconds(self) -> float:
        if self._record.outcome != PROMOTED or not self._prober.samples:
            return self._timing.tail
        watched = self._record.now() + self._record.started - self._prober.samples[0].scheduled
        return max(self._timing.tail, self._timing.sound - watched)

    def _watch(self, seconds: float) -> None:
        """Let users pass for so long; an interruptible wait, and nothing to wait for but them."""
        threading.Event().wait(seconds)

    # The way back

    def _go_back(self) -> None:
        self._record.returning_s = self._record.now()
        with self._record.step("go back", "traffic, then everything, to what Git says"):
            self._attempt("the abort", self._abort)
            self._attempt("the end of the trouble", self._mend)
            self._attempt("the way back", lambda: self._system.stage(self._drill.stage))
        self._record.returned_s = self._record.now()
        if self._prober.alive and self._record.stable:
            with self._record.step("steady again", "users after the way back"):
                self._watch(self._timing.again)
        self._attempt("the prober", self._end_probing)
        self._attempt("the steady state after the way back", self._check_again)

    def _abort(self) -> None:
        if self._rollout and self._rollout.open:
            self._record.outcome = self._rollout.abort(self._record.error or "the drill ended early")
            self._record.settled_s = self._record.now()

    def _mend(self) -> None:
        if self._world:
            self._world.close()

    def _end_probing(self) -> None:
        if self._record.stable:
            self._record.schedule = self._prober.stop()
        else:
            self._prober.stop()

    def _check_again(self) -> None:
        seen = self._record.between(self._record.returned_s, None)
        if self._record.stable and any(sample.answered for sample in seen):  # without an answer nothing is known
            version = self._steady_version(seen)
            if version != self._record.stable:
                raise UnsteadyError(f"{self._record.stable} should answer again, {version} does")

    def _attempt(self, what: str, do: Callable[[], None]) -> None:
        """Do one part of the way back; its failure must not keep the next part from being done."""
        try:
            do()
        except Exception as error:  # noqa: BLE001 - see above
            self._note(what, error)

    def _note(self, what: str, error: Exception) -> None:
        line = f"{what} failed: {type(error).__name__}: {' '.join(str(error).split())}"
        self._record.error = f"{self._record.error}; {line}" if self._record.error else line
