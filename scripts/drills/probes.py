"""The users' view of a drill: an open-loop prober in a process of its own.

Requests go out at a constant rate whatever the answers do, latency counts from the moment a request was due, and
nothing is ever tried twice: what a user would have felt is what is written down. The prober is a process, not a
thread, because a drill parses Kubernetes objects and paints a terminal meanwhile, and one interpreter lock would make
both late. It ends with its parent, however that ends, because its standard input then closes.

This module and `drills.prober` import neither `delivery` nor `cluster`: users share no blind spot with the analysis.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import math
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

# Beyond this one prober process no longer keeps its schedule on a small machine, and a mistyped rate becomes an attack.
MAX_RATE = 1000.0
# A forgotten prober ends by itself.
MAX_SECONDS = 1800.0
# MAX_RATE x TIMEOUT_SECONDS: a lower bound would turn the loop on a slow system into a closed one.
MAX_IN_FLIGHT = 3000
# No user waits longer: a request without an answer by then has failed.
TIMEOUT_SECONDS = 3.0
# An interpreter has started and placed its first orders in well under a second; a busy machine may need much more.
SETUP_SECONDS = 20.0
# A slot that leaves later than this is late: its latency tells more about this machine than about the shop.
LATE_MS = 500.0
# So many of the slots may be late, or missing at the edges, before the schedule counts as broken.
LATE_SHARE = 0.01

# What turns the monotonic clock, which all processes of a machine share, into seconds since the epoch: a clock that is
# set during a drill moves neither steps nor requests.
EPOCH = time.time() - time.monotonic()


class ProbeError(Exception):
    """The prober cannot probe; the message is one line."""


@dataclass(frozen=True)
class Plan:
    """What to probe and how hard.

    Attributes:
        target: URL of the gateway, without a path.
        rate: requests per second.
        service: the service under release; it gets most of the traffic.
        named: the user named the target, so it may be another machine than this one.
        seed: makes the order of requests repeatable.
    """

    target: str
    rate: float = 200.0
    service: str = "order"
    named: bool = False
    seed: int = 1

    def check(self) -> Plan:
        """Return the plan itself if it may be run.

        Raises:
            ProbeError: the rate is out of bounds, or the target is another machine that nobody named.
        """
        if not 0 < self.rate <= MAX_RATE:
            raise ProbeError(f"rate {self.rate:g}/s is out of bounds: give more than 0 and at most {MAX_RATE:g}")
        url = urlsplit(self.target)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ProbeError(f"target {self.target!r} is no http(s) URL")
        if not self.named and not _is_loopback(url.hostname):
            raise ProbeError(f"{self.target} is not this machine: name it in GATEWAY_URL to send traffic there")
        return self


@dataclass(frozen=True, slots=True)
class Sample:
    """One request as its user saw it.

    Attributes:
        scheduled: when it was due, seconds since the epoch.
        latency_ms: from the moment it was due to the last byte of the answer.
        status: HTTP status, None without an answer.
        version: the version that answered (X-App-Version), None without one.
        trace_id: W3C trace id that the prober sent.
        method: HTTP method.
        path: path and query.
        service: the service behind the path.
        lag_ms: how late the prober itself sent it.
        error: what was wrong with the answer, None if nothing was.
    """

    scheduled: float
    latency_ms: float
    status: int | None
    version: str | None
    trace_id: str
    method: str
    path: str
    service: str
    lag_ms: float
    error: str | None

    @property
    def answered(self) -> bool:
        """Tell whether the user got any answer at all."""
        return self.status is not None

    @property
    def failed(self) -> bool:
        """Tell whether the user got something else than the right answer."""
        return self.error is not None


@dataclass(frozen=True)
class Schedule:
    """Whether the prober did what it was told.

    Attributes:
        rate: requests per second that were asked for.
        due: slots between start and stop.
        sent: slots that became a sample.
        achieved_rate: samples per second.
        lag_p99_ms: 99th percentile of how late a slot left.
        lag_max_ms: the latest.
        late: slots that left more than LATE_MS late.
    """

    rate: float
    due: int
    sent: int
    achieved_rate: float
    lag_p99_ms: float
    lag_max_ms: float
    late: int

    @property
    def kept(self) -> bool:
        """Tell whether the samples are what they claim to be: a constant rate."""
        allowed = LATE_SHARE * self.due
        return self.due > 0 and self.late <= allowed and self.due - self.sent <= allowed + 1

    @classmethod
    def of(cls, samples: list[Sample], rate: float, seconds: float) -> Schedule:
        """Compare samples with the schedule that should have produced them in so many seconds."""
        lags = sorted(sample.lag_ms for sample in samples)
        return cls(
            rate=rate,
            due=math.floor(rate * seconds),
            sent=len(samples),
            achieved_rate=round(len(samples) / seconds, 2) if seconds > 0 else 0.0,
            lag_p99_ms=round(lags[int(len(lags) * 0.99)], 2) if lags else 0.0,
            lag_max_ms=round(lags[-1], 2) if lags else 0.0,
            late=sum(lag > LATE_MS for lag in lags),
        )


class Prober:
    """Parent's handle on one prober process.

    `spawn` starts the interpreter (and may be called early, while something else is prepared), `start` begins to probe,
    `stop` ends it. `samples` grows while it runs.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan.check()
        self.samples: list[Sample] = []
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._ready = threading.Event()
        self._refusal = ""
        self._began: float | None = None
        self._schedule: Schedule | None = None

    def spawn(self) -> None:
        """Start the process; it waits for `start`. Calling it twice does nothing."""
        if self._process:
            return
        root = Path(__file__).resolve().parents[1]
        inherited = os.environ.get("PYTHONPATH")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "drills.prober"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), *([inherited] if inherited else [])])},
            start_new_session=True,  # Ctrl-C is for the drill, which still wants to see the way back
        )
        self._reader = threading.Thread(target=self._read, args=(self._pipe("stdout"),), daemon=True)
        self._reader.start()

    def start(self) -> None:
        """Prepare what is asked for later, then probe.

        Raises:
            ProbeError: the preparation failed; the message says which request and why.
        """
        self.spawn()
        self._tell(json.dumps({**asdict(self.plan), "epoch": EPOCH}))
        if not self._ready.wait(SETUP_SECONDS):
            self._refusal = f"the prober did not get ready within {SETUP_SECONDS:g} s"
        if self._refusal:
            self.stop()
            raise ProbeError(self._refusal)

    def stop(self) -> Schedule:
        """End the schedule, wait for the answers still due, and say how well the schedule was kept."""
        if self._schedule:
            return self._schedule
        stopped = time.monotonic()
        self._tell("stop")
        self._end()
        seconds = stopped - self._began if self._began is not None else 0.0
        self._schedule = Schedule.of(self.samples, self.plan.rate, seconds)
        return self._schedule

    @property
    def alive(self) -> bool:
        """Tell whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def _tell(self, line: str) -> None:
        try:
            print(line, file=self._pipe("stdin"), flush=True)
        except (BrokenPipeError, ValueError):
            return  # it ended before; the missing samples will show

    def _end(self) -> None:
        if self._process is None:
            return
        try:
            self._process.wait(TIMEOUT_SECONDS + 2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._reader:
            self._reader.join(TIMEOUT_SECONDS)
        for name in ("stdin", "stdout"):
            with contextlib.suppress(BrokenPipeError):  # what was never read by a dead prober cannot be flushed
                self._pipe(name).close()

    def _pipe(self, name: str) -> IO[str]:
        pipe: IO[str] | None = getattr(self._process, name, None)
        if pipe is None:
            raise ProbeError("the prober was not spawned")
        return pipe

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            self._take(json.loads(line))
        if not self._ready.is_set():
            self._refusal = self._refusal or "the prober ended before it was ready"
            self._ready.set()

    def _take(self, message: dict[str, Any]) -> None:
        if "refusal" in message:
            self._refusal = message["refusal"]
            self._ready.set()
        elif "began" in message:
            self._began = message["began"]
            self._ready.set()
        else:
            self.samples.append(Sample(**message))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
