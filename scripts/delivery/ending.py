"""How a release ends: forward, back, or in somebody else's hands. Every part may be done again.

A decision is written down before it is carried out, so a release that died while it ended is ended the same way by
whoever resumes it.
"""

from __future__ import annotations

from delivery import copies, migration
from delivery.errors import Foreign
from delivery.foreign import MOVED, foreign
from delivery.journal.entry import Phase
from delivery.journal.tenure import CLEANING, Tenure
from delivery.judgement import Outcome
from delivery.steps import Reporter
from delivery.strategies.strategy import Part, Strategy


class Ending:
    """Ends one release.

    Args:
        tenure: the hold on it.
        strategy: how it moves users.
        reporter: who is told of the steps.
    """

    def __init__(self, tenure: Tenure, strategy: Strategy, reporter: Reporter) -> None:
        self._tenure = tenure
        self._strategy = strategy
        self._reporter = reporter

    def promote(self, reason: str) -> Outcome:
        """Make the new version the stable one, from the part on at which the release is.

        Raises:
            Unready: the stable Deployment did not get ready on the new image.
            Foreign: somebody else moved the users.
        """
        entry = self._tenure.entry
        if entry.phase is not Phase.PROMOTING:
            self._strategy.check_switched(entry.release, entry.shares)
        parts = self._strategy.promotion(entry.release)
        names = [part.name for part in parts]
        begin = names.index(entry.part) if entry.phase is Phase.PROMOTING and entry.part in names else 0
        for part in parts[begin:]:
            self._carry_out(part, reason or entry.reason)
        migration.remove(self._tenure.cluster, entry.release)
        self._tenure.end(Outcome.PROMOTED, reason or entry.reason)
        return Outcome.PROMOTED

    def _carry_out(self, part: Part, reason: str) -> None:
        before = self._tenure.entry.shares
        during = before if part.share is None else tuple(sorted({*before, part.share}))
        self._tenure.write(phase=Phase.PROMOTING, part=part.name, shares=during, reason=reason)
        part.do(before)
        if part.share is not None:
            self._tenure.write(shares=(part.share,))

    def abort(self, reason: str, force: bool = False) -> Outcome:
        """Send all users back to the old version at once, then remove the new one.

        Args:
            reason: why.
            force: also when somebody else moved them meanwhile: whoever asks for it by name wants just that.
        """
        entry = self._tenure.entry
        if entry.phase is Phase.PROMOTING and entry.part == CLEANING:  # the old version is gone
            return self.promote("")
        self._tenure.go_back()
        shares = tuple(sorted({*entry.shares, 0}))
        self._tenure.write(phase=Phase.ABORTING, reason=reason, shares=shares)
        try:
            if not force:
                self._refuse_foreign(shares)
        except Foreign as other:
            return self._hand_over(reason if MOVED in reason else f"{reason}; {other}")
        self._go_back()
        self._tenure.end(Outcome.ROLLED_BACK, reason)
        return Outcome.ROLLED_BACK

    def _go_back(self) -> None:
        release, cluster = self._tenure.entry.release, self._tenure.cluster
        self._strategy.back(release, promoting=bool(self._tenure.entry.part))
        self._strategy.tidy(release)
        copies.remove(cluster, release)
        migration.remove(cluster, release)

    def _refuse_foreign(self, shares: tuple[int, ...]) -> None:
        release = self._tenure.entry.release
        share = self._strategy.share(release)
        if share not in shares:
            raise foreign(self._strategy.found(release), self._strategy.leads(release), shares)

    def _hand_over(self, reason: str) -> Outcome:
        """Leave the users where somebody else put them, and all that may serve them."""
        with self._reporter.step("hand over", reason=reason):
            migration.remove(self._tenure.cluster, self._tenure.entry.release)
            self._tenure.end(Outcome.HANDED_OVER, f"{reason}: what serves users was left as it is; stage the overlay")
        return Outcome.HANDED_OVER
