"""A gateway and its Prometheus on a clock of their own: scrapes every half second, answers as Prometheus would."""

import random
import re
from collections import defaultdict

from cluster.errors import PrometheusError
from cluster.prometheus import Series
from delivery.counters.ledger import BUCKETS, REQUESTS

SCRAPE = 0.5
BOUNDS = ("0.1", "0.25", "0.5", "+Inf")


class Simulation:
    """Traffic by track, as (requests a second, share of errors, share of slow ones); it may change at any time."""

    def __init__(self, seed=1, **traffic):
        self.random = random.Random(seed)
        self.traffic = traffic
        self.time = 1000.0
        self.points = defaultdict(list)
        self.values = defaultdict(int)
        self.scraping = True
        self.away = False
        self.queries = []
        self.skip(40)

    def skip(self, seconds):
        for _ in range(round(seconds / SCRAPE)):
            self.time += SCRAPE
            self._serve()
            if self.scraping:
                for key, value in self.values.items():
                    self.points[key].append((self.time, float(value)))

    def _serve(self):
        for track, (rate, errors, slow) in self.traffic.items():
            for _ in range(round(rate * SCRAPE)):
                code = "500" if self.random.random() < errors else "200"
                late = self.random.random() < slow
                self.values[REQUESTS, track, "code", code] += 1
                for le in BOUNDS:
                    self.values[BUCKETS, track, "le", le] += not late or float(le) > 0.3

    def restart_gateway(self):
        for key in self.values:
            self.values[key] = 0

    # As Analysis uses them

    def clock(self):
        return self.time

    def sleep(self, seconds):
        self.rest = getattr(self, "rest", 0.0) + seconds
        while self.rest >= SCRAPE:
            self.rest -= SCRAPE
            self.skip(SCRAPE)

    def now(self):
        if self.away:
            raise PrometheusError("Prometheus cannot be asked: it is away")
        return self.time + 0.1

    def points_of(self, query):
        span = float(re.search(r"\[(\d+)ms\]$", query).group(1)) / 1000
        oldest = self.time + 0.1 - span
        for (name, track, label, value), points in self.points.items():
            kept = tuple(point for point in points if point[0] >= oldest)
            if kept:
                yield Series({"__name__": name, "track": track, label: value}, kept)


class SimulatedPrometheus:
    def __init__(self, simulation):
        self.simulation = simulation

    def now(self):
        return self.simulation.now()

    def points(self, query):
        self.simulation.queries.append(query)
        return list(self.simulation.points_of(query))
