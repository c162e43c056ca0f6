"""One holder at a time: who was stopped and goes on after another took over, does nothing more."""

import contextlib
import itertools
import threading

import pytest
from tests.unit.delivery.shop import DEPLOYMENTS, JOBS, LEASES, migrate_job, open_shop

from cluster import patience
from cluster.client import Cluster
from cluster.journals import Journals
from delivery import command
from delivery.errors import DeliveryError, Lost, UnderWay
from delivery.journal import lease, tenure
from delivery.judgement import Outcome, Verdict
from delivery.planning.plan import Plan
from delivery.rollout import Rollout


@pytest.fixture(autouse=True)
def short_lease(monkeypatch):
    monkeypatch.setattr(lease, "DURATION", 0.2)
    monkeypatch.setattr(lease, "LISTEN", 0.1)
    monkeypatch.setattr(lease, "LOOK", 0.02)
    monkeypatch.setattr(lease, "BEAT", 0.05)


@pytest.fixture
def shop(canary_shop):
    return canary_shop[0]


@pytest.fixture
def cluster(canary_shop):
    return canary_shop[1]


@pytest.fixture
def stopped(shop, cluster):
    """Return a release at 10 % whose process was stopped and knows nothing of it."""
    rollout = Rollout(cluster, "order")
    rollout.start("order:v2")
    rollout.shift(canary=10)
    stop(rollout)
    return rollout


def stop(rollout):
    """Stop the process of a release, as far as others can see."""
    rollout._tenure._pulse.stop()
    rollout._tenure._pulse._thread.join()


def taken_over():
    with Cluster.connect() as other:
        return Rollout.resume(other, "order").abort("the other one died")


def verbs(rollout):
    yield lambda: rollout.shift(canary=25)
    yield rollout.promote
    yield lambda: rollout.abort("found bad")
    yield rollout.analysis
    yield rollout.verify


@pytest.mark.parametrize("verb", range(5))
@pytest.mark.parametrize("long_lease", [False, True], ids=["lease ran out", "lease looks fresh"])
def test_who_goes_on_after_another_took_over_changes_nothing(shop, stopped, monkeypatch, verb, long_lease):
    assert taken_over() is Outcome.ROLLED_BACK
    if long_lease:  # then it is the journal that stops it
        monkeypatch.setattr(lease, "DURATION", 3600)
    before, marks = shop.state(), len(shop.calls())
    with pytest.raises(Lost, match="the other one died"):
        list(verbs(stopped))[verb]()
    assert (shop.state(), len(shop.calls()), shop.leftovers()) == (before, marks, [])
    with pytest.raises(Lost):
        stopped.abort("once more")
    stopped.restore()


def test_a_request_that_was_under_way_meanwhile_fails(shop, stopped):
    def between(method, path):
        if method == "PATCH" and "virtualservices" in path:
            shop.api.refuse = lambda method, path: None
            taken_over()

    shop.api.refuse = between
    with pytest.raises(Lost):
        stopped.shift(canary=25)
    assert shop.leftovers() == []


def test_what_was_made_too_late_is_removed_again(shop, cluster):
    rollout = Rollout(cluster, "order")

    def between(method, path):
        if method == "POST" and "deployments" in path:
            shop.api.refuse = lambda method, path: None
            stop(rollout)
            taken_over()

    shop.api.refuse = between
    with pytest.raises(Lost):
        rollout.start("order:v2")
    assert shop.leftovers() == []


def test_the_heartbeat_notices_that_another_took_over(stopped, shop):
    stopped._tenure._pulse.beat()
    taken_over()
    with pytest.raises(Lost):
        stopped._tenure._pulse.beat()


def test_nobody_takes_over_from_who_is_alive(shop, cluster):
    rollout = Rollout(cluster, "order")
    rollout.start("order:v2")
    with Cluster.connect() as other, pytest.raises(UnderWay, match="alive: last heartbeat"):
        Rollout.resume(other, "order")
    assert rollout.abort("enough") is Outcome.ROLLED_BACK


def test_a_second_release_is_told_what_to_do_with_a_dead_one(cluster, stopped, monkeypatch):
    monkeypatch.setattr(lease, "is_gone", lambda holder: True)
    with pytest.raises(UnderWay, match=r"to order:v2 is under way .* dead: .* `deliver resume order` goes on"):
        Rollout(cluster, "order").start("order:v3")


def test_two_that_begin_at_once_cannot_both(shop):
    together, ends = threading.Barrier(2, timeout=10), []

    def begin(image):
        with Cluster.connect() as own:
            rollout = Rollout(own, "order")
            together.wait()
            try:
                rollout.start(image)
                ends.append(rollout)
            except UnderWay as error:
                ends.append(error)

    threads = [threading.Thread(target=begin, args=(f"order:v{number}",)) for number in (2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(end) for end in ends if isinstance(end, UnderWay)) == [UnderWay]
    assert shop.journal()[0]["phase"] == "starting"


def test_staging_takes_the_release_from_whoever_has_it(shop, cluster, stopped):
    Journals(cluster).seize("staging")
    with pytest.raises(Lost, match="has taken it over"):
        stopped.shift(canary=25)
    assert shop.weights() == {"stable": 90, "canary": 10}
    assert Journals(cluster).clear() == ["order"]
    current, history = shop.journal()
    assert (current, history[-1]["outcome"], shop.holder()) == (None, "ClearedByStaging", None)


def test_a_journal_that_somebody_deleted_is_written_anew(shop, cluster):
    rollout = Rollout(cluster, "order")
    rollout.start("order:v2")
    shop.api.remove("/api/v1/namespaces/shop/configmaps/release-order")
    rollout.shift(canary=10)
    assert shop.journal()[0]["shifts"][-1]["weight"] == 10


def test_a_journal_that_somebody_spoilt_is_one_line(shop, cluster):
    shop.api.put("/api/v1/namespaces/shop/configmaps/release-order", {"data": {"current": '{"phase": "dancing"}'}})
    with pytest.raises(DeliveryError, match=r"the journal of order cannot be read .*: stage the overlay"):
        Rollout(cluster, "order").start("order:v2")


def test_a_lease_without_a_release_is_let_go_of(shop, cluster):
    shop.api.put(
        f"{LEASES}/release-order", {"spec": {"holderIdentity": "a", "renewTime": "2020-01-01T00:00:00.000000Z"}}
    )
    with pytest.raises(DeliveryError, match="no release of order is under way"):
        Rollout.resume(cluster, "order")
    assert shop.holder() is None


@pytest.mark.timeout(300)
@pytest.mark.parametrize("strategy", ["canary", "blue-green"])
def test_any_answer_may_be_lost(tmp_path, monkeypatch, always, traffic, strategy):
    monkeypatch.setattr(lease, "DURATION", 15)
    monkeypatch.setattr(lease, "BEAT", 3.0)
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.01)
    for lost in itertools.count(1):
        with open_shop(tmp_path, monkeypatch, blue_green=strategy == "blue-green") as (shop, cluster):
            shop.api.put(f"{JOBS}/order-migrate", migrate_job())
            shop.control()
            shop.api.ask_prometheus = traffic
            count, react = itertools.count(1), shop.api.react

            def drop(api, method, path, react=react, count=count, lost=lost):
                react(api, method, path)
                if next(count) == lost:
                    raise ConnectionResetError

            shop.api.react = drop
            rollout = Rollout(cluster, "order", strategy, judge=always(Verdict.PASSED), plan=Plan(weights=(10, 50)))
            assert command.release(rollout, "order:v2")[0] is Outcome.PROMOTED, lost
            assert shop.leftovers() == [], lost
            if next(count) <= lost:
                assert lost > 10
                return


def test_an_api_server_that_stays_away_ends_a_release_without_users(shop, cluster, monkeypatch):
    monkeypatch.setattr(tenure, "PATIENCE", 0.3)
    shop.api.refuse = lambda method, path: (503, "away") if "deployments" in path and method == "POST" else None
    with contextlib.suppress(Exception):
        command.release(Rollout(cluster, "order"), "order:v2")
    shop.api.refuse = lambda method, path: None
    assert (shop.leftovers(), f"{DEPLOYMENTS}/order-canary" in shop.api.objects) == ([], False)
