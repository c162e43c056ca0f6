"""`python -m monitoring`: write the generated files of observability/, or check that they are up to date."""

from __future__ import annotations

import typer

from delivery.errors import DeliveryError
from monitoring import generators
from monitoring.errors import MonitoringError

app = typer.Typer(
    help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


@app.command()
def write() -> None:
    """Generate every file anew; those that were up to date stay untouched."""
    for path in generators.write():
        typer.echo(f"wrote {path}")


@app.command()
def check() -> None:
    """Fail if a file is not what would be generated."""
    if old := generators.stale():
        raise MonitoringError(f"out of date: {', '.join(old)}; run `python -m monitoring write`")


def main() -> None:
    """Run a command; what goes wrong is one line."""
    try:
        app()
    except (DeliveryError, MonitoringError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
