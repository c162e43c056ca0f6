"""The verdict on a drill: from what users saw and what the rollout came to, never from the analysis under test.

Pure functions over a finished record. The order of the rules is the order of doubt: first whether the drill was carried
out, then whether there is evidence, then whether the fault was there at all, and only then what became of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from drills.probes import Sample
from drills.record import Record
from drills.twins import PROMOTED, TWINS

PASSED = "Passed"
FAILED = "Failed"
INCONCLUSIVE = "Inconclusive"
ERROR = "Error"

# A median of fewer answers says nothing about how late a version answers.
ENOUGH_FOR_A_MEDIAN = 5

# HTTP status, None without an answer, and latency in milliseconds.
_Answer = tuple[int | None, float]


@dataclass(frozen=True)
class Ruling:
    """The verdict and why, in one sentence."""

    verdict: str
    reason: str


@dataclass(frozen=True)
class Limits:
    """What users can bear.

    Attributes:
        slow_ms: an answer later than this is a slow one (from the SLO).
        hurt: number of requests that a bad release may hurt until it is taken back.
        toll: number of requests that what breaks around a sound release may cost.
        sick: whether the old version is so sick that what it fails is no fault of the release.
    """

    slow_ms: float
    hurt: float = 0.0
    toll: float = 0.0
    sick: bool = False


Rule = Callable[[Record, Limits], Ruling | None]


def judge(record: Record, limits: Limits) -> Ruling:
    """Return the verdict: the first rule that has something to say."""
    for rule in (_carried_out, _schedule, _evidence, _troubled, _last(record)):
        ruling = rule(record, limits)
        if ruling:
            return _unless_broken(ruling, record)
    raise AssertionError("the last rule always rules")


def _last(record: Record) -> Rule:
    """Return the rule for what became of the release."""
    if record.twin.expected == PROMOTED:
        return _sound
    return _spared if TWINS[record.twin.name].expected == PROMOTED else _faulty


def hurt(record: Record, limits: Limits) -> list[Sample]:
    """Return the requests during the method that failed, or that the new version answered too late."""
    exposed = record.between(record.acted_s, record.settled_s)
    return [
        sample
        for sample in exposed
        if _blamed(record, limits)(sample) or (_by_new(record)(sample) and sample.latency_ms > limits.slow_ms)
    ]


def _carried_out(record: Record, _limits: Limits) -> Ruling | None:
    if record.error:
        return Ruling(ERROR, f"The drill could not be carried out: {record.error}.")
    if record.unsteady:
        return Ruling(INCONCLUSIVE, f"Not started, the system was not steady: {record.unsteady}.")
    if not record.outcome:
        return Ruling(ERROR, "The method ended without an outcome.")
    return None


def _unless_broken(ruling: Ruling, record: Record) -> Ruling:
    """Return the ruling, or Failed where something else than the users' requests tells against the release.

    That needs no evidence from users, so Inconclusive does not stand against it either.
    """
    if ruling.verdict not in (PASSED, INCONCLUSIVE) or not record.broken:
        return ruling
    return Ruling(FAILED, f"{record.outcome}, but {'; '.join(record.broken)}.")


def _schedule(record: Record, _limits: Limits) -> Ruling | None:
    schedule = record.schedule
    if schedule is None or schedule.kept:
        return None
    return Ruling(
        INCONCLUSIVE,
        f"The prober did not keep its rate: {schedule.sent} of {schedule.due} requests sent,"
        f" {schedule.late} of them late, the latest by {schedule.lag_max_ms:.0f} ms.",
    )


def _evidence(record: Record, _limits: Limits) -> Ruling | None:
    windows = {
        "before the release": record.between(None, record.acted_s),
        "during the release": record.between(record.acted_s, record.settled_s),
        "after the release": record.between(record.settled_s, record.returning_s),
        "after the way back": record.between(record.returned_s, None),
    }
    for name, samples in windows.items():
        if not samples:
            return Ruling(INCONCLUSIVE, f"No user was seen {name}, so nothing is known about it.")
    if not any(sample.answered for sample in windows["after the way back"]):
        return Ruling(
            INCONCLUSIVE, "Not even after the way back was any user answered: the prober may have been cut off."
        )
    return None


def _troubled(record: Record, _limits: Limits) -> Ruling | None:
    """See the trouble before seeing it borne: a drill in which nothing broke has shown nothing."""
    if record.troubled == []:
        return Ruling(INCONCLUSIVE, "The release ended before anything around it broke, so there was nothing to bear.")
    return None


def _sound(record: Record, limits: Limits) -> Ruling:
    failed = _failed(record, limits)
    if record.outcome != PROMOTED and _nobody_knew(record) and not failed:
        return Ruling(INCONCLUSIVE, f"A sound release was rolled back for want of evidence: {_why_back(record)}")
    if record.outcome != PROMOTED:
        return Ruling(FAILED, f"A sound release was rolled back: {_why_back(record)}")
    return _unharmed(record, limits, record.version) or Ruling(PASSED, f"Promoted; {_losses(record, failed)}.")


def _spared(record: Record, limits: Limits) -> Ruling:
    """Judge a sound release that may not be promoted, since nobody could know that it is sound."""
    if record.outcome == PROMOTED:
        return Ruling(FAILED, "A release was promoted that nobody could know to be sound.")
    said = f"Rolled back, for nobody could know better; {_losses(record, _failed(record, limits))}."
    return _unharmed(record, limits, record.stable) or Ruling(PASSED, said)


def _unharmed(record: Record, limits: Limits, version: str) -> Ruling | None:
    """Return what users have to complain of, if a version was to have all of them in the end and hurt nobody."""
    requests, failed = record.requests, _failed(record, limits)
    late = [sample for sample in record.between(record.settled_s, None) if sample.failed]
    if len(failed) > limits.toll:
        bound = f", at most {limits.toll:.0f} may" if limits.toll else ""
        return Ruling(FAILED, f"{len(failed)} of {len(requests)} requests failed{bound}, {_most(failed)}.")
    if late:
        return Ruling(FAILED, f"{len(late)} requests failed after the release, {_most(late)}.")
    strangers = _answered_by_others(record, version)
    if strangers:
        return Ruling(FAILED, f"{record.outcome}, but users were still answered by {strangers} at the end.")
    return None


def _nobody_knew(record: Record) -> bool:
    """Tell whether the rollout went back because the analysis had no data, which says nothing about the strategy."""
    found = [finding.verdict for finding in record.findings]
    return bool(found) and found[-1] == INCONCLUSIVE and not (record.rejected or record.refused)


def _faulty(record: Record, limits: Limits) -> Ruling:
    if not _seen(record, limits):
        return Ruling(
            INCONCLUSIVE, f"The fault was never seen ({record.twin.about}), so nothing was there to be caught."
        )
    if record.outcome == PROMOTED:
        return Ruling(FAILED, f"{record.twin.about.capitalize()} was promoted; {_cost(record, limits)}.")
    late = [sample for sample in record.between(record.settled_s, None) if _blamed(record, limits)(sample)]
    if late:
        return Ruling(FAILED, f"{len(late)} requests failed after the way back, {_most(late)}.")
    strangers = _answered_by_others(record, record.stable)
    if strangers:
        return Ruling(FAILED, f"Rolled back, but users were still answered by {strangers} at the end.")
    if len(hurt(record, limits)) > limits.hurt:
        return Ruling(FAILED, f"Rolled back too late: {_cost(record, limits)}, at most {limits.hurt:.0f} may be.")
    return Ruling(PASSED, f"Rolled back after {record.time_to_detect_s or 0:.1f} s; {_cost(record, limits)}.")


# Whether the fault was there


def _seen(record: Record, limits: Limits) -> bool:
    """Tell whether the fault was there, in answers of users or of smoke requests: nobody's word is taken for it."""
    if record.twin.name == "crash":
        return bool(re.search("crash|exit|error", record.rejected, re.IGNORECASE))
    users = [
        (sample.status, sample.latency_ms) for sample in record.between(record.acted_s, None) if _by_new(record)(sample)
    ]
    return any(_shows(record.twin.name, answers, limits) for answers in (users, list(_smoke_answers(record))))


def _smoke_answers(record: Record) -> Iterator[_Answer]:
    """Yield what smoke requests were answered by the new version, as it came back, before any judge looked at it."""
    for finding in record.findings:
        for answer in finding.samples if isinstance(finding.samples, list) else ():
            if answer.get("version") == record.version:
                yield answer["status"], answer["seconds"] * 1000


def _shows(fault: str, answers: Sequence[_Answer], limits: Limits) -> bool:
    if fault == "errors":
        return any(status is not None and status >= 500 for status, _latency in answers)
    return len(answers) >= ENOUGH_FOR_A_MEDIAN and median(latency for _status, latency in answers) > limits.slow_ms


# Who failed


def _blamed(record: Record, limits: Limits) -> Callable[[Sample], bool]:
    """Tell of a request whether it failed, by no fault of an old version that was sick."""

    def blamed(sample: Sample) -> bool:
        excused = limits.sick and sample.service == record.service and sample.version == record.stable
        return sample.failed and not excused

    return blamed


def _failed(record: Record, limits: Limits) -> list[Sample]:
    return list(filter(_blamed(record, limits), record.requests))


# Words


def _by_new(record: Record) -> Callable[[Sample], bool]:
    return lambda sample: sample.service == record.service and sample.version == record.version


def _answered_by_others(record: Record, version: str) -> str:
    tail = [s for s in record.between(record.settled_s, record.returning_s) if s.service == record.service]
    return ", ".join(sorted({str(sample.version or "nobody") for sample in tail if sample.version != version}))


def _why_back(record: Record) -> str:
    bad = [finding.reason for finding in record.findings if finding.verdict != PASSED]
    reason = record.rejected or record.refused or (bad[0] if bad else "nobody said why")
    return reason if reason.endswith(".") else f"{reason}."


def _cost(record: Record, limits: Limits) -> str:
    count = len(hurt(record, limits))
    return f"{count} requests were hurt" if count else "no request was hurt"


def _losses(record: Record, failed: Sequence[Sample]) -> str:
    if not failed:
        return f"not one of {len(record.requests)} requests failed"
    return f"{len(failed)} of {len(record.requests)} requests failed, {_most(failed)}"


def _most(failed: Sequence[Sample]) -> str:
    [(error, count)] = Counter(sample.error for sample in failed).most_common(1)
    return f"{count} of them with '{error}'"
