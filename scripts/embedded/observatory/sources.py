"""What the observatory knows and whom it asks: made once, handed to every API and to the pages."""

from __future__ import annotations

from dataclasses import dataclass

from embedded.observatory.annotations import Annotations
from embedded.observatory.cluster_source import ClusterApi
from embedded.observatory.log_store import LogStore
from embedded.observatory.metrics_source import Metrics
from embedded.observatory.pods import Pods
from embedded.observatory.search import Logs
from embedded.observatory.settings import Settings
from embedded.observatory.spans import Spans
from embedded.observatory.traces import TraceQuery, Traces

__all__ = ["Sources", "TraceQuery"]


@dataclass(frozen=True)
class Sources:
    """All that can be asked.

    Attributes:
        metrics: Prometheus.
        cluster: the API server.
        pods: the pods, followed.
        spans: where spans go.
        traces: the traces that they make.
        lines: where the lines of logs go.
        logs: the search over them.
        annotations: what happened when.
    """

    metrics: Metrics
    cluster: ClusterApi
    pods: Pods
    spans: Spans
    traces: Traces
    lines: LogStore
    logs: Logs
    annotations: Annotations

    async def close(self) -> None:
        """Write what waits and let go of everything."""
        for store in (self.spans, self.lines, self.annotations):
            store.close()
        await self.metrics.close()
        await self.cluster.close()


def opened(settings: Settings) -> Sources:
    """Open everything.

    Raises:
        ObservatoryError: a file cannot be used.
    """
    cluster = ClusterApi(settings.kubeconfig)
    pods = Pods(cluster)
    spans, lines = Spans(settings.folder, pods.enrich), LogStore(settings.folder)
    return Sources(
        metrics=Metrics(settings.prometheus),
        cluster=cluster,
        pods=pods,
        spans=spans,
        traces=Traces(spans),
        lines=lines,
        logs=Logs(lines),
        annotations=Annotations(settings.folder),
    )
