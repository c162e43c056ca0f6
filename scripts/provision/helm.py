"""Releases of charts, each brought to what is wanted of it, and touched only if it is something else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from cluster.settings import REPOSITORY
from provision.charts import Chart
from provision.programs import FailedError, run
from provision.steps import UNCHANGED

# Charts that were fetched are kept in the checkout, like all that is installed.
CACHE = REPOSITORY / ".tools" / "helm"


@dataclass(frozen=True)
class Release:
    """A chart, installed.

    Attributes:
        name: name of the release.
        namespace: where it is installed; made if it is not there.
        chart: what is installed.
        values: what differs from the chart's own values.
    """

    name: str
    namespace: str
    chart: Chart
    values: Mapping[str, Any]


class Helm:
    """Helm, for one cluster.

    Args:
        kubeconfig: path of the file.
        context: context in it.
    """

    def __init__(self, kubeconfig: str, context: str) -> None:
        self._environment = {"HELM_CACHE_HOME": str(CACHE), "KUBECONFIG": kubeconfig}
        self._context = context

    def ensure(self, release: Release) -> str:
        """Bring a release to what is wanted of it; return what became of it.

        Raises:
            ProvisionError: helm failed.
        """
        found = self._metadata(release.name, release.namespace)
        status = str(found.get("status", ""))
        if status == "deployed" and self._is_same(release, found):
            return UNCHANGED
        # Interrupted: helm refuses to go on from there by itself.
        if status in ("pending-upgrade", "pending-rollback"):
            self._run(["rollback", release.name], release.namespace)
        elif status in ("pending-install", "uninstalling"):
            self._run(["uninstall", release.name], release.namespace)
        command = [
            "upgrade",
            "--install",
            release.name,
            *release.chart.arguments,
            "--create-namespace",
            "--values",
            "-",
        ]
        self._run(command, release.namespace, stdin=yaml.safe_dump(dict(release.values)))
        return "upgraded" if status == "deployed" else "installed"

    def knows(self, name: str, namespace: str) -> bool:
        """Tell whether there is a release of that name, in whatever state."""
        return bool(self._metadata(name, namespace))

    def _is_same(self, release: Release, found: Mapping[str, Any]) -> bool:
        if (found["chart"], str(found["version"])) != (release.chart.name, release.chart.version):
            return False
        values = self._run(["get", "values", release.name, "--output", "json"], release.namespace)
        return bool((json.loads(values) or {}) == json.loads(json.dumps(release.values)))

    def _metadata(self, name: str, namespace: str) -> dict[str, Any]:
        try:
            return dict(json.loads(self._run(["get", "metadata", name, "--output", "json"], namespace)))
        except FailedError as error:
            if "release: not found" in error.text:
                return {}
            raise

    def _run(self, command: list[str], namespace: str, stdin: str = "") -> str:
        where = ["--namespace", namespace, "--kube-context", self._context]
        return run(["helm", *command, *where], stdin=stdin, environment=self._environment)
