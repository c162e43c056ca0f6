"""`python -m images`: build the images of services/images.yaml with Docker, list them, push them.

BASE_IMAGE, IMAGE_REGISTRY, PLATFORM and DOCKER_BUILD_ARGS in the environment say how; docs/images.md explains them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Annotated

import typer

from images import docker, origin, release
from images.build import build as build_image
from images.build import push as push_image
from images.catalogue import Image, load
from images.errors import ImagesError
from images.settings import Settings

NO_REGISTRY = "IMAGE_REGISTRY is not set: say where to push to, as in registry.example.com/team"
Only = Annotated[str | None, typer.Option(help="Only the images of this service.")]

app = typer.Typer(
    help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


@app.command()
def build(only: Only = None) -> None:
    """Build every image, or those of one service."""
    images, settings = load(only), Settings.resolve()
    docker.check()
    source = origin.read()
    _each("built", images, settings, lambda image: build_image(image, settings, source))


@app.command("list")
def list_images(only: Only = None) -> None:
    """Print what the images are called, one a line."""
    settings = Settings.resolve()
    for image in load(only):
        typer.echo(image.reference(settings.registry))


@app.command()
def push(only: Only = None) -> None:
    """Push every image, or those of one service, to IMAGE_REGISTRY."""
    images, settings = load(only), Settings.resolve()
    if not settings.registry:
        raise ImagesError(NO_REGISTRY)
    docker.check()
    _each("pushed", images, settings, lambda image: push_image(image, settings))


@app.command("release")
def release_images(only: Only = None) -> None:
    """Build what is released for each kind of machine, as files; the tag is VERSION, else the commit."""
    settings, source = Settings.resolve(), origin.read()
    images = release.images(release.version(source), only)
    docker.check_buildx()
    _each("built", images, settings, lambda image: release.archive(image, settings, source))


@app.command()
def publish(only: Only = None) -> None:
    """Build what is released for all kinds of machines, push it to IMAGE_REGISTRY, and write down its digests."""
    settings, source = Settings.resolve(), origin.read()
    if not settings.registry:
        raise ImagesError(NO_REGISTRY)
    images = release.images(release.version(source), only)
    docker.check_buildx()
    _each("published", images, settings, lambda image: release.publish(image, settings, source))


def _each(done: str, images: list[Image], settings: Settings, act: Callable[[Image], None]) -> None:
    """Act on each image and tell how long it took; the first of a service takes most of the time."""
    began = time.monotonic()
    for number, image in enumerate(images, 1):
        typer.echo(f"[{number}/{len(images)}] {image.reference(settings.registry)} ... ", nl=False)
        started = time.monotonic()
        try:
            act(image)
        except BaseException:
            typer.echo("")
            raise
        typer.echo(f"{done} in {time.monotonic() - started:.1f} s")
    typer.echo(f"{len(images)} images {done} in {time.monotonic() - began:.0f} s")


def main() -> None:
    """Run a command; what goes wrong is one line."""
    try:
        app()
    except (ImagesError, OSError) as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        typer.echo("interrupted; building again goes on from here", err=True)
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
