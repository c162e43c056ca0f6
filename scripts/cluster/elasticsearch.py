"""Asking Elasticsearch for the log lines of requests, by trace id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cluster.backend import Backend, called
from cluster.client import Cluster
from cluster.errors import BackendError, NotFound
from cluster.ways import Place

INDEX = "logs-proving_ground-*"
# A request leaves about seven lines in the shop: one a service, one a proxy on each side of it.
MAX_LINES = 1000
TRACE_ID = "trace.id"
# What shippers and Elasticsearch say of themselves, not of the request: it would only be in the way.
_OWN = ("@", "data_stream.")


@dataclass(frozen=True)
class Line:
    """One line of a log, by its ECS names.

    Attributes:
        trace_id: the request that it is about.
        time: as it was written, ISO 8601.
        fields: everything else, such as ``log.level`` and ``message``.
    """

    trace_id: str
    time: str
    fields: Mapping[str, str] = field(default_factory=dict)


class Elasticsearch:
    """The Elasticsearch of a cluster, or the one at ELASTICSEARCH_URL.

    Args:
        cluster: where it runs.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.name = called(cluster, "Elasticsearch", cluster.settings.elasticsearch_url)
        place = Place(self.name, "elasticsearch", 9200, cluster.settings.elasticsearch_url)
        self._backend = Backend(cluster, place)

    def lines(self, trace_ids: Sequence[str]) -> list[Line]:
        """Return the lines of these requests that are known by now, in order of time.

        Raises:
            Absent: the cluster has no Elasticsearch.
            BackendError: it cannot be asked, or answers nonsense.
        """
        query = {
            "size": MAX_LINES,
            "sort": [{"@timestamp": "asc"}],
            "query": {"bool": {"filter": [{"terms": {TRACE_ID: list(trace_ids)}}]}},
        }
        try:
            answer = self._backend.ask("POST", f"/{INDEX}/_search", body=query)
        except NotFound:
            return []
        try:
            return [_line(hit["_source"]) for hit in answer["hits"]["hits"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BackendError(f"Elasticsearch answers no lines: {type(error).__name__} {error}") from error


def _line(source: Mapping[str, Any]) -> Line:
    fields = _flat(source)
    trace_id, time = fields.pop(TRACE_ID), fields.pop("@timestamp")
    return Line(trace_id, time, {name: value for name, value in fields.items() if not name.startswith(_OWN)})


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested objects as one, with the names that ECS gives their parts."""
    flat: dict[str, str] = {}
    for key, item in value.items():
        name = prefix + str(key)
        if isinstance(item, Mapping):
            flat |= _flat(item, f"{name}.")
        elif item is not None:
            flat[name] = ", ".join(map(str, item)) if isinstance(item, list) else str(item)
    return flat
