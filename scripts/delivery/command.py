"""A whole release in one go, as the command line runs it: start, verify, let users in step by step, judge, promote."""

from __future__ import annotations

from cluster.errors import ClusterError
from delivery.errors import Asked, DeliveryError, Foreign, Lost, Rejected
from delivery.journal.entry import Phase
from delivery.judgement import Judgement, Outcome
from delivery.rollout import Rollout

End = tuple[Outcome, str]


def release(rollout: Rollout, image: str, verify: bool = True) -> End:
    """Carry a release out and return how it ended, and why.

    Raises:
        ClusterError: the cluster stood in the way; the users are back on the old version where that could be done.
        DeliveryError: the release could not begin, or somebody else has it now.
    """
    with _Ending(rollout) as ending:
        rollout.start(image, verify)
        ending.end = _go_on(rollout)
    return ending.end


def resume(rollout: Rollout) -> End:
    """Go on with a release that another process left behind, and return how it ended, and why.

    Before the decision it is judged on with all that was seen so far; a decision is carried out the way it was made.

    Raises:
        ClusterError: see `release`.
        DeliveryError: see `release`.
    """
    entry = rollout.entry
    with _Ending(rollout) as ending:
        if entry.phase is Phase.ABORTING or entry.asked:
            reason = entry.reason or (entry.asked.reason if entry.asked else "")
            ending.end = rollout.abort(reason), reason
        elif entry.phase is Phase.PROMOTING:
            ending.end = _promote(rollout, entry.reason)
        else:
            if entry.phase is Phase.STARTING:
                rollout.start_again()
            ending.end = _go_on(rollout)
    return ending.end


def go_back(rollout: Rollout, reason: str) -> End:
    """End a release that was taken over, whatever it was about to do; users are moved even if somebody else did."""
    with _Ending(rollout) as ending:
        ending.end = rollout.abort(reason, force=True), reason
    return ending.end


def _go_on(rollout: Rollout) -> End:
    """Judge from the step on at which the release is, and end it accordingly."""
    judgement = _judged(rollout)
    if not judgement.successful:
        return rollout.abort(judgement.reason), f"{judgement.step}: {judgement.verdict}, {judgement.reason}"
    return _promote(rollout, judgement.reason)


def _promote(rollout: Rollout, reason: str) -> End:
    outcome = rollout.promote(reason)
    return outcome, reason if outcome is Outcome.PROMOTED else "the promotion could not be carried out"


def _judged(rollout: Rollout) -> Judgement:
    """Return the first judgement that is no success, or the last one."""
    entry, judgement = rollout.entry, None
    moved = entry.phase in (Phase.SHIFTING, Phase.ANALYSING)
    if entry.verify and not moved:
        judgement = rollout.verify()
    if rollout.at_once:
        if judgement is None or judgement.successful:
            rollout.switch()
            judgement = rollout.analysis()
        return judgement
    for weight in [each for each in rollout.weights if not moved or each >= entry.weight]:
        if judgement is not None and not judgement.successful:
            break
        rollout.shift(canary=weight)
        judgement = rollout.analysis()
    return judgement or rollout.analysis()


class _Ending:
    """Ends a release whose verbs were stopped from outside, and says how."""

    end: End

    def __init__(self, rollout: Rollout) -> None:
        self._rollout = rollout

    def __enter__(self) -> _Ending:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, Rejected):
            self.end = Outcome.ROLLED_BACK, error.reason
        elif isinstance(error, Asked | Foreign):
            self.end = self._rollout.abort(str(error)), str(error)
        elif isinstance(error, ClusterError | DeliveryError) and not isinstance(error, Lost):
            self._give_up()
            return False
        return isinstance(error, Rejected | Asked | Foreign)

    def _give_up(self) -> None:
        """Go back; what cannot go back now is left to whoever resumes it."""
        try:
            self._rollout.restore()
        finally:
            self._rollout.let_go()
