"""``make bench``: every part, or those that ONLY names, printed as tables and written to reports/bench/<part>.json."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench import figures
from bench.figures import Grid, Result
from bench.load import LoadError
from bench.parts import PARTS
from bench.room import Room
from cluster.errors import ClusterError
from delivery.errors import DeliveryError

REPORTS = Path("reports") / "bench"
NO_SUCH_PART = 2


def main(chosen: Sequence[str]) -> int:
    """Run parts and return the exit status; a target that is missed does not change it.

    Args:
        chosen: names of parts; none for all of them.
    """
    problems = Console(stderr=True, highlight=False)
    if unknown := next((name for name in chosen if name not in PARTS), None):
        problems.print(f"there is no benchmark {unknown}: choose {', '.join(PARTS)}", markup=False)
        return NO_SUCH_PART
    try:
        for name in chosen or PARTS:
            _run(name, Console(highlight=False))
    except (LoadError, ClusterError, DeliveryError, subprocess.CalledProcessError) as error:
        problems.print(f"the benchmark {name} could not be carried out: {error}", markup=False)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _run(name: str, console: Console) -> None:
    console.print(f"{name}: {PARTS[name].about}", markup=False)
    logs = REPORTS / name
    logs.mkdir(parents=True, exist_ok=True)
    room = Room(logs, Path(f".embedded-bench-{name}"), lambda said: console.print(f"  {said}", markup=False))
    result = PARTS[name].measure(room)
    path = REPORTS / f"{name}.json"
    figures.write(name, result, path)
    for grid in result.grids:
        console.print(_side_by_side(grid))
    if result.figures:
        console.print(_table(name, result))
    for target in result.targets:
        console.print(f"  {'yes' if target.reached else 'NO '}  {target.what}: {target.found}", markup=False)
    console.print(f"  {path}\n", markup=False)


def _side_by_side(grid: Grid) -> Table:
    table = Table(title=grid.title, title_justify="left")
    for place, column in enumerate(grid.columns):
        table.add_column(column, justify="right" if place else "left", overflow="fold")
    for row in grid.rows:
        table.add_row(*row)
    return table


def _table(name: str, result: Result) -> Table:
    table = Table(title=f"Benchmark: {name}", title_justify="left")
    for column, side in (("figure", "left"), ("value", "right"), ("unit", "left"), ("remark", "left")):
        table.add_column(column, justify=side, overflow="fold")  # type: ignore[arg-type]
    for figure in result.figures:
        table.add_row(figure.name, f"{figure.value:g}", figure.unit, figure.remark)
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
