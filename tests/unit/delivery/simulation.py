"""Gateways and their Prometheus on a clock of their own: raw series, scraped every half second, as Envoy tells them."""

import random
import re
from collections import defaultdict

from cluster.errors import PrometheusError
from cluster.prometheus import Series
from delivery.counters.sources import ENVOY_REQUESTS, ENVOY_TIMES

SCRAPE = 0.5
BOUNDS = ("100", "250", "400", "500", "+Inf")


def envoy(track, service="order", namespace="shop", gateway="g1", **labels):
    """Return the labels of a series of Envoy's."""
    cluster = f"outbound|8080|{track}|{service}.{namespace}.svc.cluster.local"
    return {"envoy_cluster_name": cluster, "instance": gateway, "job": "envoy", **labels}


class Simulation:
    """Traffic by track, as (requests a second, share of errors, share of slow ones); it may change at any time."""

    def __init__(self, seed=1, gateways=("g1",), **traffic):
        self.random = random.Random(seed)
        self.traffic = traffic
        self.gateways = list(gateways)
        self.time = 1000.0
        self.points = defaultdict(list)
        self.values = defaultdict(int)
        self.scraping = True
        self.away = False
        self.set_by = 0.0
        self.queries = []
        self.actions = []
        self.rest = 0.0
        self.skip(40)

    def at(self, seconds, action):
        """Do something so many seconds from now."""
        self.actions.append((self.time + seconds, action))

    def skip(self, seconds):
        for _ in range(round(seconds / SCRAPE)):
            self.time += SCRAPE
            for due, action in [each for each in self.actions if each[0] <= self.time]:
                self.actions.remove((due, action))
                action()
            self._serve()
            if self.scraping:
                self._scrape()

    def _serve(self):
        for track, (rate, errors, slow) in self.traffic.items():
            for _ in range(round(rate * SCRAPE)):
                code = "500" if self.random.random() < errors else "200"
                late = self.random.random() < slow
                gateway = self.random.choice(self.gateways)
                self._count(gateway, ENVOY_REQUESTS, track, envoy_response_code=code)
                self._count(gateway, ENVOY_REQUESTS, track, envoy_response_code_class=f"{code[0]}xx")
                for le in BOUNDS:
                    self._count(gateway, ENVOY_TIMES, track, by=not late or float(le) > 300, le=le)

    def _count(self, gateway, name, track, by=1, **labels):
        self.values[gateway, tuple(envoy(track, gateway=gateway, __name__=name, **labels).items())] += by

    def _scrape(self):
        for (gateway, key), value in self.values.items():
            if gateway in self.gateways:
                late = self.gateways.index(gateway) * 0.01
                self.points[key].append((self.now() + late, float(value)))

    def restart_gateway(self):
        self.values.clear()

    # As Analysis uses them

    def clock(self):
        return self.time

    def sleep(self, seconds):
        self.rest += seconds
        while self.rest >= SCRAPE:
            self.rest -= SCRAPE
            self.skip(SCRAPE)

    def now(self):
        return self.time + self.set_by + 7000.0


class SimulatedPrometheus:
    def __init__(self, simulation):
        self.simulation = simulation

    def now(self):
        if self.simulation.away:
            raise PrometheusError("Prometheus cannot be asked: it is away")
        return self.simulation.now() + 0.1

    def points(self, query):
        now = self.now()
        self.simulation.queries.append(query)
        oldest = now - float(re.search(r"\[(\d+)ms\]$", query).group(1)) / 1000
        found = []
        for key, points in self.simulation.points.items():
            if kept := tuple(point for point in points if oldest <= point[0] <= now):
                found.append(Series(dict(key), kept))
        return found
