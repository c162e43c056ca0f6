"""Probes: startup, then readiness and liveness beside each other, with the numbers that the manifest states."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

Check = Callable[[], Awaitable[str | None]]
# A container that is starting is asked more often than its period says: the state it is asked for cannot be lost by
# asking early, and a pod that is ready but not yet known to be costs a release its time. The pause grows with the
# container's age, so that asking adds at most a tenth to the time it takes to start.
_FIRST_PAUSE = 0.05
_SHARE_OF_AGE = 0.1


@dataclass(frozen=True)
class Outcome:
    """What one more answer means.

    Attributes:
        success: True after enough successes in a row, False after enough failures, None before.
        problem: why the probe failed this time, if it did and if it counts.
    """

    success: bool | None
    problem: str | None = None


@dataclass(frozen=True)
class Numbers:
    """The numbers of one probe, with Kubernetes' defaults."""

    initial_delay: float = 0
    period: float = 10
    timeout: float = 1
    successes: int = 1
    failures: int = 3

    @staticmethod
    def of(probe: Mapping[str, Any]) -> Numbers:
        """Read the numbers of a manifest's probe."""
        default = Numbers()
        return Numbers(
            probe.get("initialDelaySeconds") or default.initial_delay,
            probe.get("periodSeconds") or default.period,
            probe.get("timeoutSeconds") or default.timeout,
            probe.get("successThreshold") or default.successes,
            probe.get("failureThreshold") or default.failures,
        )


async def outcomes(numbers: Numbers, check: Check, *, eager: bool) -> AsyncIterator[Outcome]:
    """Ask again and again and tell what the answers mean.

    Args:
        numbers: the probe's numbers.
        check: asks once; returns what is wrong, if anything is.
        eager: ask more often until the first success; what fails in between does not count.
    """
    clock = asyncio.get_running_loop().time
    begin = clock()
    successes = failures = 0
    await asyncio.sleep(numbers.initial_delay)
    due = clock() + (numbers.period if eager else 0)
    while True:
        counts = not eager or clock() >= due
        problem = await _ask(check, numbers.timeout)
        if problem is None:
            eager = False
            successes, failures = successes + 1, 0
            yield Outcome(True if successes >= numbers.successes else None)
        elif counts:
            successes, failures = 0, failures + 1
            yield Outcome(False if failures >= numbers.failures else None, problem)
        if counts or not eager:
            due = clock() + numbers.period
        await asyncio.sleep(_pause(clock() - begin, due - clock()) if eager else numbers.period)


def _pause(age: float, until_due: float) -> float:
    return max(0.0, min(max(_FIRST_PAUSE, age * _SHARE_OF_AGE), until_due))


async def _ask(check: Check, timeout: float) -> str | None:  # noqa: ASYNC109 - the manifest states it
    try:
        async with asyncio.timeout(timeout):
            return await check()
    except TimeoutError:
        return f"timed out after {timeout:g}s"


class Prober:
    """Runs the probes of one start of a container.

    Args:
        container: its part of the manifest.
        ask: carries out one probe of the manifest.
        started: called once the startup probe, if any, has succeeded.
        ready: called with every change of readiness.
        failed: called with the name of the probe (Startup or Liveness) when it failed for good.
        unhealthy: called with the name of a probe and its problem.
    """

    def __init__(
        self,
        container: Mapping[str, Any],
        ask: Callable[[Mapping[str, Any]], Awaitable[str | None]],
        started: Callable[[], None],
        ready: Callable[[bool], None],
        failed: Callable[[str, Mapping[str, Any]], None],
        unhealthy: Callable[[str, str], None],
    ) -> None:
        self._container = container
        self._ask = ask
        self._started = started
        self._ready = ready
        self._failed = failed
        self._unhealthy = unhealthy

    async def run(self) -> None:
        """Probe until cancelled, or until nothing is left to find out."""
        startup = self._container.get("startupProbe")
        if startup and not await self._until_decided("Startup", startup, eager=True):
            return
        self._started()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_ready())
            if liveness := self._container.get("livenessProbe"):
                group.create_task(self._until_decided("Liveness", liveness, eager=False))

    async def _until_decided(self, name: str, probe: Mapping[str, Any], *, eager: bool) -> bool:
        """Ask until a startup probe succeeds, or until the probe fails for good, which ends the container."""
        async for outcome in outcomes(Numbers.of(probe), lambda: self._ask(probe), eager=eager):
            if outcome.problem:
                self._unhealthy(name, outcome.problem)
            if outcome.success is False:
                self._failed(name, probe)
                return False
            if outcome.success and eager:
                return True
        return False

    async def _keep_ready(self) -> None:
        probe = self._container.get("readinessProbe")
        if not probe:
            self._ready(True)
            return
        async for outcome in outcomes(Numbers.of(probe), lambda: self._ask(probe), eager=True):
            if outcome.problem:
                self._unhealthy("Readiness", outcome.problem)
            if outcome.success is not None:
                self._ready(outcome.success)
