"""The highest rate at which the drills' prober keeps its schedule, and what a request costs it, beside wrk.

wrk reads no answer, keeps no sample and waits for each answer before it asks again; it is the bound of what is possible
on this machine, against the same server.
"""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench import servers
from bench.figures import Figure, Result, Target
from bench.load import LoadError
from bench.room import Room
from drills.probes import LATE_MS, MAX_RATE

# Up to where two cores may get; each rate is tried for a few seconds, and none after the first that is not kept.
RATES = (250, 500, 750, 1000, 1250, 1500, 2000, 2500, 3000, 4000)
RATE_S = 3.0
# One hiccup of a machine that also runs other things is no finding.
ATTEMPTS = 3
WRK = Path(".tools") / "wrk" / "wrk"
CONNECTIONS = 8
MISSING = "wrk is missing, so the prober is measured alone (Debian: apt-get install wrk; macOS: brew install wrk)"


@dataclass(frozen=True)
class Probed:
    """How one rate went.

    Attributes:
        rate: requests per second that were asked for.
        clean: all slots were sent, each at most a tenth of what counts as late after it was due, and none failed.
        cpu_us: processor time a request, in microseconds.
        lag_p99_ms: 99th percentile of how late a slot left.
    """

    rate: float
    clean: bool
    cpu_us: float
    lag_p99_ms: float

    @classmethod
    def of(cls, found: dict[str, Any]) -> Probed:
        """Judge what bench.probing found."""
        whole = found["due"] - found["sent"] <= 1 and not found["failed"]
        clean = whole and found["lag_p99_ms"] <= LATE_MS / 10
        return cls(found["rate"], clean, round(found["cpu_us"], 1), found["lag_p99_ms"])


@dataclass(frozen=True)
class Wrk:
    """What wrk reached.

    Attributes:
        per_second: requests a second.
        cpu_us: processor time a request, in microseconds.
    """

    per_second: float
    cpu_us: float


def measure(room: Room) -> Result:
    """Return the highest clean rate of the prober, and what wrk reaches against the same server.

    Raises:
        LoadError: the server did not start, or no rate at all was kept.
    """
    port, log = servers.free_port(), room.logs / "shopkeeper.log"
    with servers.running([sys.executable, "-m", "bench.shopkeeper", str(port)], {}, log):
        servers.wait(port, log)
        wrk = _wrk(port)
        probed = list(_climb(port, room.logs / "samples.jsonl"))
    kept = [each for each in probed if each.clean]
    if not kept:
        raise LoadError(f"not even {RATES[0]} requests/s were kept: is this machine busy?")
    if not wrk:
        room.say(MISSING)
    return _result(kept[-1], wrk, probed)


def _climb(port: int, samples: Path) -> Iterator[Probed]:
    """Try rate after rate, up to and with the first that is not clean."""
    for rate in RATES:
        for _ in range(ATTEMPTS):
            probed = _probe(port, rate, samples)
            if probed.clean:
                break
        yield probed
        if not probed.clean:
            return


def _probe(port: int, rate: float, samples: Path) -> Probed:
    command = [sys.executable, "-m", "bench.probing", f"http://{servers.HOST}:{port}", str(rate), str(RATE_S)]
    with samples.open("w") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise LoadError(f"the prober ended: {(done.stderr.strip().splitlines() or ['no message'])[-1]}")
    return Probed.of(json.loads(done.stderr))


def _wrk(port: int) -> Wrk | None:
    program = str(WRK) if WRK.is_file() else shutil.which("wrk")
    if not program:
        return None
    command = [program, "-t1", f"-c{CONNECTIONS}", f"-d{RATE_S:.0f}s", f"http://{servers.HOST}:{port}/users/1"]
    before = _cpu_of_children()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return read_wrk(done.stdout, _cpu_of_children() - before)


def read_wrk(said: str, cpu_seconds: float) -> Wrk:
    """Read what wrk printed.

    Args:
        said: its output.
        cpu_seconds: processor time that it took.

    Raises:
        LoadError: it reports errors, or no requests.
    """
    lines = [line.split() for line in said.splitlines()]
    requests = next((int(words[0]) for words in lines if words[1:3] == ["requests", "in"]), 0)
    rate = next((float(words[1]) for words in lines if words[:1] == ["Requests/sec:"]), 0.0)
    if not requests or "Non-2xx" in said or "Socket errors" in said:
        raise LoadError(f"wrk got no clean answers: {' '.join(said.split())}")
    return Wrk(rate, round(cpu_seconds / requests * 1e6, 1))


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _result(best: Probed, wrk: Wrk | None, probed: list[Probed]) -> Result:
    remark = f"schedule kept for {RATE_S:g} s, every answer right; a drill asks for at most {MAX_RATE:g}"
    figures = [
        Figure("prober_clean_rate", best.rate, "requests/s", remark),
        Figure("prober_cpu", best.cpu_us, "us", "processor time a request at that rate"),
    ]
    if wrk:
        figures += [
            Figure("wrk_rate", round(wrk.per_second), "requests/s", f"closed loop, {CONNECTIONS} connections"),
            Figure("wrk_cpu", wrk.cpu_us, "us", "processor time a request"),
            Figure("prober_rate_ratio", round(best.rate / wrk.per_second, 3), "ratio", "to wrk"),
            Figure("prober_cpu_ratio", round(best.cpu_us / wrk.cpu_us, 1), "ratio", "to wrk"),
        ]
    target = Target(
        f"every rate that a drill may ask for is kept: {MAX_RATE:g}/s", best.rate >= MAX_RATE, f"{best.rate:g}/s"
    )
    detail = {"probed": [asdict(each) for each in probed], "wrk": asdict(wrk) if wrk else None}
    return Result(figures, [target], [], detail)
