"""`python -m pipeline`: the steps of the pipeline, each behind a make target.

A gate that finds something exits with 1 and a line for each thing; one that could not look exits with 2 and says why.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from pipeline import audit as audits
from pipeline import ci as local
from pipeline import environments, promotion, published, registry, sbom, secret_scan, signatures, workflow_files
from pipeline import pin as overlays
from pipeline import release as releases
from pipeline import scan as scans
from pipeline import summary as summaries
from pipeline import workflows as workflow_lint
from pipeline.errors import PipelineError

Environment = Annotated[str, typer.Option(envvar="ENVIRONMENT", help="Name of an overlay that users meet.")]
Service = Annotated[str, typer.Argument(envvar="SERVICE", help="Service, such as order.")]
Image = Annotated[str, typer.Option(envvar="IMAGE", help="Image by digest; else the one that was published.")]

app = typer.Typer(
    help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
)


@app.command()
def workflows() -> None:
    """Lint the workflows."""
    _gate(workflow_lint.findings(), f"{len(workflow_files.load())} workflows, nothing against them")


@app.command()
def secrets(
    accept: Annotated[bool, typer.Option(envvar="ACCEPT", help="What is found now is known to be none.")] = False,
) -> None:
    """Search what Git would publish for secrets."""
    if accept:
        secret_scan.accept()
    _gate(secret_scan.findings(), "no secret that is not known to be none")


@app.command()
def audit(files: Annotated[list[Path] | None, typer.Argument(help="Requirement files.")] = None) -> None:
    """Look the pinned packages up among known vulnerabilities."""
    _gate(audits.findings(files), "nothing is known against the pinned packages")


@app.command("sbom")
def bill() -> None:
    """Write the bills of materials of the pinned packages."""
    for path in sbom.write():
        typer.echo(path)


@app.command()
def scan() -> None:
    """Look up what is in the images; SCAN_THRESHOLD says from which severity on one is stopped."""
    images = scans.targets()
    _gate(scans.findings(images), f"{len(images)} images, nothing in them that stops them")


@app.command()
def pinned() -> None:
    """See that every environment names its images by digest."""
    names = environments.names()
    _gate([line for name in names for line in environments.floating(name)], f"by digest: {', '.join(names)}")
    for name in names:
        for where in environments.unpromoted(name):
            typer.echo(f"{name}: nothing was promoted for {where} yet")


@app.command()
def login() -> None:
    """Log Docker in to IMAGE_REGISTRY, with REGISTRY_USER and REGISTRY_PASSWORD."""
    typer.echo(f"logged in to {registry.log_in()}")


@app.command()
def sign() -> None:
    """Sign what was published."""
    for image in published.must_read().values():
        signatures.sign(image)
        typer.echo(f"signed {image}")


@app.command()
def verify(service: Service, image: Image = "") -> None:
    """See that an image was signed by COSIGN_IDENTITY, which COSIGN_ISSUER vouches for."""
    reference = str(published.image_of(service, image))
    signatures.verify(reference)
    typer.echo(f"{reference} is signed by {os.environ[signatures.IDENTITY]}")


@app.command()
def changed(environment: Environment = "production") -> None:
    """Print, as JSON, the services whose source differs from what an environment runs."""
    found = json.dumps(promotion.changed(environment))
    typer.echo(found)
    if os.environ.get("GITHUB_OUTPUT"):
        with Path(os.environ["GITHUB_OUTPUT"]).open("a") as file:
            file.write(f"services={found}\n")


@app.command()
def release(
    service: Service,
    image: Image = "",
    strategy: Annotated[str, typer.Option(envvar="STRATEGY", help="As `deliver release` knows it.")] = "canary",
) -> None:
    """Release an image that is signed; exit status of `deliver release`."""
    raise typer.Exit(releases.release(service, image, strategy))


@app.command()
def abort(
    service: Service, reason: Annotated[str, typer.Option(envvar="REASON")] = "asked for in the pipeline"
) -> None:
    """Bring all users back to the old version; exit status of `deliver abort`."""
    raise typer.Exit(releases.abort(service, reason))


@app.command()
def pin(service: Service, image: Image = "", environment: Environment = "production") -> None:
    """Write a promoted image into the overlay of its environment, by digest."""
    reference = str(published.image_of(service, image))
    done = "now names" if overlays.pin(environment, reference) else "names already"
    typer.echo(f"{environment} {done} {reference}")


@app.command("push-pin")
def push_pin(service: Service, environment: Environment = "production") -> None:
    """Commit and push the overlay of an environment, and nothing else."""
    message = f"{environment}: {service} {overlays.tag_of(environment, service)} was promoted"
    typer.echo(message if promotion.commit(environment, message) else f"{environment}: nothing to commit")


@app.command()
def summary() -> None:
    """Write the page that a reviewer reads; in a workflow it becomes its summary."""
    typer.echo(summaries.write(), nl=False)


@app.command()
def ci(only: Annotated[str, typer.Option(envvar="ONLY", help="Targets, with spaces between.")] = "") -> None:
    """Run the pipeline on this machine, and tell what is left out."""
    results = local.run(local.chosen(only.split()), typer.echo)
    typer.echo("\n" + "\n".join(local.table(results)))
    raise typer.Exit(any(result.word == local.FAILED for result in results))


def _gate(findings: list[str], passed: str) -> None:
    """End with a line for each finding, or say that there is none."""
    for line in findings:
        typer.echo(f"error: {line}", err=True)
    if findings:
        raise typer.Exit(1)
    typer.echo(passed)


def main() -> None:
    """Run a command; what goes wrong is one line."""
    try:
        app()
    except PipelineError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(error.status)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
