"""What goes wrong between a release and its API server, and for which requests."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# An API server's own words for the requests that change something.
MUTATING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
WATCH = "WATCH"
# A lease is renewed by the clock, not by what the release does: counted, it would make every count a matter of chance.
_HEARTBEAT = re.compile(r"/leases/[^/]+$")
_OBJECT = re.compile(r"^/apis?/(?:.*/)?namespaces/[^/]+/(?P<rest>.+)$")


@dataclass(frozen=True)
class Request:
    """One request to the API server.

    Attributes:
        verb: HTTP method, or WATCH.
        path: without the query.
        number: the how manieth transition of the release it is; 0 if it is none.
    """

    verb: str
    path: str
    number: int = 0

    @property
    def is_transition(self) -> bool:
        """Tell whether it changes something for another reason than that time has passed."""
        return self.verb in MUTATING and not (self.verb in ("PUT", "PATCH") and _HEARTBEAT.search(self.path))

    def __str__(self) -> str:
        match = _OBJECT.match(self.path)
        return f"{self.verb} {match['rest'] if match else self.path}"


@dataclass(frozen=True)
class Kill:
    """SIGKILL the release: before its request reaches the API server, or after that, before the answer reaches it."""

    after: bool = False

    def __str__(self) -> str:
        return f"killed {'after' if self.after else 'before'}"


@dataclass(frozen=True)
class Refuse:
    """Answer in the API server's place: with a status, and for 429 and 503 with the seconds to leave it alone."""

    status: int
    retry_after: int | None = None


@dataclass(frozen=True)
class Delay:
    """Let a request wait for so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Ignore:
    """Take a request and never answer it."""


@dataclass(frozen=True)
class Cut:
    """Cut the connection: before the request reaches the API server, or after that, before the answer comes back."""

    after: bool = False


@dataclass(frozen=True)
class DropWatches:
    """Cut every watch that is open, and let the request pass."""


Action = Kill | Refuse | Delay | Ignore | Cut | DropWatches


@dataclass(frozen=True)
class Rule:
    """What happens to which requests.

    Attributes:
        action: what happens.
        verbs: HTTP methods and WATCH; empty for all.
        path: part of the path, as a regular expression.
        transition: number of the transition that is meant, whatever it is; None for any request.
        first: the first of the matching requests to which it happens.
        every: from then on to every how manieth of them.
        times: to how many of them; None for all.
        lasts: seconds from the first of them on, during which it happens to every request whatsoever; None for none.
    """

    action: Action
    verbs: frozenset[str] = frozenset()
    path: str = ""
    transition: int | None = None
    first: int = 1
    every: int = 1
    times: int | None = 1
    lasts: float | None = None

    def is_for(self, request: Request) -> bool:
        """Tell whether a request is of the kind that is meant."""
        if self.transition is not None:
            return request.number == self.transition
        return (not self.verbs or request.verb in self.verbs) and re.search(self.path, request.path) is not None


@dataclass(frozen=True)
class Event:
    """Something that was done to a request, or a transition that was let pass.

    Attributes:
        at: when, by the monotonic clock.
        request: what was asked.
        action: what was done about it; None if it was passed on.
    """

    at: float
    request: Request
    action: Action | None


class Rulebook:
    """Applies rules to requests as they come, from any thread.

    Args:
        rules: the first that has something to say about a request decides.
        clock: tells the time in seconds.
    """

    def __init__(self, rules: Sequence[Rule] = (), clock: Callable[[], float] = time.monotonic) -> None:
        self._states = [_State(rule) for rule in rules]
        self._clock = clock
        self._lock = threading.Lock()

    def decide(self, request: Request) -> Action | None:
        """Return what happens to a request; every rule counts it, whether or not another one decides."""
        with self._lock:
            meant = [state.rule.action for state in self._states if state.applies(request, self._clock())]
        return meant[0] if meant else None


class _State:
    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._seen = 0
        self._done = 0
        self._until: float | None = None

    def applies(self, request: Request, now: float) -> bool:
        if self._until is not None and now < self._until:
            return True
        if not self.rule.is_for(request):
            return False
        self._seen += 1
        past = self._seen - self.rule.first
        if past < 0 or past % self.rule.every or self._done == self.rule.times:
            return False
        self._done += 1
        if self.rule.lasts is not None:
            self._until = now + self.rule.lasts
        return True
