"""Waiting for a condition with a deadline, never for a time."""

import time

# Long enough for a busy machine; nothing is measured.
DEADLINE = 90
PAUSE = 0.1
# What reaches several proxies, or several threads of one, one after the other may be true once by luck.
IN_A_ROW = 10


def until(question, what, deadline=DEADLINE):
    """Ask until the answer is true, and return it."""
    end = time.monotonic() + deadline
    while not (answer := question()):
        assert time.monotonic() < end, f"not within {deadline} s: {what}"
        time.sleep(PAUSE)
    return answer


def converged(question, what, deadline=DEADLINE, times=IN_A_ROW):
    """Ask until the answer is true so many times in a row: the change has arrived everywhere."""
    end = time.monotonic() + deadline
    row = 0
    while row < times:
        row = row + 1 if question() else 0
        assert row or time.monotonic() < end, f"not within {deadline} s, {times} times in a row: {what}"
        if not row:
            time.sleep(PAUSE)
