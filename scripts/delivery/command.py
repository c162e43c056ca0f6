"""A whole release in one go, as the command line runs it: start, verify, let users in step by step, judge, promote."""

from __future__ import annotations

from cluster.errors import ClusterError
from delivery.errors import DeliveryError, Rejected
from delivery.judgement import Judgement, Outcome
from delivery.rollout import Rollout


def release(rollout: Rollout, image: str) -> tuple[Outcome, str]:
    """Carry a release out and return how it ended, and why.

    Raises:
        ClusterError: the cluster stood in the way; the users are back on the old version where that could be done.
        DeliveryError: the release could not begin.
    """
    try:
        rollout.start(image)
    except Rejected as rejected:
        return Outcome.ROLLED_BACK, rejected.reason
    try:
        judgement = _judged(rollout)
        if not judgement.successful:
            return rollout.abort(judgement.reason), f"{judgement.step}: {judgement.verdict}, {judgement.reason}"
        outcome = rollout.promote()
        return outcome, judgement.reason if outcome is Outcome.PROMOTED else "the stable Deployment did not get ready"
    except (ClusterError, DeliveryError):
        rollout.restore()
        raise


def _judged(rollout: Rollout) -> Judgement:
    """Return the first judgement that is no success, or the last one."""
    judgement = rollout.verify()
    if rollout.at_once:
        if judgement.successful:
            rollout.switch()
            judgement = rollout.analysis()
        return judgement
    for weight in rollout.weights:
        if not judgement.successful:
            break
        rollout.shift(canary=weight)
        judgement = rollout.analysis()
    return judgement
