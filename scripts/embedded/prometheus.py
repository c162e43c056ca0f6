"""The Prometheus of the embedded cluster: how it is configured and started, and which pods it scrapes."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from embedded.apiserver.resources import PODS
from embedded.apiserver.store import Store
from embedded.mesh.addresses import Address

Object = dict[str, Any]

_REPOSITORY = Path(__file__).resolve().parents[2]
_OWN = _REPOSITORY / ".tools" / "prometheus" / "bin" / "prometheus"
RULES = _REPOSITORY / "observability" / "prometheus" / "rules"
# An analysis must see a bad release within a second or two.
INTERVAL = "500ms"
# A day of drills; older figures stand in their reports.
_RETENTION = "24h"
_PORTS_ANNOTATION = "embedded.proving-ground/ports"
_NOT_IN_LABEL = re.compile(r"[^a-zA-Z0-9_]")
_TIMEOUT = aiohttp.ClientTimeout(total=2)
# Several pods change at once in a rollout; one file is written for all of them.
_COALESCE = 0.1


def prometheus_binary() -> str:
    """Return the path of Prometheus: the one that was set up inside the checkout, else from PATH.

    Raises:
        FileNotFoundError: there is none; says how to get it.
    """
    found = str(_OWN) if _OWN.exists() else shutil.which("prometheus")
    if found is None:
        raise FileNotFoundError(f"prometheus is neither at {_OWN} nor on PATH: run `make setup`, or install it")
    return found


class Prometheus:
    """Prometheus as a part of the cluster.

    Args:
        store: the cluster's objects; annotated pods are scraped.
        folder: for configuration and data.
        address: where it listens.
        envoy: Envoy's statistics listener.
        rules: folder of the rule files.
    """

    def __init__(self, store: Store, folder: Path, address: Address, envoy: Address, rules: Path = RULES) -> None:
        self._store = store
        self._folder = folder.resolve()
        self._address = address
        self._envoy = envoy
        self._rules = rules
        self._config = self._folder / "prometheus.yaml"
        self._pods = self._folder / "pods.json"

    def prepare(self) -> None:
        """Write the files that Prometheus needs to start."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._config.write_text(yaml.safe_dump(self.configuration(), sort_keys=False))
        self._write_targets()

    def configuration(self) -> Object:
        """Return Prometheus' configuration."""
        return {
            "global": {"scrape_interval": INTERVAL, "scrape_timeout": INTERVAL, "evaluation_interval": INTERVAL},
            "rule_files": [str(self._rules / "*.yaml")],
            "scrape_configs": [
                {
                    "job_name": "envoy",
                    "metrics_path": "/stats/prometheus",
                    "static_configs": [{"targets": [str(self._envoy)]}],
                },
                {"job_name": "pods", "file_sd_configs": [{"files": [str(self._pods)]}]},
            ],
        }

    def prometheus_command(self) -> list[str]:
        """Return the command line of Prometheus; whoever runs it restarts it when it dies."""
        return [
            prometheus_binary(),
            f"--config.file={self._config}",
            f"--storage.tsdb.path={self._folder / 'data'}",
            f"--storage.tsdb.retention.time={_RETENTION}",
            f"--web.listen-address={self._address}",
            "--enable-feature=exemplar-storage",
            "--log.level=warn",
        ]

    async def ready(self) -> bool:
        """Tell whether Prometheus answers queries."""
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.get(f"http://{self._address}/-/ready") as response,
            ):
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def run(self) -> None:
        """Keep the list of scraped pods up to date until cancelled."""
        with self._store.watch(PODS) as watch:
            self.prepare()
            async for _event in watch:
                await asyncio.sleep(_COALESCE)
                self._write_targets()

    def _write_targets(self) -> None:
        groups = [group for pod in self._store.peek(PODS) if (group := target_group(pod))]
        content = json.dumps(groups, indent=1)
        if self._pods.exists() and self._pods.read_text() == content:
            return
        temporary = self._pods.with_name(f".{self._pods.name}.new")
        temporary.write_text(content)
        temporary.replace(self._pods)


def target_group(pod: Object) -> Object | None:
    """Return where and under which labels a pod is scraped, None if it is not."""
    meta = pod["metadata"]
    annotations = meta.get("annotations") or {}
    ip = pod.get("status", {}).get("podIP")
    port = annotations.get("prometheus.io/port") or next(_ports(pod), None)
    if annotations.get("prometheus.io/scrape") != "true" or not ip or not port:
        return None
    real = json.loads(annotations.get(_PORTS_ANNOTATION, "{}")).get(str(port), port)
    labels = {_NOT_IN_LABEL.sub("_", name): value for name, value in (meta.get("labels") or {}).items()}
    path = annotations.get("prometheus.io/path", "/metrics")
    where = {"namespace": meta["namespace"], "pod": meta["name"], "__metrics_path__": path}
    return {"targets": [f"{ip}:{real}"], "labels": {**labels, **where}}


def _ports(pod: Object) -> Iterator[str]:
    for container in pod.get("spec", {}).get("containers") or ():
        for port in container.get("ports") or ():
            yield str(port["containerPort"])
