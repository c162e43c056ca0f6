"""The project's pipeline, carried out by our reader of it or by Logstash itself."""

import copy
import json
import shutil
import subprocess
from pathlib import Path

import yaml
from tests.unit.elk.pipeline_config import read
from tests.unit.elk.pipeline_filters import run

LOGSTASH = Path(__file__).resolve().parents[3] / "observability/elk/logstash"
FILES = sorted((LOGSTASH / "pipeline").glob("*.conf"))
# A Logstash that starts, works and ends on a busy laptop.
DEADLINE = 300


def filters():
    """Return the statements of the filter section."""
    return read("\n".join(file.read_text() for file in FILES))["filter"]


def interpreted(events):
    """Return what becomes of events in our reader."""
    return [run(filters(), copy.deepcopy(event)) for event in events]


def image():
    """Return the image that the manifests run."""
    images = yaml.safe_load((LOGSTASH / "kustomization.yaml").read_text())["images"]
    return f"{images[0]['name']}:{images[0]['newTag']}"


def why_not_real():
    """Return why Logstash itself cannot be asked on this machine, or None if it can."""
    if not shutil.which("docker"):
        return "there is no Docker"
    found = subprocess.run(["docker", "image", "inspect", image()], capture_output=True, check=False)
    return None if found.returncode == 0 else f"the image {image()} is not here: docker pull {image()}"


def carried_out(events):
    """Return what becomes of events in Logstash itself, in a container without a network."""
    config = (
        "input { stdin { codec => json_lines { ecs_compatibility => disabled } } }\n"
        + next(file.read_text() for file in FILES if "filter" in file.name)
        + "\noutput { stdout { codec => json_lines } }\n"
    )
    command = ["docker", "run", "--rm", "--interactive", "--network", "none", image(), "logstash"]
    settings = ["--pipeline.workers", "1", "--pipeline.ecs_compatibility", "v8", "--log.level", "error"]
    lines = "".join(json.dumps(event) + "\n" for event in events)
    done = subprocess.run(
        [*command, *settings, "--config.string", config], input=lines, capture_output=True, text=True, timeout=DEADLINE
    )
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return sorted(found, key=lambda event: event["number"])
