"""docs/kubernetes.md tells of messages and parameters that there are, and `make` means the cluster that was named."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
GUIDE = (REPOSITORY / "docs" / "kubernetes.md").read_text()
SOURCES = [*(REPOSITORY / "scripts").glob("cluster/*.py"), *(REPOSITORY / "scripts").glob("provision/*.py")]
# Said by kind, Docker and Kubernetes.
OTHERS = ("failed to pull image", "ErrImagePull", "ErrImageNeverPull", "Unschedulable")


def sources() -> str:
    """Return the code with literals that stand below each other made one."""
    text = "\n".join(file.read_text() for file in SOURCES)
    return re.sub(r'"\s*\n\s*f?"', "", text)


def first_column(heading: str) -> list[str]:
    section = GUIDE.split(f"## {heading}")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [each for row in rows for each in re.findall(r"`([^`]+)`", row)]


@pytest.mark.parametrize("message", first_column("If it says ..."))
def test_every_message_of_the_guide_is_one_that_is_given(message):
    if message.startswith(OTHERS):
        return
    for part in re.split(r"\.\.\.|\d+| VirtualService | Service istio-ingressgateway", message):
        assert part.strip() in sources(), part


@pytest.mark.parametrize("parameter", first_column("Parameters"))
def test_every_parameter_of_the_guide_is_one_that_is_read(parameter):
    name = parameter.partition("=")[0]
    assert f'"{name}"' in sources() or f"{name} ?=" in (REPOSITORY / "Makefile").read_text()


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    kept = {"PATH": os.environ["PATH"], **environment}
    command = ["make", "--dry-run", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=kept, capture_output=True, text=True, check=False)


needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@needs_make
@pytest.mark.parametrize(
    ("arguments", "environment", "command"),
    [
        (["up"], {}, "python -m embedded up --state .embedded\n"),
        (["up"], {"IMAGE_REGISTRY": "a"}, "KUBECONFIG=.embedded/kubeconfig KUBECONTEXT= IMAGE_REGISTRY= "),
        (["up", "CLUSTER=kind"], {}, "python -m provision up --kind --overlay kind\n"),
        (["up"], {"KUBECONTEXT": "team"}, "KUBECONTEXT=team .venv/bin/python -m provision up --overlay kind\n"),
        (["up", "OVERLAY=own"], {"KUBECONTEXT": "team"}, "python -m provision up --overlay own\n"),
        (["down"], {}, "python -m embedded down"),
        (["down", "CLUSTER=kind"], {}, "python -m provision down --kind\n"),
        (["status"], {}, "python -m embedded status"),
        (["status", "CLUSTER=kind"], {}, "KUBECONFIG=.kind/kubeconfig KUBECONTEXT=kind-proving-ground "),
        (["drill-canary"], {}, "python -m drills run canary --overlay embedded --twin sound\n"),
        (["drill-blue-green", "CLUSTER=kind", "TWIN=slow"], {}, "drills run blue-green --overlay kind --twin slow\n"),
        (["drill-blue-green-route"], {"KUBECONTEXT": "team"}, "KUBECONTEXT=team .venv/bin/python -m drills run "),
        (["demo", "CLUSTER=kind"], {}, "python -m provision up --kind"),
        (["demo"], {}, "python -m embedded up --state .embedded-demo"),
    ],
)
def test_each_verb_means_the_cluster_that_was_named(arguments, environment, command):
    done = make(*arguments, **environment)
    assert done.returncode == 0, done.stderr
    assert command in done.stdout


@needs_make
def test_a_cluster_that_is_none_is_one_line():
    done = make("up", "CLUSTER=kin")
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert "CLUSTER=kin is none: embedded, kind, or context with KUBECONTEXT" in done.stderr
