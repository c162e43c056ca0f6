"""What all verbs of a release have in common: the hold on it, where its users are, and the way back."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

from cluster.client import Cluster
from cluster.errors import Busy, PrometheusError, Unreachable, Unready
from cluster.prometheus import Prometheus
from delivery import starting
from delivery.analysis import Analysis, Window
from delivery.ending import Ending
from delivery.errors import Asked, DeliveryError, Lost, Rejected
from delivery.foreign import foreign
from delivery.journal.entry import Phase
from delivery.journal.release import Release
from delivery.journal.shift import Shift
from delivery.journal.tenure import Tenure
from delivery.judge.contract import Judge
from delivery.judge.sequential import SequentialJudge
from delivery.judgement import Outcome
from delivery.planning.budget import Budget
from delivery.planning.plan import Plan, plan_of
from delivery.planning.ramp import Ramp, resolve
from delivery.planning.steady import steady_since
from delivery.planning.traffic import measure
from delivery.slo import Slo, load_slo
from delivery.steps import OnStep, Reporter
from delivery.strategies.blue_green import BlueGreenStrategy
from delivery.strategies.blue_green_route import BlueGreenRouteStrategy
from delivery.strategies.canary import CanaryStrategy
from delivery.strategies.strategy import Strategy

STRATEGIES: dict[str, Callable[[Cluster, Reporter], Strategy]] = {
    each.name: each for each in (CanaryStrategy, BlueGreenStrategy, BlueGreenRouteStrategy)
}
# Users may be moved by others at any time; so often it is looked, at most.
LOOK_EVERY = 1.0


class Carrier:
    """Carries a release of one service; see `delivery.rollout.Rollout` for the arguments."""

    def __init__(
        self,
        cluster: Cluster,
        service: str,
        strategy: str = "canary",
        on_step: OnStep | None = None,
        judge: Judge | None = None,
        slo: Slo | None = None,
        smoke_paths: Sequence[str] | None = None,
        plan: Plan | None = None,
        identity: str = "",
    ) -> None:
        self._cluster = cluster
        self._service = service
        self._reporter = Reporter(on_step)
        self._strategy = _strategy(strategy, cluster, self._reporter)
        self._slo = slo or load_slo(service)
        self._judge = judge or SequentialJudge(self._slo)
        self._prometheus = Prometheus(cluster)
        self._analysis = Analysis(self._prometheus, self._judge, self._slo, cluster.namespace)
        self._paths = list(smoke_paths or [f"/{service}s"])
        self._plan = plan
        self._identity = identity
        self._tenure: Tenure | None = None
        self._outcome: Outcome | None = None
        self._lost = ""
        self._looked = 0.0

    def budget(self, release: Release) -> Budget:
        """Measure the traffic and return what a release will take under it; nothing is changed.

        Args:
            release: what would be released.

        Raises:
            DeliveryError: the plan is wrong, or there is no traffic.
            PrometheusError: the traffic cannot be measured.
        """
        plan = self._plan or plan_of(self._cluster.services.get(self._service))
        traffic = measure(self._prometheus, self._cluster.namespace, self._service, self._steady(release))
        return Budget(resolve(plan, traffic, self._slo, self._strategy.at_once), traffic, self._slo)

    def abort(self, reason: str = "", force: bool = False) -> Outcome:
        """Send all users back to the old version at once, then remove the new one; aborting twice does no harm.

        Users whom somebody else moved meanwhile stay where they are, unless it is forced.

        Raises:
            DeliveryError: the release was promoted.
            Lost: somebody else has it.
        """
        if self._outcome is Outcome.PROMOTED:
            raise DeliveryError(f"{self._service} was promoted: release the old version, or stage the overlay")
        if self._lost:
            raise Lost(self._lost)
        if self._tenure is None:
            self._outcome = self._outcome or Outcome.ROLLED_BACK
            return self._outcome
        with self._reporter.step("abort", reason=reason):
            self._tenure.mine()
            try:
                return self._ended(self._ending.abort(reason, force))
            except Lost as lost:
                self._lose(lost)
                raise

    def restore(self, reason: str = "restored") -> None:
        """End a release that is still open; what Git says comes back by staging the overlay."""
        if self._tenure is not None:
            self.abort(reason)

    # For the verbs

    def _started(self) -> Tenure:
        if self._tenure is None:
            raise DeliveryError(f"no release of {self._service} has been started, or it has ended")
        return self._tenure

    def _steady(self, release: Release) -> float:
        """Return since when the stable version has its users undisturbed; never a time that is still to come."""
        return min(steady_since(self._cluster, release), self._now())

    def _resolved(self, release: Release) -> Ramp:
        """Return the ramp of a new release, unless it cannot end well."""
        with self._reporter.step("plan") as details:
            budget = self.budget(release)
            details.update(weights=list(budget.ramp.weights), **budget.as_dict())
            budget.check()
            return budget.ramp

    @property
    def _ramp(self) -> Ramp:
        """Return what was resolved when the release began, by whichever process."""
        return Ramp.of(self._started().entry.ramp)

    def _hold(self, tenure: Tenure) -> None:
        """From now on every request of the release passes by the hold on it."""
        self._tenure = tenure
        self._strategy = _strategy(self._strategy.name, tenure.cluster, self._reporter)

    @property
    def _ending(self) -> Ending:
        return Ending(self._started(), self._strategy, self._reporter)

    def _ended(self, outcome: Outcome) -> Outcome:
        self._tenure, self._outcome = None, outcome
        return outcome

    def _lose(self, lost: Lost) -> None:
        """Let somebody else have the release: nothing of it is touched any more."""
        self._lost = str(lost)
        if self._tenure is not None:
            self._tenure.lose()
        self._tenure = None

    def _bring_up(self, details: dict[str, object]) -> None:
        with self._going_back() as tenure:
            release = tenure.entry.release
            details.update(version=release.version, deployment=release.copy)
            try:
                starting.bring_up(tenure, self._strategy, self._reporter, self._paths)
            except (Unready, DeliveryError) as error:
                if isinstance(error, Asked | Lost):
                    raise
                self.abort(str(error))
                raise Rejected(str(error)) from error

    def _move(self, share: int) -> None:
        """Write down where users will be, move them, and write down that they are there."""
        with self._going_back() as tenure:
            entry = tenure.entry
            probed = entry.probed or self._prepared(entry.steady)
            shift = Shift(self._now(), 0.0, share)
            shares = tuple(sorted({*entry.shares, share}))
            shifts = (*entry.shifts, shift)
            tenure.write(phase=Phase.SHIFTING, weight=share, shares=shares, shifts=shifts, probed=probed)
            self._strategy.move(entry.release, share, entry.shares)
            done = Shift(shift.asked, self._now(), share)
            tenure.write(phase=Phase.ANALYSING, shares=(share,), shifts=(*entry.shifts, done))

    def _prepared(self, steady: float) -> float:
        """Read what is normal before any user meets the new version; return when it was last asked for anything."""
        probed = self._now()
        self._analysis.prepare(probed, steady if self._strategy.at_once else None)
        return probed

    def _look(self) -> None:
        """See that the release is still ours and its users where it led them; an API server that is away is borne.

        Raises:
            Lost: somebody else has the release.
            Asked: somebody wants it to go back.
            Foreign: somebody else moved the users.
        """
        if time.monotonic() - self._looked < LOOK_EVERY:
            return
        self._looked, tenure = time.monotonic(), self._started()
        with contextlib.suppress(Unreachable, Busy), tenure.hasty():
            tenure.look()
            release, expected = tenure.entry.release, tenure.entry.shares
            share = self._strategy.share(release)
            if share not in expected:
                raise foreign(self._strategy.found(release), self._strategy.leads(release), expected)

    @property
    def _what(self) -> str:
        """Return what is judged, in words."""
        entry = self._started().entry
        return f"{entry.release.version} after the switch" if self._strategy.at_once else f"canary at {entry.weight} %"

    def _window(self, deadline: float | None) -> Window:
        settings, entry = self._slo.analysis, self._started().entry
        before = entry.shifts[0].asked - settings.baseline_seconds if self._strategy.at_once else 0.0
        return Window(
            step=self._what,
            shifts=entry.shifts,
            at_once=self._strategy.at_once,
            demand=self._ramp.demand(entry.weight, settings.margins),
            deadline=deadline or self._ramp.deadline,
            steady=max(before, entry.steady),
            probed=entry.probed,
        )

    def _now(self) -> float:
        """Return the time by Prometheus' clock, by our own where it cannot be asked."""
        try:
            return self._prometheus.now()
        except PrometheusError:
            return time.time()

    @contextlib.contextmanager
    def _going_back(self) -> Iterator[Tenure]:
        """Go back when the process is told to stop, by Ctrl-C or SIGTERM, or by another process, and stop then."""
        tenure = self._started()
        tenure.mine()
        try:
            yield tenure
        except (KeyboardInterrupt, SystemExit) as interruption:
            self.restore(f"interrupted ({type(interruption).__name__})")
            raise
        except Asked as asked:
            self.restore(str(asked))
            raise
        except Lost as lost:
            self._lose(lost)
            raise


def _strategy(name: str, cluster: Cluster, reporter: Reporter) -> Strategy:
    if name not in STRATEGIES:
        raise DeliveryError(f"there is no strategy {name}: choose {', '.join(STRATEGIES)}")
    return STRATEGIES[name](cluster, reporter)
