"""Real canaries on an embedded cluster, judged by this project's judge and by fixed thresholds, as users see them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from bench import harm, shop
from bench.canaries import SERVICE, Canary
from bench.figures import Result
from bench.harm import Course
from bench.load import LoadError
from bench.released import FIXED, OURS, Found, Released, grid, targets
from bench.rivals.flagger import Flagger
from bench.rivals.threshold import WEIGHTS, ThresholdJudge
from bench.room import Room
from cluster import Cluster
from delivery.judge.contract import Judge
from delivery.judge.sequential import SequentialJudge
from delivery.judgement import Judgement, Outcome
from delivery.planning.plan import Plan
from delivery.rollout import Rollout
from delivery.slo import load_slo
from drills import probes
from drills.probes import EPOCH, ProbeError, Prober, Sample, Schedule

IMAGE, VERSION = "order:v2", "v2"
RATE = 200.0
# Before the release: what it takes to know the traffic and the times of the stable version.
STEADY_S = 12.0
# Before that: so long a silence that the failures of the release before are not taken for this one's usual errors.
SILENCE_S = 8.0
# A schedule that is not kept says more about this machine than about the release.
ATTEMPTS = 3
# After it: longer than the slowest answer.
TAIL_S = 3.5
CANARIES = (
    Canary("100 % errors", errors=1.0),
    Canary("20 % errors", errors=0.2),
    Canary("5 % errors", errors=0.05),
    Canary("+50 % latency", slower=0.5),
    Canary("sound"),
)


@dataclass(frozen=True)
class Policy:
    """Who judges, and by which plan users are let in.

    Attributes:
        judge: makes the judge of one release.
        plan: of the release.
        times: how often each canary is released.
    """

    judge: Callable[[], Judge]
    plan: Plan
    times: int


POLICIES = {
    OURS: Policy(lambda: SequentialJudge(load_slo(SERVICE)), Plan(), times=3),
    FIXED: Policy(lambda: ThresholdJudge(Flagger(10, 2, 10)), Plan(weights=WEIGHTS), times=1),
}


def measure(room: Room) -> Result:
    """Release each canary by each policy, several times.

    Raises:
        LoadError: the prober cannot probe, or no user met a canary.
        ClusterError, DeliveryError: a release could not be carried out.
        CalledProcessError: the cluster does not start.
    """
    found: Found = {}
    with shop.running(room.state):
        for canary in CANARIES:
            for name, policy in POLICIES.items():
                room.say(f"{canary.name}, by {name}, {policy.times} times")
                found[canary.name, name] = [_released(room, canary, policy) for _ in range(policy.times)]
    return Result(
        figures=[],
        targets=list(targets(found)),
        grids=[grid(found, RATE)],
        detail={f"{canary}, {policy}": [asdict(each) for each in all_] for (canary, policy), all_ in found.items()},
    )


def _released(room: Room, canary: Canary, policy: Policy) -> Released:
    """Release a canary; once more where this machine was too busy for the prober to keep its schedule.

    Raises:
        LoadError: the schedule was never kept, the prober cannot probe, or no user met the canary.
    """
    for attempt in range(1, ATTEMPTS + 1):
        shop.stage(room.state)
        with shop.connected(room.state) as cluster:
            canary.prepare(cluster)
            time.sleep(SILENCE_S)
            released, schedule = _watched(cluster, canary, policy)
        if released:
            return released
        room.say(f"attempt {attempt} does not count: {schedule.late} of {schedule.due} requests left late")
    raise LoadError(f"this machine is too busy for {RATE:g} requests a second: stop what else runs and try again")


def _watched(cluster: Cluster, canary: Canary, policy: Policy) -> tuple[Released | None, Schedule]:
    """Release a canary while users probe; return how that went, None unless the prober kept its schedule, and that."""
    prober = Prober(probes.Plan(cluster.gateway_url, RATE, SERVICE))
    try:
        prober.start()
        time.sleep(STEADY_S)
        outcome, judgement, course = _carried_out(cluster, canary, policy, prober.samples)
        time.sleep(TAIL_S)
        schedule = prober.stop()
        if not schedule.kept:
            return None, schedule
        cost = harm.of(course, prober.samples)
    except (ProbeError, ValueError) as error:
        raise LoadError(str(error)) from error
    finally:
        prober.stop()
    seconds = round(course.decided - course.shifted, 2)
    return Released(outcome, judgement.reason, judgement.numbers, seconds, cost), schedule


def _carried_out(
    cluster: Cluster, canary: Canary, policy: Policy, samples: Sequence[Sample]
) -> tuple[Outcome, Judgement, Course]:
    """Release a canary, and return how that ended, the last judgement, and when what happened."""
    typical = statistics.median(sample.latency_ms for sample in list(samples) if sample.service == SERVICE)
    rollout = Rollout(cluster, SERVICE, judge=policy.judge(), plan=policy.plan)
    try:
        rollout.start(IMAGE, verify=False)
        canary.spoil(cluster, typical)
        shifted = _now()
        judgement = _judged(rollout)
        course = Course(shifted, _now(), VERSION)
        outcome = rollout.promote() if judgement.successful else rollout.abort(judgement.reason)
        return outcome, judgement, course
    finally:
        rollout.restore()


def _judged(rollout: Rollout) -> Judgement:
    """Let users in step by step and return the judgement that ended it."""
    for weight in rollout.weights:
        rollout.shift(canary=weight)
        judgement = rollout.analysis()
        if not judgement.successful:
            break
    return judgement


def _now() -> float:
    return EPOCH + time.monotonic()
