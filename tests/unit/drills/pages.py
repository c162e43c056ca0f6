"""Reports to draw pages from: the one of a true drill, and variations of it that a test makes."""

import copy
import csv
import json
import shutil
from functools import cache
from pathlib import Path

from drills.html.run import Request, Run, read
from drills.report import COLUMNS

TRUE = Path(__file__).with_name("data") / "canary-errors"


@cache
def _true():
    return read(TRUE)


def true_run(**changes):
    """Return the true run; changes replace parts of its report."""
    run = _true()
    return Run(run.name, copy.deepcopy(run.report) | changes, list(run.requests))


def request(at=0.0, version="v1", latency=5.0, error="", service="order", status=200, **rest):
    known = {"trace_id": "0" * 32, "method": "GET", "path": "/orders"} | rest
    return Request(at, latency, status, version, service=service, error=error, **known)


def run_of(requests, **changes):
    """Return a run with these requests and the report of the true one."""
    return Run("canary-errors", true_run(**changes).report, sorted(requests, key=lambda one: one.at_s))


def step(name, detail="", started=0.0, finished=None):
    return {"name": name, "detail": detail, "started_s": started, "finished_s": finished}


def copied(folder, name="canary-errors", change=lambda report: None):
    """Copy the files of the true run into a folder of reports."""
    shutil.copytree(TRUE, folder / name)
    path = folder / name / "report.json"
    report = json.loads(path.read_text())
    change(report)
    path.write_text(json.dumps(report))
    return folder / name


def write_requests(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
