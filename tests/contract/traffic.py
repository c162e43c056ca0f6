"""Users who never stop: a steady rate of requests, none of them tried again, while a test changes something."""

import threading
import time
from collections import Counter
from contextlib import contextmanager

import requests
from tests.contract.waiting import until

USERS = 4
# Enough to meet a gap of a few hundredths of a second, few enough for a busy machine.
RATE = 80
# How much traffic has to go well after the change, and how much before it.
ENOUGH = 60


class Traffic:
    """What became of the requests; failures are told with the time since the start."""

    def __init__(self, entrance):
        self._entrance = entrance
        self._ended = threading.Event()
        self._began = time.monotonic()
        self.versions = Counter()
        self.failures = []

    @property
    def count(self):
        return sum(self.versions.values()) + len(self.failures)

    def flow(self, more=ENOUGH):
        """Wait for so many more answers."""
        goal = self.count + more
        until(lambda: self.count >= goal, f"{goal} answers")

    def end(self):
        self._ended.set()

    def use(self):
        """Ask at a steady rate until the end."""
        with self._entrance.new_session() as session:
            while not self._ended.wait(USERS / RATE):
                self._ask(session)

    def _ask(self, session):
        try:
            answer = self._entrance.get("/", session)
        except requests.RequestException as error:
            self._failed(type(error).__name__)
            return
        if answer.status_code == 200:
            self.versions[answer.headers["X-App-Version"]] += 1
        else:
            self._failed(f"{answer.status_code} {answer.text[:150]!r} {dict(answer.headers)}")

    def _failed(self, why):
        self.failures.append(f"after {time.monotonic() - self._began:.2f} s: {why}")


@contextmanager
def constant(entrance):
    """Send traffic while the block runs, and a little before and after; not one request may fail."""
    traffic = Traffic(entrance)
    users = [threading.Thread(target=traffic.use) for _ in range(USERS)]
    for user in users:
        user.start()
    try:
        traffic.flow()
        yield traffic
        traffic.flow()
    finally:
        traffic.end()
        for user in users:
            user.join()
    print(f"{traffic.count} requests, {len(traffic.failures)} failed, {dict(traffic.versions)}")  # noqa: T201 - for the report (-rP)
    assert not traffic.failures, f"{len(traffic.failures)} of {traffic.count} failed, the first {traffic.failures[:5]}"
