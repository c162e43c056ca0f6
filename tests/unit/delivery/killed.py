"""A release whose process dies at a chosen request, before or after the request took effect."""

import threading

from cluster.client import Cluster
from cluster.transport import Transport
from delivery.journal import holder


class Killed(BaseException):
    """What SIGKILL would do: no handler of the release may run on it."""


class Killer:
    """Kills the process that has a connection of its own, at its nth request that changes something.

    A heartbeat is no request of the release; after the death of its process it falls silent, too.
    """

    def __init__(self, monkeypatch, victim: Cluster, at: int, effective: bool) -> None:
        self.at, self.effective = at, effective
        self.count, self.dead = 0, False
        self.last = ""
        client, real = victim._transport._client, Transport.request

        def request(transport, method, path, **options):
            if transport._client is not client:
                return real(transport, method, path, **options)
            if self.dead:
                return self.die()
            if method == "GET" or threading.current_thread() is not threading.main_thread():
                return real(transport, method, path, **options)
            self.count += 1
            if self.count != self.at:
                return real(transport, method, path, **options)
            self.last, self.dead = f"{method} {path.rsplit('/', 2)[-2:]}", True
            if self.effective:
                real(transport, method, path, **options)
            return self.die()

        monkeypatch.setattr(Transport, "request", request)

    def die(self):
        raise Killed if threading.current_thread() is threading.main_thread() else SystemExit


# A process of this machine that is not there any more.
DEAD = f"somebody@here/999999999/{holder._place()}-1-aaaaaa"
