"""Which requests a rule is for: by kind, by count, by number and for how long."""

import pytest

from drills.chaos.rules import Cut, Refuse, Request, Rule, Rulebook

BUSY, GONE = Refuse(429, 1), Cut()
PATCH = Request("PATCH", "/apis/apps/v1/namespaces/shop/deployments/order", 1)
ROUTE = Request("PATCH", "/apis/networking.istio.io/v1/namespaces/shop/virtualservices/order", 2)
READ = Request("GET", "/api/v1/namespaces/shop/services/order")


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def decisions(rules, requests):
    book = Rulebook(rules)
    return [book.decide(request) for request in requests]


def test_a_rule_is_for_its_verbs_and_its_path():
    rule = Rule(BUSY, frozenset({"PATCH"}), "virtualservices/", times=None)
    assert decisions([rule], [READ, PATCH, ROUTE]) == [None, None, BUSY]


def test_a_rule_may_be_for_one_numbered_transition():
    assert decisions([Rule(BUSY, transition=2)], [PATCH, ROUTE, READ]) == [None, BUSY, None]


@pytest.mark.parametrize(
    ("rule", "hit"),
    [
        (Rule(BUSY), [1]),
        (Rule(BUSY, first=3), [3]),
        (Rule(BUSY, first=2, times=None), [2, 3, 4, 5, 6]),
        (Rule(BUSY, first=2, every=2, times=2), [2, 4]),
        (Rule(BUSY, every=3, times=None), [1, 4]),
    ],
)
def test_a_rule_counts(rule, hit):
    decided = decisions([rule], [PATCH] * 6)
    assert [number for number, action in enumerate(decided, 1) if action] == hit


def test_a_rule_that_lasts_is_for_every_request_until_it_is_over():
    clock = Clock()
    book = Rulebook([Rule(GONE, path="virtualservices/", lasts=4.0)], clock)
    assert book.decide(READ) is None
    assert book.decide(ROUTE) == GONE
    clock.now = 3.9
    assert book.decide(READ) == GONE
    clock.now = 4.0
    assert book.decide(READ) is None
    assert book.decide(ROUTE) is None


def test_the_first_rule_decides_and_the_others_count():
    rules = [Rule(BUSY), Rule(GONE, first=2)]
    assert decisions(rules, [PATCH, PATCH, PATCH]) == [BUSY, GONE, None]


@pytest.mark.parametrize(
    ("verb", "path", "counts"),
    [
        ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/order", True),
        ("DELETE", "/apis/coordination.k8s.io/v1/namespaces/shop/leases/release-order", True),
        ("PUT", "/apis/coordination.k8s.io/v1/namespaces/shop/leases/release-order", False),
        ("PATCH", "/apis/coordination.k8s.io/v1/namespaces/shop/leases/release-order", False),
        ("GET", "/apis/apps/v1/namespaces/shop/deployments/order", False),
    ],
)
def test_what_counts_as_a_transition(verb, path, counts):
    assert Request(verb, path).is_transition is counts
