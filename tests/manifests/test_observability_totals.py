"""The page about what is installed tells what it asks of a laptop, and tells it truly."""

import re

import pytest
from tests.manifests.rendered import REPOSITORY, pod_of, render

PAGE = (REPOSITORY / "docs/observability.md").read_text()
ROW = re.compile(r"\| `(\w+)`[^|]*\|[^|]*\| ([\d.]+) \| (\d+) Mi \| (\d+) Mi \|")
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


def cores(quantity):
    return float(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)


def mebibytes(quantity):
    factors = {"Gi": 1024, "Mi": 1}
    return int(quantity[:-2]) * factors[quantity[-2:]]


def totals(folders):
    """Return CPU and memory asked for, and memory at most, of one pod of everything that stays."""
    asked, memory, most = 0.0, 0, 0
    for body in (body for folder in folders for body in render(folder) if body["kind"] in WORKLOADS):
        for container in pod_of(body)["containers"]:
            requests, limits = container["resources"]["requests"], container["resources"]["limits"]
            pods = body["spec"].get("replicas", 1)
            asked += pods * cores(requests["cpu"])
            memory += pods * mebibytes(requests["memory"])
            most += pods * mebibytes(limits["memory"])
    return f"{asked:.2f}", str(memory), str(most)


TOLD = {name: tuple(figures) for name, *figures in ROW.findall(PAGE)}


@pytest.mark.parametrize(
    "folder", sorted((REPOSITORY / "observability/overlays").iterdir()), ids=lambda each: each.name
)
def test_what_an_overlay_asks_for_is_told(folder):
    folders = [folder, *([REPOSITORY / "observability/elk/filebeat"] if folder.name == "elk" else [])]
    assert TOLD[folder.name] == totals(folders)
