"""Who carries a release out: from the same machine its death is seen at once, from elsewhere it is not."""

import signal
import subprocess
import sys

import pytest

from delivery.journal import holder


def named(pid, start, place=None):
    return f"somebody@here/{pid}/{place or holder._place()}-{start}-abcdef"


@pytest.fixture
def other():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.wait()


def test_no_two_names_are_alike_and_a_person_sees_who_it_is():
    first, second = holder.identify(), holder.identify()
    assert first != second
    assert holder.short(first) == holder.short(second)
    assert not holder.is_gone(first)


def test_a_process_beside_us_is_gone_when_it_was_killed(other):
    name = named(other.pid, holder._started(other.pid))
    assert not holder.is_gone(name)
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert holder.is_gone(name)


def test_what_only_waits_to_be_buried_is_gone(other):
    name = named(other.pid, holder._started(other.pid))
    other.send_signal(signal.SIGKILL)
    os_wait_without_reaping(other.pid)
    assert holder.is_gone(name)


def test_another_process_with_the_same_number_is_another(other):
    assert holder.is_gone(named(other.pid, "1"))


def test_of_what_runs_elsewhere_nothing_is_known():
    assert not holder.is_gone(named(999999999, "1", place="elsewhere"))
    assert not holder.is_gone("order-release-x7k2p")
    assert not holder.is_gone("")


def os_wait_without_reaping(pid):
    import os

    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
