"""Patience with an API server: what it bears, for how long, and what it does not bear."""

import pytest

from cluster.errors import Busy, ClusterError, Conflict, NotFound, Unreachable
from cluster.patience import Patience

VIRTUAL_SERVICE = "/apis/networking.istio.io/v1/namespaces/shop/virtualservices/order"


class Clock:
    def __init__(self):
        self.now = 0.0
        self.slept = []

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


class Server:
    """Raises what it is given, then answers."""

    def __init__(self, *errors):
        self.errors = list(errors)

    def __call__(self):
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def patience(clock):
    return Patience(10, lambda: clock.now, clock.sleep)


def test_it_asks_until_there_is_an_answer(patience, clock):
    assert patience.bear(Server(Unreachable("away"), Busy("ill"), Unreachable("away"))) == "answer"
    assert clock.slept == sorted(clock.slept)


def test_it_leaves_the_server_alone_as_long_as_that_asks(patience, clock):
    patience.bear(Server(Busy("too many", retry_after=3)))
    assert clock.slept == [3]


def test_it_ends_with_the_last_refusal(patience, clock):
    with pytest.raises(Busy):
        patience.bear(Server(*[Busy("ill")] * 1000))
    assert clock.now < 10


@pytest.mark.parametrize("kind", [Conflict, NotFound, ClusterError])
def test_an_answer_is_borne_at_once_whatever_it_says(patience, clock, kind):
    with pytest.raises(kind):
        patience.bear(Server(kind("no")))
    assert clock.slept == []


def test_a_patient_cluster_gets_through_and_an_impatient_one_does_not(cluster, api, clock):
    api.put("/api/v1/namespaces/shop/services/order", {"spec": {}})
    refusals = [(500, "ill"), (429, "too many"), (503, "starting")] * 2
    api.refuse = lambda method, path: refusals.pop() if refusals and path.endswith("services/order") else None
    with pytest.raises(Busy):
        cluster.aside().services.get("order")
    assert cluster.patient(Patience(10, lambda: clock.now, clock.sleep)).services.get("order")["spec"] == {}
    assert not refusals
