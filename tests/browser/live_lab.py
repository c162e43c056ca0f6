"""A server with the real pages over a cluster, a Prometheus and annotations that a test sets at will."""

import asyncio
import contextlib
import socket
import threading
import time

from aiohttp import web

from embedded.observatory.errors import SourceError
from embedded.observatory.metrics_source import Series
from embedded.observatory.pages import install

BOUNDS = ("0.001", "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "+Inf")


class Shop:
    """What the pages are told; every attribute may change while a browser looks.

    Attributes:
        weights: of the route of order.
        rates: requests a second by track and code.
        slow: tracks whose answers take 0.4 s.
        pods: (name, track, version, ready).
        told: annotations as Grafana's API gives them.
        broken: names of the sources that do not answer.
        asked: how often Prometheus was asked.
    """

    def __init__(self):
        self.weights = {"stable": 100, "canary": 0}
        self.rates = {("stable", "200"): 200.0}
        self.slow = set()
        self.pods = [("order-6f9c-aaaaa", "stable", "v1", True), ("order-6f9c-bbbbb", "stable", "v1", True)]
        self.told = []
        self.broken = set()
        self.asked = 0
        self.selector = {"app": "order"}
        self.note = ""

    def step(self, name, text="", ended=None, weight=None, started=None):
        """Tell of a step of the drill canary-errors; times are seconds ago."""
        tags = ["proving-ground", "drill:canary-errors", f"step:{name}", "service:order"]
        start = self._ms(started or 0)
        end = start if ended is None else self._ms(ended)
        self._tell([*tags, f"weight:{weight}"] if weight is not None else tags, text, start, end)

    def judge(self, verdict, text, ago=0):
        """Tell of a judgement."""
        at = self._ms(ago)
        self._tell(["proving-ground", "drill:canary-errors", "judgement", f"verdict:{verdict}"], text, at, at)

    def end(self, verdict, outcome, text=""):
        """Tell of the end."""
        at = self._ms(0)
        tags = ["proving-ground", "drill:canary-errors", "end", f"verdict:{verdict}", f"outcome:{outcome}"]
        self._tell(tags, text, at, at)

    @staticmethod
    def _ms(ago):
        return int((time.time() - ago) * 1000)

    def _tell(self, tags, text, start, end):
        self.told.insert(0, {"id": len(self.told) + 1, "time": start, "timeEnd": end, "tags": tags, "text": text})

    # What the pages ask.
    def find(self, **_query):
        return list(self.told)

    async def list(self, plural, namespace=""):
        if "cluster" in self.broken:
            raise SourceError("the API server does not answer: refused")
        return {"services": self._services, "virtualservices": self._routes, "pods": self._pods}[plural]()

    def _services(self):
        meta = {"name": "order", "namespace": "shop"}
        if self.note:
            meta["annotations"] = {"delivery.proving-ground/release": self.note}
        return [{"metadata": meta, "spec": {"selector": self.selector}}]

    def _routes(self):
        split = [
            {"destination": {"host": "order", "subset": subset}, "weight": weight}
            for subset, weight in self.weights.items()
        ]
        return [{"metadata": {"name": "order", "namespace": "shop"}, "spec": {"http": [{"route": split}]}}]

    def _pods(self):
        return [
            {
                "metadata": {"name": name, "labels": {"app": "order", "track": track, "version": version}},
                "status": {"phase": "Running", "containerStatuses": [{"ready": ready, "restartCount": 0}]},
            }
            for name, track, version, ready in self.pods
        ]

    async def instant(self, query):
        return self._series(query, [time.time()])

    async def range(self, query, start, end, step):
        return self._series(query, [start + second for second in range(int(end - start))])

    def _series(self, query, times):
        if "metrics" in self.broken:
            raise SourceError("Prometheus does not answer: refused")
        self.asked += 1
        if "bucket" not in query:
            return [
                Series({"track": track, "code": code}, [(at, rate) for at in times])
                for (track, code), rate in self.rates.items()
            ]
        return [
            Series({"track": track, "le": bound}, [(at, self._below(track, bound)) for at in times])
            for track in {track for track, _code in self.rates}
            for bound in BOUNDS
        ]

    def _below(self, track, bound):
        total = sum(rate for (each, _code), rate in self.rates.items() if each == track)
        share = {"0.001": 0.1, "0.005": 0.7, "0.01": 0.95, "0.025": 0.99}.get(bound, 1.0)
        if track in self.slow:
            share = 1.0 if float(bound) >= 0.5 else 0.0
        return total * share


class Sources:
    """The shape of `embedded.observatory.sources.Sources`."""

    def __init__(self, shop):
        self.metrics = self.cluster = self.annotations = shop


class Lab:
    """Serves the pages from a thread of its own; may be stopped and started again on the same port."""

    def __init__(self, answers=None):
        self.shop = Shop()
        self._answers = answers or {}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._loop = self._thread = None

    def start(self):
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(started)), daemon=True)
        self._thread.start()
        assert started.wait(10)

    def stop(self):
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    async def _serve(self, started):
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        install(app, Sources(self.shop))
        for (method, path), answer in self._answers.items():
            app.router.add_route(method, path, answer)
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", self.port, reuse_address=True).start()
            started.set()
            await self._over.wait()
        finally:
            await runner.cleanup()


@contextlib.contextmanager
def laboratory(answers=None):
    lab = Lab(answers)
    lab.start()
    try:
        yield lab
    finally:
        lab.stop()
