"""Timeouts, retries, faults and copies, as the user and as the backend see them."""

import time
import uuid

import pytest
from tests.contract import chance
from tests.contract.waiting import converged, until

REQUESTS = 200


@pytest.fixture
def stable(entrance):
    """The host, leading to the one pod of the stable version."""
    entrance.split(stable=100, canary=0)
    entrance.answers_with("v1")
    return entrance


def with_route(entrance, **fields):
    entrance.routes({"route": [entrance.to("stable")], **fields})


def key():
    return uuid.uuid4().hex


def test_a_route_without_a_timeout_waits(stable):
    assert stable.get("/?ms=1500").status_code == 200


def test_a_timeout_is_answered_with_504(stable):
    with_route(stable, timeout="0.3s")
    converged(lambda: stable.get("/?ms=1500").status_code == 504, "the timeout", times=3)
    assert stable.get("/").status_code == 200


def test_a_failing_request_is_tried_again_as_often_as_asked(stable):
    with_route(stable, retries={"attempts": 3, "retryOn": "5xx"})
    converged(lambda: stable.get(f"/?fail=1&key={key()}").status_code == 200, "the retries")
    counted = key()
    assert stable.get(f"/?fail=99&key={counted}").status_code == 503
    assert stable.seen(counted) == 1 + 3


def test_retries_end_with_the_first_good_answer(stable):
    with_route(stable, retries={"attempts": 5, "retryOn": "5xx"})
    converged(lambda: stable.get(f"/?fail=1&key={key()}").status_code == 200, "the retries")
    counted = key()
    assert stable.get(f"/?fail=2&key={counted}").status_code == 200
    assert stable.seen(counted) == 3


def test_no_attempts_mean_one_request(stable):
    with_route(stable, retries={"attempts": 0})
    stable.answers_with("v1")
    counted = key()
    assert stable.get(f"/?fail=99&key={counted}").status_code == 503
    assert stable.seen(counted) == 1


def test_what_was_answered_is_not_tried_again_unless_asked(stable):
    with_route(stable, retries={"attempts": 3, "retryOn": "connect-failure,refused-stream,reset-before-request"})
    stable.answers_with("v1")
    counted = key()
    assert stable.get(f"/?fail=99&key={counted}").status_code == 503
    assert stable.seen(counted) == 1


def test_each_try_has_a_timeout_of_its_own(stable):
    with_route(stable, timeout="10s", retries={"attempts": 2, "perTryTimeout": "0.3s", "retryOn": "5xx"})
    converged(lambda: stable.get("/?ms=1500").status_code == 504, "the timeout of a try", times=1)
    counted = key()
    assert stable.get(f"/?ms=1500&key={counted}").status_code == 504
    until(lambda: stable.seen(counted) == 1 + 2, "three tries")


def test_an_injected_abort_never_reaches_the_backend(stable):
    fault = {"abort": {"httpStatus": 418, "percentage": {"value": 100}}}
    spared = {"match": [{"uri": {"prefix": "/seen"}}], "route": [stable.to("stable")]}
    stable.routes(spared, {"fault": fault, "route": [stable.to("stable")]})
    converged(lambda: stable.get().status_code == 418, "the fault")
    counted = key()
    assert stable.get(f"/?key={counted}").status_code == 418
    assert stable.seen(counted) == 0


def test_a_share_of_aborts_is_within_what_chance_allows(stable):
    with_route(stable, fault={"abort": {"httpStatus": 418, "percentage": {"value": 30}}})
    converged(lambda: 418 in stable.statuses(20), "the first fault", times=3)
    found = stable.statuses(REQUESTS)
    assert set(found) == {200, 418}
    assert chance.allows(found[418], REQUESTS, 0.3), found


def test_an_injected_delay_is_felt(stable):
    with_route(stable, fault={"delay": {"fixedDelay": "0.7s", "percentage": {"value": 100}}})

    def delayed():
        began = time.monotonic()
        return stable.get().status_code == 200 and time.monotonic() - began >= 0.7

    converged(delayed, "the delay", times=3)


def test_a_copy_goes_to_the_shadow_and_its_answer_to_nobody(stable, shared_site):
    shadow = shared_site.entrance(app="backend", track="canary")
    try:
        shadow.open()
        mirror = {"mirrors": [{"destination": {"host": shadow.name}, "percentage": {"value": 100}}]}
        with_route(stable, **mirror)

        def copied():
            counted = key()
            # The shadow is slow and wrong, and no user notices.
            answer = stable.get(f"/?key={counted}&only=v2&fail=99&ms=400")
            assert (answer.status_code, answer.headers["X-App-Version"]) == (200, "v1")
            assert answer.elapsed.total_seconds() < 0.4
            return shadow_saw(shadow, counted)

        converged(copied, "copies at the shadow", times=3)
        counted = key()
        stable.get(f"/?key={counted}")
        until(lambda: shadow.seen(counted) == 1, "one copy")
        assert stable.seen(counted) == 1
    finally:
        shadow.close()


def shadow_saw(shadow, counted):
    """Tell whether the copy came; it is sent beside the request, so it may be a moment later."""
    end = time.monotonic() + 1
    while not shadow.seen(counted) and time.monotonic() < end:
        time.sleep(0.02)
    return shadow.seen(counted)
