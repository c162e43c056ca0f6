"""Users for a release by hand: what is said of them, the exit status, and that a signal ends them gently."""

import os
import signal
import sys
import threading

import pytest
from tests.unit.drills.fakes import FakeRollout, Shop, system

from drills import __main__ as commands
from drills import laboratory, users

SECONDS = 0.05


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(users, "TOLD_EVERY_S", 0.02)


def let_in(shop, seconds=SECONDS):
    said = []
    served = users.let_in(system(shop, FakeRollout).prober("order"), seconds, said.append)
    return served, said


def test_it_is_said_who_answered_each_while_and_altogether():
    served, said = let_in(Shop(), seconds=0.5)
    assert served
    assert len(said) >= 2
    assert any("requests (order v1 " in line for line in said[:-1])
    assert "requests (order v1 " in said[-1]
    assert said[-1].startswith("altogether ")
    assert said[-1].endswith(", 0 failed")


def test_failures_are_counted_and_the_first_one_is_named():
    shop = Shop()
    shop.broken = True
    served, said = let_in(shop)
    assert not served
    assert "failed: GET /orders/" in said[-1]
    assert said[-1].endswith("status 503, expected 200")


def test_without_a_single_request_nobody_was_served():
    shop = Shop()
    shop.cut = True
    served, said = let_in(shop)
    assert not served
    assert said[-1] == "altogether 0 requests (nobody asked), 0 failed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_them_and_what_they_saw_is_still_said(number):
    timer = threading.Timer(SECONDS, os.kill, (os.getpid(), number))
    timer.start()
    served, said = let_in(Shop(), seconds=60)
    timer.join()
    assert served
    assert said[-1].startswith("altogether ")


@pytest.mark.parametrize(("broken", "status"), [(False, 0), (True, 1)])
def test_the_exit_status_tells_whether_every_request_was_served(monkeypatch, broken, status):
    shop = Shop()
    shop.broken = broken
    monkeypatch.setattr(laboratory, "connect", lambda *_args: system(shop, FakeRollout))
    monkeypatch.setattr(sys, "argv", ["drills", "users", "--seconds", "1"])
    with pytest.raises(SystemExit) as exit_:
        commands.main()
    assert exit_.value.code == status
