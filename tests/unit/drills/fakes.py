"""A shop without sockets: what a rollout does to it decides what its users are answered."""

import random
import threading
import time
from itertools import count
from types import SimpleNamespace

from delivery.errors import Rejected
from drills.experiment import System, Timing
from drills.probes import EPOCH, ProbeError, Sample, Schedule

TIMING = Timing(steady=0.05, tail=0.05, sound=0.1, again=0.05)
EVERY = 0.0005
DEADLINE = 10
NUMBERS = count(1)


def sample(at=0.0, version="v1", status=200, latency=5.0, service="order", error=None, method="GET"):
    if error is None and (status is None or status >= 400):
        error = f"status {status}, expected 200"
    number = next(NUMBERS)
    return Sample(at, latency, status, version, f"{number:032x}", method, f"/{service}s/{number}", service, 0.1, error)


class Shop:
    """Answers users; a rollout changes how."""

    def __init__(self):
        self.share = 0.0
        self.fault = "sound"
        self.stable = "v1"
        self.staged = []
        self.broken = False
        self.samples = 0
        self.random = random.Random(7)
        self.refuses = ""
        self.cut = False

    def answer(self):
        due = EPOCH + time.monotonic()
        version = "v2" if self.random.random() < self.share else self.stable
        bad = version == "v2" and self.fault == "errors" and self.random.random() < 0.5
        late = version == "v2" and self.fault == "slow"
        return sample(due, version, 503 if bad or self.broken else 200, 400.0 if late else 5.0)

    def users_pass(self, number=30):
        target, deadline = self.samples + number, time.monotonic() + DEADLINE
        while self.samples < target and not self.cut:
            assert time.monotonic() < deadline, "no users pass"
            time.sleep(EVERY)

    def stage(self, ending):
        self.staged.append(ending)
        self.share, self.stable = 0.0, "v1"


class FakeProber:
    def __init__(self, shop):
        self.shop = shop
        self.samples = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._probe, daemon=True)
        self.schedule = None

    @property
    def alive(self):
        return self._thread.is_alive()

    def spawn(self):
        pass

    def start(self):
        if self.shop.refuses:
            raise ProbeError(self.shop.refuses)
        self._thread.start()

    def stop(self):
        self._ended.set()
        if self.alive:
            self._thread.join()
        return self.schedule or Schedule(200, len(self.samples), len(self.samples), 200, 0, 0, 0)

    def _probe(self):
        while not self._ended.wait(EVERY):
            self.shop.samples += 1
            if not self.shop.cut:
                self.samples.append(self.shop.answer())


class FakeRollout:
    """Rolls out perfectly, and judges by what it knows."""

    weights = (25, 40, 50)

    def __init__(self, shop):
        self.shop = shop
        self.aborted = []

    def start(self, image):
        self.shop.users_pass()
        tag = image.partition(":")[2]
        self.shop.fault = tag.partition("-")[2] or "sound"
        if self.shop.fault == "crash":
            raise Rejected("order-canary is not ready: CrashLoopBackOff")

    def shift(self, canary):
        self.shop.share = canary / 100

    def switch(self):
        self.shop.share = 1.0

    def verify(self):
        return self._judgement(self.shop.fault == "sound", [self._smoke() for _ in range(10)])

    def analysis(self):
        self.shop.users_pass(80)
        return self._judgement(self.shop.fault == "sound")

    def promote(self):
        self.shop.users_pass()
        self.shop.share, self.shop.stable = 0.0, "v2"
        return SimpleNamespace(value="Promoted")

    def abort(self, reason):
        self.aborted.append(reason)
        self.shop.share = 0.0
        return SimpleNamespace(value="RolledBack")

    def _smoke(self):
        status, seconds = 500 if self.shop.fault == "errors" else 200, 0.4 if self.shop.fault == "slow" else 0.005
        return {"path": "/orders", "status": status, "version": "v2", "seconds": seconds, "error": ""}

    def _judgement(self, good, samples=({"time": 1.0, "candidate": {}, "reference": {}},)):
        verdict = "Passed" if good else "Failed"
        numbers = {"share": 0.5}
        return SimpleNamespace(
            step="canary",
            successful=good,
            verdict=verdict,
            reason=f"it is {verdict}",
            query="q",
            samples=list(samples),
            numbers=numbers,
        )


def system(shop, rollout=FakeRollout, prober=FakeProber):
    return System("fake", shop.stage, lambda service, strategy: rollout(shop), lambda service: prober(shop))
