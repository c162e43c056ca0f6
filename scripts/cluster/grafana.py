"""Marks on Grafana's dashboards: annotations, which every panel shows at their time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cluster.backend import Backend, called
from cluster.client import Cluster
from cluster.errors import BackendError
from cluster.ways import Place

PATH = "/api/annotations"


class Grafana:
    """The Grafana of a cluster, or the one at GRAFANA_URL.

    Args:
        cluster: where it runs.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.name = called(cluster, "Grafana", cluster.settings.grafana_url)
        url = cluster.settings.grafana_url
        self._backend = Backend(cluster, Place(self.name, "grafana", 3000, url, "admin-user", "admin-password"))

    def mark(self, time_ms: int, tags: Sequence[str], text: str) -> int:
        """Mark a moment and return the id of the annotation.

        Args:
            time_ms: Unix time in milliseconds.
            tags: what it is found by.
            text: what people read.

        Raises:
            Absent: the cluster has no Grafana.
            BackendError: it cannot be asked, or refuses.
        """
        answer = self._backend.ask("POST", PATH, body={"time": time_ms, "tags": list(tags), "text": text})
        try:
            return int(answer["id"])
        except (KeyError, TypeError, ValueError) as error:
            raise BackendError("Grafana does not say the id of an annotation") from error

    def stretch(self, annotation: int, end_ms: int) -> None:
        """Make a mark into a span that ends at a time.

        Raises:
            BackendError: Grafana cannot be asked, or refuses.
        """
        self._backend.ask("PATCH", f"{PATH}/{annotation}", body={"timeEnd": end_ms})

    def marks(self, tag: str) -> list[dict[str, Any]]:
        """Return the annotations with a tag, as Grafana describes them.

        Raises:
            BackendError: Grafana cannot be asked, or answers nonsense.
        """
        answer = self._backend.ask("GET", PATH, {"tags": tag, "limit": "1000"})
        if not isinstance(answer, list):
            raise BackendError("Grafana answers no list of annotations")
        return answer
