"""One user agent of the prober: sends a call exactly once and writes down what its user saw."""

from __future__ import annotations

import asyncio
import json
import secrets
import time
from typing import Any

import aiohttp

from drills.probes import TIMEOUT_SECONDS, Plan, ProbeError, Sample
from drills.traffic.calls import Call

VERSION_HEADER = "X-App-Version"


class Session:
    """Keeps connections as a browser does.

    Args:
        plan: what to probe.
        epoch: what to add to the monotonic clock to get seconds since the epoch, the same as in the drill.
    """

    def __init__(self, plan: Plan, epoch: float) -> None:
        self._epoch = epoch
        self._client = aiohttp.ClientSession(
            plan.target,
            timeout=aiohttp.ClientTimeout(total=None),
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        # aiohttp repeats idempotent requests when a kept connection drops and has no public switch against it
        # (aio-libs/aiohttp#10790); a test with a server that drops connections watches over this line.
        self._client._retry_connection = False

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def probe(self, call: Call, due: float) -> Sample:
        """Send a call that was due at a moment of the monotonic clock; whatever goes wrong becomes a bad sample."""
        trace_id = secrets.token_hex(16)
        lag = time.monotonic() - due
        status, version, error = await self._ask(call, trace_id, due + TIMEOUT_SECONDS)
        return Sample(
            scheduled=round(self._epoch + due, 6),
            latency_ms=round((time.monotonic() - due) * 1000, 3),
            status=status,
            version=version,
            trace_id=trace_id,
            method=call.method,
            path=call.path,
            service=call.service,
            lag_ms=round(lag * 1000, 3),
            error=error,
        )

    async def prepare(self, call: Call) -> Any:
        """Send a call that is no probe and return its JSON body.

        Raises:
            ProbeError: the answer was not the right one.
        """
        answers: list[Any] = []

        def check(answer: Any) -> str | None:
            answers.append(answer)
            return call.check(answer)

        once = Call(call.method, call.path, call.service, call.status, check, call.body, call.headers)
        sample = await self.probe(once, time.monotonic())
        if sample.failed:
            raise ProbeError(f"{call.method} {call.path} could not be prepared: {sample.error}")
        return answers[0]

    async def _ask(self, call: Call, trace_id: str, deadline: float) -> tuple[int | None, str | None, str | None]:
        status = version = None
        headers = {**call.headers, "traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
        try:
            async with (
                asyncio.timeout(deadline - time.monotonic()),
                self._client.request(
                    call.method, call.path, json=call.body, headers=headers, allow_redirects=False
                ) as answer,
            ):
                status, version = answer.status, answer.headers.get(VERSION_HEADER)
                return status, version, _judge(call, status, await answer.read())
        except TimeoutError:
            return status, version, f"no answer within {TIMEOUT_SECONDS:g} s"
        except Exception as error:  # noqa: BLE001 - whatever a probe runs into, its user got no right answer
            return status, version, f"{type(error).__name__}: {error}".rstrip(": ")


def _judge(call: Call, status: int, body: bytes) -> str | None:
    if status != call.status:
        return f"status {status}, expected {call.status}"
    try:
        return call.check(json.loads(body))
    except ValueError:
        return "wrong body: not JSON"
