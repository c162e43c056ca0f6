"""A release from its first pod to its promotion, or back: the verbs that drills and the release command speak."""

from __future__ import annotations

import time
from dataclasses import replace

from cluster.client import Cluster
from cluster.errors import Unready
from cluster.routing import FULL
from delivery import smoke, starting
from delivery.carrier import STRATEGIES, Carrier
from delivery.errors import Asked, DeliveryError, Foreign, UnderWay
from delivery.journal.entry import Entry, Phase
from delivery.journal.release import Release
from delivery.journal.tenure import Tenure, refuse_second
from delivery.journal.touching import touch
from delivery.judge.contract import Judge
from delivery.judgement import Judgement, Outcome, Verdict
from delivery.steps import OnStep

__all__ = ["STRATEGIES", "Rollout"]


class Rollout(Carrier):
    """One release of one service.

    Each verb writes into the journal what it is about to do. If it is interrupted in the middle, or asked to, it goes
    back before the interruption goes on; if the process dies, `resume` in another one goes on.

    Args:
        cluster: where it happens.
        service: the Service under release.
        strategy: a key of STRATEGIES.
        on_step: is told of every step when it is over.
        judge: who decides; None for the sequential judge.
        slo: thresholds; None for those in observability/slo.
        smoke_paths: what smoke requests ask for; None for the service's list.
        plan: how users are let in; None for what the Service says.
        identity: tells the release from every other; empty for a new one of its own.
    """

    @classmethod
    def resume(
        cls, cluster: Cluster, service: str, on_step: OnStep | None = None, judge: Judge | None = None
    ) -> Rollout:
        """Return the release that some process left behind; it is ours from now on.

        Raises:
            UnderWay: that process is alive.
            DeliveryError: there is none.
        """
        tenure = Tenure.take_over(cluster, service)
        rollout = cls(cluster, service, tenure.entry.release.strategy, on_step, judge)
        rollout._hold(tenure)
        touch(tenure, rollout._strategy)
        return rollout

    # What drills and commands ask

    @property
    def at_once(self) -> bool:
        """Tell whether all users move together: by `switch`, not by `shift`."""
        return self._strategy.at_once

    @property
    def entry(self) -> Entry:
        """Return what the journal says.

        Raises:
            DeliveryError: no release is open.
        """
        return self._started().entry

    @property
    def weights(self) -> tuple[int, ...]:
        """Return the shares of the users, in percent, that the release goes through, as resolved when it began."""
        return self._ramp.weights

    def intent(self, image: str) -> Release:
        """Return the release that `start` would begin; nothing is changed.

        Raises:
            UnderWay: something bears the name that the new version's Deployment would get.
            DeliveryError: the stage is not set for this release.
        """
        release = starting.planned(self._cluster, self._strategy, self._service, image)
        return replace(release, id=self._identity) if self._identity else release

    # Verbs

    def start(self, image: str, verify: bool = True) -> None:
        """Migrate what the new version needs, then run it beside the stable one, until the side door leads to it.

        Args:
            image: image of the new version.
            verify: whether the plan has smoke requests before the first user.

        Raises:
            Rejected: its migration fails, it never gets ready or cannot be reached; what was made is removed again.
            UnderWay: another release of the service has not ended.
            DeliveryError: the stage is not set for this release, or its plan cannot end well under this traffic.
        """
        if self._tenure is not None:
            raise UnderWay(f"this release of {self._service} has begun already")

        with self._reporter.step("start", image=image) as details:
            refuse_second(self._cluster, self._service)
            intent = self.intent(image)  # what cannot be carried out leaves no trace
            ramp, steady = self._resolved(intent), self._steady(intent)
            self._outcome = None
            said = {"weights": ramp.weights, "ramp": ramp.as_dict(), "verify": verify, "steady": steady}
            self._hold(Tenure.begin(self._cluster, self._service, lambda: self.intent(image), **said))
            self._bring_up(details)

    def start_again(self) -> None:
        """Go on with a start in the middle of which the release changed hands; otherwise see `start`."""
        with self._reporter.step("start", image=self.entry.release.image) as details:
            self._bring_up(details)

    def verify(self) -> Judgement:
        """Send smoke requests through the side door, where no user is, and judge the answers."""
        with self._reporter.step("verify", track=self._strategy.track) as details, self._going_back() as tenure:
            tenure.write(phase=Phase.VERIFYING)
            started = time.time()
            answers = smoke.ask_all(self._cluster.gateway_url, self._paths, self._strategy.track)
            finding = self._judge.smoke(answers, tenure.entry.release.version)
            details.update(verdict=finding.verdict, reason=finding.reason)
            if finding.verdict is Verdict.PASSED and self._strategy.at_once:
                # What the switch is compared with has to be seen first: here, while nobody has been moved yet.
                tenure.write(probed=self._prepared(tenure.entry.steady))
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
            Foreign: somebody else moved the users.
        """
        self._started()
        if self._strategy.at_once:
            raise DeliveryError(f"{self._strategy.name} moves all users at once: switch")
        with self._reporter.step("shift", canary=canary):
            self._move(canary)

    def switch(self) -> None:
        """Send all users to the new version.

        Raises:
            DeliveryError: this is no blue-green release.
            Foreign: somebody else moved the users.
        """
        release = self._started().entry.release
        if not self._strategy.at_once:
            raise DeliveryError(f"{self._strategy.name} moves users step by step: shift")
        with self._reporter.step("switch", version=release.version):
            self._move(FULL)

    def analysis(self, deadline: float | None = None) -> Judgement:
        """Judge the new version; returns as soon as that is decided, or when somebody else wants an end.

        Args:
            deadline: seconds after which it is Inconclusive; None for what the plan says.

        Raises:
            DeliveryError: no user has been moved yet.
        """
        if not self._started().entry.shifts:
            raise DeliveryError(f"no user of {self._service} has been moved yet, so there is nothing to judge")
        with self._reporter.step("analysis", of=self._what) as details, self._going_back() as tenure:
            started = time.time()
            window = self._window(deadline)
            try:
                judgement = self._analysis.run(window, self._look, lambda finding: tenure.tell(finding.reason))
            except (Foreign, Asked) as other:
                judgement = Judgement(window.step, Verdict.INCONCLUSIVE, str(other), "", [], {}, started, time.time())
            details.update(verdict=judgement.verdict, reason=judgement.reason)
            return judgement

    def promote(self, reason: str = "") -> Outcome:
        """Make the new version the stable one and remove what is left over; without one failed request.

        A stable Deployment that does not get ready on the new image is rolled back.
        """
        tenure = self._started()
        with self._reporter.step("promote", image=tenure.entry.release.image) as details, self._going_back():
            try:
                return self._ended(self._ending.promote(reason))
            except (Unready, Foreign) as error:
                details["error"] = str(error)
                return self.abort(str(error))

    def let_go(self) -> None:
        """Leave an open release as it is to whoever resumes it."""
        if self._tenure is not None:
            self._tenure.let_go()
            self._tenure = None
