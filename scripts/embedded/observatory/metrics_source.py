"""Asking Prometheus, for the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp

from embedded.observatory.errors import SourceError

_TIMEOUT = aiohttp.ClientTimeout(total=5)


@dataclass(frozen=True)
class Series:
    """One series of an answer.

    Attributes:
        labels: its labels.
        points: Unix time in seconds and value, oldest first; one point for an instant query.
    """

    labels: dict[str, str]
    points: list[tuple[float, float]]


class Metrics:
    """The Prometheus of the cluster.

    Args:
        url: its address; None where there is none.
    """

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._session: aiohttp.ClientSession | None = None

    async def instant(self, query: str) -> list[Series]:
        """Return the value of every series now.

        Raises:
            SourceError: Prometheus does not answer, or refuses the query.
        """
        found = await self._ask("query", {"query": query})
        return [Series(each["metric"], [_point(each["value"])]) for each in found]

    async def range(self, query: str, start: float, end: float, step: float) -> list[Series]:
        """Return the values of every series from start to end (Unix time), every ``step`` seconds.

        Raises:
            SourceError: Prometheus does not answer, or refuses the query.
        """
        window = {"query": query, "start": str(start), "end": str(end), "step": str(step)}
        found = await self._ask("query_range", window)
        return [Series(each["metric"], [_point(point) for point in each["values"]]) for each in found]

    async def _ask(self, path: str, form: dict[str, str]) -> list[dict[str, Any]]:
        if self._url is None:
            raise SourceError("no Prometheus is named: start with --prometheus URL")
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        try:
            async with self._session.post(f"{self._url}/api/v1/{path}", data=form) as answer:
                content = await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SourceError(f"Prometheus does not answer: {error or type(error).__name__}") from error
        if content.get("status") != "success":
            raise SourceError(f"Prometheus refuses {form['query']}: {content.get('error')}")
        result: list[dict[str, Any]] = content["data"]["result"]
        return result

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()


def _point(pair: list[Any]) -> tuple[float, float]:
    return float(pair[0]), float(pair[1])
