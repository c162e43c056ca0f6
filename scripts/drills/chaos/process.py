"""The release command in a process of its own, between which and the API server a proxy stands."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import IO

from cluster.upstream import Upstream
from drills.chaos.api_proxy import ApiProxy
from drills.chaos.rules import Event, Rule
from drills.twins import PROMOTED, ROLLED_BACK

# A release that takes longer hangs: it waits at most a minute for evidence at each of a few steps.
RELEASE_SECONDS = 600.0
# What is written by a process that has ended is there by then.
OUTPUT_SECONDS = 5.0
OUTCOMES = frozenset({PROMOTED, ROLLED_BACK})
_OURS = ("KUBECONFIG", "KUBECONTEXT", "NAMESPACE")

Hear = Callable[[str], None]


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        status: exit status, negative for the signal that ended it.
        said: lines of its standard output.
        complaints: lines of its standard error.
    """

    status: int
    said: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    @property
    def killed(self) -> bool:
        """Tell whether SIGKILL ended it."""
        return self.status == -signal.SIGKILL

    @property
    def outcome(self) -> str:
        """Return how the release came out, as its last line says; empty if the process was in trouble or killed."""
        word = self.said[-1].partition(":")[0] if self.said else ""
        return word if self.status in (0, 1) and word in OUTCOMES else ""

    @property
    def reason(self) -> str:
        """Return its last word."""
        return next(iter([*self.complaints[-1:], *self.said[-1:]]), f"exit status {self.status} without a word")


class ReleaseProcess:
    """One run of ``python -m delivery``, in a process group of its own.

    Args:
        arguments: of the command line.
        hear: told of every line of its standard output, in a thread of its own.
        environment: variables that it gets besides those of this process.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        hear: Hear = lambda _line: None,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        root = Path(__file__).resolve().parents[2]
        inherited = {name: value for name, value in os.environ.items() if name not in _OURS}
        path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "delivery", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Whoever runs the drill has said yes to this cluster, and the process cannot ask.
            env={**inherited, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", "CONFIRM": "1", **environment},
            start_new_session=True,
        )
        self._said: list[str] = []
        self._complaints: list[str] = []
        self._readers = [
            self._reading(self._process.stdout, self._said, hear),
            self._reading(self._process.stderr, self._complaints, lambda _line: None),
        ]

    @property
    def pid(self) -> int:
        """Return the id of the process and of its group."""
        return self._process.pid

    def wait(self, seconds: float = RELEASE_SECONDS) -> Ended:
        """Wait until it has ended, and return how; one that does not end in time is killed."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return Ended(self._process.returncode, self._said, [f"it did not end within {seconds:g} s"])
        for reader in self._readers:
            reader.join(OUTPUT_SECONDS)
        return Ended(self._process.returncode, self._said, self._complaints)

    def kill(self) -> None:
        """Kill the whole group, and leave nothing of it behind."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    @staticmethod
    def _reading(stream: IO[str] | None, lines: list[str], hear: Hear) -> threading.Thread:
        def read() -> None:
            for line in stream or ():
                lines.append(line.rstrip("\n"))
                hear(lines[-1])

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread


@dataclass(frozen=True)
class Releases:
    """How to run the release command on one service.

    Attributes:
        upstream: the API server.
        context: name of the cluster's context.
        namespace: namespace of the service.
        service: the Service under release.
        strategy: strategy of the release.
        options: further options of ``release``.
        environment: variables of every process.
    """

    upstream: Upstream
    context: str
    namespace: str
    service: str
    strategy: str
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    def release(self, image: str) -> list[str]:
        """Return the arguments that release an image."""
        return ["release", self.service, "--image", image, "--strategy", self.strategy, *self.options]

    @contextlib.contextmanager
    def process(
        self,
        arguments: Sequence[str],
        rules: Sequence[Rule] = (),
        hear: Hear = lambda _line: None,
        on_event: Callable[[Event], None] = lambda _event: None,
    ) -> Iterator[ReleaseProcess]:
        """Run the command behind a proxy with these rules; nothing of either is left when the block ends."""
        with (
            tempfile.TemporaryDirectory() as folder,
            ApiProxy(self.upstream, self.context, self.namespace, on_event) as proxy,
        ):
            kubeconfig = proxy.write_kubeconfig(Path(folder))
            proxy.begin(rules)
            where = ["--kubeconfig", str(kubeconfig), "--namespace", self.namespace]
            process = ReleaseProcess([*arguments, *where], hear, self.environment)
            proxy.aim(process.pid)
            try:
                yield process
            finally:
                process.kill()
