"""What the observatory is told when it starts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Where everything is.

    Attributes:
        folder: for the observatory's own files.
        prometheus: address of Prometheus, None for none.
        kubeconfig: of the cluster, None for none.
        logs: folder of the containers' logs, None for none.
        access_log: Envoy's access log, None for none.
    """

    folder: Path
    prometheus: str | None = None
    kubeconfig: Path | None = None
    logs: Path | None = None
    access_log: Path | None = None
