"""Asking Prometheus: instant values and raw points, so that no data, old data and zero stay three different things."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from cluster.client import Cluster
from cluster.errors import Absent, ClusterError, PrometheusError

NAMESPACE = "observability"
SERVICE = "prometheus:9090"
# Seconds within which a whole answer has to be there: whoever asks decides by what was a moment ago.
TIMEOUT = 5.0


@dataclass(frozen=True)
class Sample:
    """One value at one time.

    Attributes:
        labels: labels of the series, its name under ``__name__``.
        value: the value; NaN where Prometheus says so.
        timestamp: Unix time, by Prometheus' clock.
    """

    labels: Mapping[str, str]
    value: float
    timestamp: float


Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Series:
    """The raw points of one series, oldest first.

    Attributes:
        labels: labels of the series, its name under ``__name__``.
        points: Unix time and value of every point, as stored.
    """

    labels: Mapping[str, str]
    points: Points


class Prometheus:
    """The Prometheus of a cluster, through the API server or at PROMETHEUS_URL.

    Args:
        cluster: where it runs.
    """

    name = "Prometheus"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def instant(self, query: str) -> list[Sample]:
        """Return the value of every series of an instant vector, or of a scalar; nothing there is an empty list.

        Raises:
            PrometheusError: it cannot be asked, or the query is wrong.
        """
        with _sense(query):
            data = self._ask(query)
            if data["resultType"] == "scalar":
                return [_sample({"metric": {}, "value": data["result"]})]
            if data["resultType"] != "vector":
                raise PrometheusError(f"query {query} gives a {data['resultType']}: an instant vector is needed")
            return [_sample(result) for result in data["result"]]

    def points(self, query: str) -> list[Series]:
        """Return the raw points of a range selector, such as ``up[30s]``: as stored, without interpolation.

        Raises:
            PrometheusError: it cannot be asked, or the query is no range selector.
        """
        with _sense(query):
            data = self._ask(query)
            if data["resultType"] != "matrix":
                raise PrometheusError(f"query {query} gives a {data['resultType']}: a range selector is needed")
            return [
                Series(result["metric"], tuple((float(time), float(value)) for time, value in result["values"]))
                for result in data["result"]
            ]

    def now(self) -> float:
        """Return the present time by Prometheus' own clock.

        Raises:
            PrometheusError: it does not tell.
        """
        told = self.instant("time()")
        if not told:
            raise PrometheusError("Prometheus does not tell the time")
        return told[0].value

    def version(self) -> str:
        """Return the version that it says it has.

        Raises:
            Absent: the cluster has no Prometheus.
            PrometheusError: it cannot be asked, or does not say.
        """
        if not self._cluster.settings.prometheus_url:
            self._check_present()
        try:
            return str(self._fetch("/api/v1/status/buildinfo", {})["data"]["version"])
        except PrometheusError:
            raise
        except ClusterError as error:
            raise PrometheusError(f"Prometheus cannot be asked: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise PrometheusError("Prometheus does not say its version") from error

    def fetch(self, path: str, query: Mapping[str, str]) -> Any:
        """Return its answer to any question of its HTTP API, as it came.

        Raises:
            ClusterError: it cannot be asked.
        """
        return self._fetch(path, query)

    def _check_present(self) -> None:
        if self._cluster.at(NAMESPACE).services.find(SERVICE.partition(":")[0]) is None:
            raise Absent(f"namespace {NAMESPACE} has no Service prometheus")

    def _ask(self, query: str) -> dict[str, Any]:
        try:
            answer = self._fetch("/api/v1/query", {"query": query})
        except PrometheusError:
            raise
        except ClusterError as error:
            raise PrometheusError(f"Prometheus cannot be asked: {error}") from error
        if not isinstance(answer, dict) or answer.get("status") != "success":
            said = answer.get("error") if isinstance(answer, dict) else answer
            raise PrometheusError(f"Prometheus refuses {query}: {said}")
        data: dict[str, Any] = answer["data"]
        return data

    def _fetch(self, path: str, query: Mapping[str, str]) -> Any:
        url = self._cluster.settings.prometheus_url
        if url:
            return _within(TIMEOUT, lambda: _get_json(url, path, query))
        return _within(TIMEOUT, lambda: self._cluster.through_service(NAMESPACE, SERVICE, path, query, timeout=TIMEOUT))


def _within(seconds: float, ask: Callable[[], Any]) -> Any:
    """Return an answer that is whole in time.

    Sockets time out when nothing comes for a while, so an answer that trickles in byte by byte would never be late. Who
    is still reading it is left to himself.
    """
    answer: Future[Any] = Future()

    def wait() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:  # noqa: BLE001 - it goes on where the answer is waited for
            answer.set_exception(error)

    threading.Thread(target=wait, daemon=True).start()
    try:
        return answer.result(timeout=seconds)
    except FutureTimeout as error:
        raise PrometheusError(f"Prometheus does not answer within {seconds:g} s") from error


@contextlib.contextmanager
def _sense(query: str) -> Iterator[None]:
    """Turn an answer that makes no sense into a PrometheusError: to whoever judges it is no answer at all."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise PrometheusError(f"Prometheus answers nonsense to {query}: {type(error).__name__}") from error


def _get_json(url: str, path: str, query: Mapping[str, str]) -> Any:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=TIMEOUT)
    try:
        connection.request("GET", f"{parts.path}{path}?{urlencode(query)}")
        return json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise PrometheusError(f"Prometheus does not answer at {url}: {said}") from error
    finally:
        connection.close()


def _sample(result: Mapping[str, Any]) -> Sample:
    timestamp, value = result["value"]
    return Sample(result["metric"], float(value), float(timestamp))
