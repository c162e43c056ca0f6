"""`python -m scaffold`: another service, away with it again, or the platform under the team's own name."""

from __future__ import annotations

from typing import Annotated

import typer

from scaffold import renaming, service
from scaffold.errors import ScaffoldError
from scaffold.git import check_clean, check_kept
from scaffold.tree import Tree

Name = Annotated[str, typer.Argument(help="Name of the service, such as payment or gift-card.")]

app = typer.Typer(
    help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


@app.command()
def new(name: Name) -> None:
    """Make another service of the shape of `user`: code, tests, image, manifests, routing, objectives, drill."""
    tree = Tree()
    changed = service.new(tree, name)
    tree.write()
    _say(f"made {name}", changed)
    typer.echo(f"  its code: services/{name.replace('-', '_')}; what it is about is in domain.py and shapes.py")
    typer.echo("  next: make test; make up; make drill-canary SERVICE=" + name)


@app.command()
def remove(
    name: Name,
    force: Annotated[bool, typer.Option(help="Even if what was written since is in no commit.")] = False,
) -> None:
    """Take a service away again that `new` made."""
    tree = Tree()
    changed, lost = service.remove(tree, name)
    if not force:
        check_kept(tree.root, lost)
    tree.write()
    _say(f"removed {name}", changed)


@app.command()
def rename(
    name: Annotated[str, typer.Argument(help="Of the platform, such as acme.")],
    namespace: Annotated[str, typer.Option(help="Where its services live; else where they do now.")] = "",
    registry: Annotated[str, typer.Option(help="Before the names of production's images; else as now.")] = "",
    force: Annotated[bool, typer.Option(help="Even if there are changes in no commit.")] = False,
) -> None:
    """Give the platform the team's own name, everywhere; doing it twice does no harm."""
    tree = Tree()
    if not force:
        check_clean(tree.root)
    changed = renaming.rename(tree, name, namespace, registry)
    tree.write()
    _say(f"the platform is called {name}", changed)


def _say(what: str, changed: list[str]) -> None:
    typer.echo(f"{what}: {len(changed)} files")


def main() -> None:
    """Run a command; what goes wrong is one line."""
    try:
        app()
    except (ScaffoldError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
