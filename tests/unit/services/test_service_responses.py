"""The counter and the histogram of responses are, to Prometheus, those of the client library."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from chassis import responses
from chassis.responses import Responses

LABELS, BOUNDS = ("method", "code"), (0.1, 0.5, 1.0)
TIME = 1764000000.0


class Library:
    """The same by the client library."""

    def __init__(self):
        self.registry = CollectorRegistry()
        self._counter = Counter("http_requests_total", "Responses sent", LABELS, registry=self.registry)
        self._histogram = Histogram(
            "http_request_duration_seconds", "Time to answer", LABELS, buckets=BOUNDS, registry=self.registry
        )

    def observe(self, labels, seconds, exemplar):
        self._counter.labels(*labels).inc(1, exemplar)
        self._histogram.labels(*labels).observe(seconds, exemplar)


class Own:
    """The chassis' own."""

    def __init__(self):
        self.registry = CollectorRegistry(auto_describe=True)
        self._responses = Responses(LABELS, BOUNDS)
        self.registry.register(self._responses)

    def observe(self, labels, seconds, exemplar):
        self._responses.series(*labels).observe(seconds, exemplar)


exemplars = st.none() | st.integers(0, 9).map(lambda number: {"trace_id": f"{number:032x}"})
times = st.sampled_from([*BOUNDS, 0.0]) | st.floats(0, 5)
observations = st.lists(st.tuples(st.sampled_from([("GET", "200"), ("PUT", "500")]), times, exemplars))


@pytest.mark.parametrize("expose", [generate_latest, openmetrics.generate_latest])
@given(observed=observations)
def test_page_is_that_of_the_client_library(expose, observed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.time", lambda: TIME)
        patch.setattr(responses, "time", lambda: TIME)
        own, library = Own(), Library()
        for each in observed:
            own.observe(*each)
            library.observe(*each)
        assert expose(own.registry).decode() == expose(library.registry).decode()


def test_threads_lose_nothing():
    own = Own()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _each: own.observe(("GET", "200"), 0.5, None), range(8000)))
    assert own.registry.get_sample_value("http_requests_total", {"method": "GET", "code": "200"}) == 8000
    assert own.registry.get_sample_value("http_request_duration_seconds_sum", {"method": "GET", "code": "200"}) == 4000
