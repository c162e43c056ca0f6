"""``make bench``: everything, printed as a table and written to reports/bench.json."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import cluster, figures, load, service

REPORTS = Path("reports")
STATE = Path(".embedded-bench")


def main() -> int:
    """Run all benchmarks and return the exit status."""
    console = Console()
    logs = REPORTS / "bench"
    logs.mkdir(parents=True, exist_ok=True)
    try:
        console.print("loading a service and bare Flask in turn")
        found = service.measure(logs)
        console.print("starting a cluster")
        found += cluster.measure(STATE, console.print)
    except (load.LoadError, subprocess.CalledProcessError) as error:
        Console(stderr=True).print(f"the benchmark could not be carried out: {error}")
        return 1
    except KeyboardInterrupt:
        return 130
    figures.write(found, REPORTS / "bench.json")
    console.print(_table(found))
    return 0


def _table(found: list[figures.Figure]) -> Table:
    table = Table(title="Benchmarks", title_justify="left")
    for name, side in (("figure", "left"), ("value", "right"), ("unit", "left"), ("remark", "left")):
        table.add_column(name, justify=side, overflow="fold")  # type: ignore[arg-type]
    for figure in found:
        table.add_row(figure.name, f"{figure.value:g}", figure.unit, figure.remark)
    return table


if __name__ == "__main__":
    sys.exit(main())
