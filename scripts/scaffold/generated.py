"""What others generate from the objectives of all services: written along, so that nobody has to remember it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from delivery.errors import DeliveryError
from monitoring import generators
from monitoring.errors import MonitoringError
from scaffold.errors import ScaffoldError
from scaffold.tree import Tree

# What the generators of scripts/monitoring read.
_READ = ("observability/slo",)


def regenerate(tree: Tree) -> None:
    """Let rules, alerts and dashboards be those of the changed tree.

    Raises:
        ScaffoldError: they cannot be generated.
    """
    with tempfile.TemporaryDirectory(prefix="scaffold-") as folder:
        for path in tree.files(*_READ):
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(tree.read(path), encoding="utf-8")
        try:
            made = generators.generated(Path(folder))
        except (DeliveryError, MonitoringError, OSError) as error:
            raise ScaffoldError(f"the monitoring cannot be generated: {error}") from error
    for path, text in made.items():
        if not tree.exists(path) or tree.read(path) != text:
            tree.put(path, text)
