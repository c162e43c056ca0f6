"""Other programs: quiet while all goes well, their last words when it does not, and none outlives this one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from provision.errors import ProvisionError
from provision.programs import LAST_LINES, FailedError, run

REPOSITORY = Path(__file__).resolve().parents[3]
DEADLINE = 20.0


def test_what_it_prints_is_returned_and_warnings_are_not(capfd):
    script = "import sys; print(sys.stdin.read()); print('beware', file=sys.stderr)"
    assert run([sys.executable, "-c", script], stdin="a") == "a\n"
    assert capfd.readouterr() == ("", "")


def test_a_failure_is_one_line_with_the_last_lines_at_hand():
    script = f"import sys; [print(number) for number in range({LAST_LINES + 5})]; sys.exit('no such\\nchart')"
    with pytest.raises(FailedError) as error:
        run([sys.executable, "-c", script])
    assert str(error.value).endswith("failed (1): chart")
    assert "\n" not in str(error.value)
    assert len(error.value.output) == LAST_LINES
    assert error.value.output[-2:] == ("no such", "chart")


def test_the_line_that_says_error_says_more_than_the_last_one():
    with pytest.raises(FailedError, match=r"failed \(1\): ERROR: cannot pull$"):
        run([sys.executable, "-c", "import sys; sys.exit('ERROR: cannot pull\\nsee above')"])


def test_a_program_that_is_not_there_is_one_line():
    with pytest.raises(ProvisionError, match="nowhere cannot be run: No such file"):
        run(["nowhere"])


def test_a_program_that_does_not_end_is_ended():
    with pytest.raises(FailedError, match="no answer within"):
        run([sys.executable, "-c", "import time; time.sleep(600)"], timeout=0.2)


CALLER = """
import signal, sys
from provision.__main__ import _stop
from provision.programs import run
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, _stop)
run([sys.executable, "-c", {child!r}])
"""
# A child that has a child of its own, and does not listen.
CHILD = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open({file!r} + ".part", "w") as file:
    file.write(f"{{os.getpid()}} {{grandchild.pid}}")
os.rename({file!r} + ".part", {file!r})
time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_ends_this_program_ends_the_other_with_its_children(tmp_path, number):
    file = tmp_path / "pids"
    code = CALLER.format(child=CHILD.format(file=str(file)))
    path = f"{REPOSITORY / 'services'}:{REPOSITORY / 'scripts'}"
    caller = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.PIPE, text=True
    )
    wait_until(file.exists)
    children = [psutil.Process(int(pid)) for pid in file.read_text().split()]
    caller.send_signal(number)
    _out, said = caller.communicate(timeout=DEADLINE)
    assert caller.returncode == 128 + number
    assert said == "interrupted; the same command again goes on from here\n"
    wait_until(lambda: not any(map(lives, children)))


def lives(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def wait_until(condition):
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "the deadline has passed"
        time.sleep(0.02)
