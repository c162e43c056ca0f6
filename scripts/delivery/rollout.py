"""A release from its first pod to its promotion, or back: the verbs that drills and the release command speak."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence

from cluster import wait
from cluster.client import Cluster
from cluster.errors import Conflict, PrometheusError, Unready
from cluster.prometheus import Prometheus
from cluster.routing import FULL
from cluster.transport import Json
from delivery import migration, smoke
from delivery.analysis import Analysis, Window
from delivery.budget import Budget
from delivery.errors import DeliveryError, Rejected, UnderWay
from delivery.journal.release import Release, find_release, forget, note, running
from delivery.judge.plain import Judge, PlainJudge
from delivery.judgement import Judgement, Outcome
from delivery.plan import Plan, plan_of
from delivery.preview import preview
from delivery.ramp import Ramp, resolve
from delivery.slo import Slo, load_slo
from delivery.steps import OnStep, Reporter
from delivery.strategies.blue_green import BlueGreenStrategy
from delivery.strategies.blue_green_route import BlueGreenRouteStrategy
from delivery.strategies.canary import CanaryStrategy
from delivery.strategies.strategy import Strategy
from delivery.traffic import measure

STRATEGIES: dict[str, Callable[[Cluster, Reporter], Strategy]] = {
    each.name: each for each in (CanaryStrategy, BlueGreenStrategy, BlueGreenRouteStrategy)
}
# How long a gateway may take to know a version that is ready.
REACH_DEADLINE = 15.0


class Rollout:
    """One release of one service.

    If it is interrupted in the middle of a verb, it goes back before the interruption goes on.

    Args:
        cluster: where it happens.
        service: the Service under release.
        strategy: a key of STRATEGIES.
        on_step: is told of every step when it is over.
        judge: who decides; None for the plain judge.
        slo: thresholds; None for those in observability/slo.
        smoke_paths: what smoke requests ask for; None for the service's list.
        plan: how users are let in; None for what the Service says.
    """

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
    ) -> None:
        self._cluster = cluster
        self._service = service
        self._reporter = Reporter(on_step)
        self._strategy = _strategy(strategy, cluster, self._reporter)
        self._slo = slo or load_slo(service)
        self._judge = judge or PlainJudge(self._slo)
        self._prometheus = Prometheus(cluster)
        self._paths = list(smoke_paths or [f"/{service}s"])
        self._plan = plan
        self._ramp: Ramp | None = None
        self._release: Release | None = None
        self._outcome: Outcome | None = None
        self._what = "nothing shifted yet"
        self._since: float | None = None

    @classmethod
    def adopt(cls, cluster: Cluster, service: str, on_step: OnStep | None = None) -> Rollout:
        """Return the release that some process began and did not end.

        Raises:
            DeliveryError: there is none.
        """
        release = find_release(cluster, service)
        if release is None:
            raise DeliveryError(f"no release of {service} is under way in namespace {cluster.namespace}")
        rollout = cls(cluster, service, release.strategy, on_step)
        rollout._release = release
        return rollout

    def budget(self) -> Budget:
        """Measure the traffic and return what a release will take under it; nothing is changed.

        Raises:
            DeliveryError: the plan is wrong, or there is no traffic.
            PrometheusError: the traffic cannot be measured.
        """
        plan = self._plan or plan_of(self._cluster.services.get(self._service))
        traffic = measure(self._prometheus, self._cluster.namespace, self._service)
        return Budget(resolve(plan, traffic, self._slo, self.at_once), traffic, self._slo)

    def preview(self, image: str) -> list[str]:
        """Return in sentences what a release would do and take; nothing is changed.

        Raises:
            DeliveryError: see `budget`; or the stage is not set for this release.
        """
        release, _body = self._strategy.plan(self._service, image)
        return preview(release, migration.plan(self._cluster, release), self.budget())

    def start(self, image: str) -> None:
        """Migrate what the new version needs, then run it beside the stable one, until the side door leads to it.

        Raises:
            Rejected: its migration fails, it never gets ready or cannot be reached; what was made is removed again.
            UnderWay: another release of the service has not ended.
            DeliveryError: the stage is not set for this release, or its plan cannot end well under this traffic.
        """
        with self._reporter.step("start", image=image) as details, self._going_back():
            release, job = self._begin(image)
            details.update(version=release.version, deployment=release.copy)
            try:
                self._migrate(job)
                self._bring_up(release)
                wait.deployment_ready(self._cluster, release.copy)
                self._strategy.open_door(release)
                self._reach(release)
            except Unready as error:
                raise self._rejected(str(error)) from error

    def verify(self) -> Judgement:
        """Send smoke requests through the side door, where no user is, and judge the answers."""
        release = self._started()
        with self._reporter.step("verify", track=self._strategy.track) as details, self._going_back():
            started = time.time()
            answers = smoke.ask_all(self._cluster.gateway_url, self._paths, self._strategy.track)
            finding = self._judge.smoke(answers, release.version)
            details.update(verdict=finding.verdict, reason=finding.reason)
            return Judgement(
                step=f"{self._strategy.track} before any user",
                verdict=finding.verdict,
                reason=finding.reason,
                query=f"GET {', '.join(self._paths)} with {smoke.HEADER}: {self._strategy.track}",
                samples=[answer.as_dict() for answer in answers],
                numbers=finding.numbers,
                started=started,
                ended=time.time(),
            )

    def shift(self, canary: int) -> None:
        """Send a share of the users, in percent, to the canary.

        Raises:
            DeliveryError: this is no canary release.
        """
        release = self._started()
        if self._strategy.at_once:
            raise DeliveryError(f"{self._strategy.name} moves all users at once: switch")
        with self._reporter.step("shift", canary=canary), self._going_back():
            self._strategy.move(release, canary)
            self._what, self._since = f"canary at {canary} %", self._now()

    @property
    def weights(self) -> tuple[int, ...]:
        """Return the shares of the users, in percent, that the release goes through, as resolved when it began."""
        if self._ramp is None:
            raise DeliveryError(f"no release of {self._service} has been started: its weights follow from its traffic")
        return self._ramp.weights

    @property
    def at_once(self) -> bool:
        """Tell whether all users move together: by `switch`, not by `shift`."""
        return self._strategy.at_once

    def switch(self) -> None:
        """Send all users to the new version.

        Raises:
            DeliveryError: this is no blue-green release.
        """
        release = self._started()
        if not self._strategy.at_once:
            raise DeliveryError(f"{self._strategy.name} moves users step by step: shift")
        with self._reporter.step("switch", version=release.version), self._going_back():
            self._what, self._since = f"{release.version} after the switch", self._now()
            self._strategy.move(release, FULL)

    def analysis(self, deadline: float | None = None) -> Judgement:
        """Judge the new version since the last shift or switch; returns as soon as that is decided.

        Args:
            deadline: seconds after which it is Inconclusive; None for the objectives' own.
        """
        self._started()
        with self._reporter.step("analysis", of=self._what) as details, self._going_back():
            judgement = Analysis(self._prometheus, self._judge, self._slo, self._cluster.namespace).run(
                self._window(deadline)
            )
            details.update(verdict=judgement.verdict, reason=judgement.reason)
            return judgement

    def promote(self) -> Outcome:
        """Make the new version the stable one and remove what is left over; without one failed request.

        A stable Deployment that does not get ready on the new image is rolled back.
        """
        release = self._started()
        with self._reporter.step("promote", image=release.image) as details, self._going_back():
            try:
                self._strategy.commit(release)
            except Unready as error:
                details["error"] = str(error)
                return self.abort(str(error))
            forget(self._cluster, release)
            self._release, self._outcome = None, Outcome.PROMOTED
            self._strategy.clean(release)
            migration.remove(self._cluster, release)
        return Outcome.PROMOTED

    def abort(self, reason: str = "") -> Outcome:
        """Send all users back to the old version at once, then remove the new one; aborting twice does no harm.

        Raises:
            DeliveryError: the release was promoted.
        """
        if self._outcome is Outcome.PROMOTED:
            raise DeliveryError(f"{self._service} was promoted: release the old version, or stage the overlay")
        if self._release is not None:
            release = self._release
            with self._reporter.step("abort", reason=reason):
                self._strategy.back(release)
                self._strategy.tidy(release)
                self._cluster.deployments.delete(release.copy)
                migration.remove(self._cluster, release)
                forget(self._cluster, release)
        self._release, self._outcome = None, Outcome.ROLLED_BACK
        return Outcome.ROLLED_BACK

    def restore(self) -> None:
        """End a release that is still open; what Git says comes back by staging the overlay."""
        if self._release is not None:
            self.abort("restored")

    # Inside

    def _resolved(self) -> Ramp:
        """Return the ramp of this release, unless it cannot end well."""
        with self._reporter.step("plan") as details:
            budget = self.budget()
            details.update(weights=list(budget.ramp.weights), **budget.as_dict())
            budget.check()
            return budget.ramp

    def _begin(self, image: str) -> tuple[Release, Json | None]:
        """Take the release: its Deployment is there from now on, without pods. Return it, and the Job it needs."""
        if self._release is not None:
            raise UnderWay(f"this release of {self._service} has begun already")
        other = find_release(self._cluster, self._service)
        if other and running(self._cluster, other):
            raise _under_way(other)
        release, body = self._strategy.plan(self._service, image)
        job = migration.plan(self._cluster, release)
        self._ramp = self._resolved()
        release = dataclasses.replace(release, ramp=self._ramp.as_dict())
        body["spec"]["replicas"] = 0
        try:
            self._cluster.deployments.create(body)
        except Conflict as error:
            raise UnderWay(
                f"Deployment {release.copy} exists already: another release has just begun, or it is left over and"
                " staging the overlay removes it"
            ) from error
        self._release, self._outcome = release, None
        note(self._cluster, release)
        return release, job

    def _migrate(self, job: Json | None) -> None:
        if job is not None:
            with self._reporter.step("migrate", job=job["metadata"]["name"]):
                migration.run(self._cluster, job)

    def _bring_up(self, release: Release) -> None:
        """Let the pods of the new version come, as many as the stable one has."""
        replicas = self._cluster.deployments.get(release.stable)["spec"].get("replicas", 1)
        self._cluster.deployments.patch(release.copy, {"spec": {"replicas": replicas}})

    def _reach(self, release: Release) -> None:
        track = self._strategy.track
        answer = smoke.reach(self._cluster.gateway_url, self._paths[0], track, REACH_DEADLINE)
        if not answer.version:
            door = f"{smoke.HEADER}: {track}"
            raise self._rejected(f"the gateway does not lead to {release.copy} by {door}: {answer.said}")

    def _rejected(self, reason: str) -> Rejected:
        self.abort(reason)
        return Rejected(reason)

    def _started(self) -> Release:
        if self._release is None:
            raise DeliveryError(f"no release of {self._service} has been started, or it has ended")
        return self._release

    def _window(self, deadline: float | None) -> Window:
        settings = self._slo.analysis
        baseline = settings.baseline_seconds if self._strategy.at_once else None
        own = self._ramp.deadline if self._ramp else settings.deadline_seconds
        return Window(self._what, self._since, baseline, deadline or own)

    def _now(self) -> float | None:
        """Return the time by Prometheus' clock; without it the analysis counts from when it is asked."""
        try:
            return self._prometheus.now()
        except PrometheusError:
            return None

    @contextlib.contextmanager
    def _going_back(self) -> Iterator[None]:
        """Go back when the process is told to stop, by Ctrl-C or SIGTERM, and stop then."""
        try:
            yield
        except (KeyboardInterrupt, SystemExit) as interruption:
            if self._release is not None:
                self.abort(f"interrupted ({type(interruption).__name__})")
            raise


def _strategy(name: str, cluster: Cluster, reporter: Reporter) -> Strategy:
    if name not in STRATEGIES:
        raise DeliveryError(f"there is no strategy {name}: choose {', '.join(STRATEGIES)}")
    return STRATEGIES[name](cluster, reporter)


def _under_way(release: Release) -> UnderWay:
    return UnderWay(
        f"a {release.strategy} release of {release.service} to {release.image} is under way since {release.started}:"
        f" end it with `python -m delivery abort {release.service}`"
    )
