"""What is left out is left out, and nothing else: otherwise the cost of a part would silently become nothing."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench import left_out, observing

ROOT = Path(__file__).resolve().parents[3]
ASK = """
import sys
from bench import left_out, observed
from chassis.telemetry import Telemetry
made = []
start = Telemetry.start_server_span
Telemetry.start_server_span = lambda *given: made.append("span") or start(*given)
app = left_out.create_app() if sys.argv[1:] else observed.create_app()
with app.test_client() as client:
    assert client.get("/ping").json == {"answer": "pong"}
    page = client.get("/metrics").text
print(*made[:1], *["metrics"] * ('route="/ping"' in page), file=sys.stderr)
"""


def seen(part=""):
    """Return which parts were there when a request was answered."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}/services{os.pathsep}{ROOT}/scripts", left_out.VARIABLE: part}
    command = [sys.executable, "-c", ASK, *([part] if part else [])]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return {*done.stderr.split(), *(["line"] if '"path":"/ping"' in done.stdout else [])}


def test_with_nothing_left_out_everything_is_there():
    assert seen() == {"span", "metrics", "line"}


@pytest.mark.parametrize(
    ("part", "left"),
    [
        ("span", {"metrics", "line"}),
        ("metrics", {"span", "line"}),
        ("line", {"span", "metrics"}),
        ("write", {"span", "metrics"}),
        (left_out.EVERYTHING, set()),
    ],
)
def test_one_part_is_left_out_and_the_others_stay(part, left):
    assert seen(part) == left


def test_every_part_is_measured_and_has_a_name():
    assert observing.ABOUT.keys() - {observing.BARE, observing.ALL} == {*left_out.PARTS, left_out.EVERYTHING}
