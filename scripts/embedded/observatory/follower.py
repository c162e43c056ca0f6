"""Follows the logs of all containers and Envoy's access log."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from embedded.observatory import lines
from embedded.observatory.followed import BLOCK, Followed
from embedded.observatory.lines import Line, Origin
from embedded.observatory.log_store import LogStore, Position, Progress
from embedded.observatory.pods import Pod, Pods

# Seconds between two looks: a person does not notice it, and many lines are cheaper together.
INTERVAL = 0.5
# A busy cluster's lines must not hold up whoever asks meanwhile.
_AT_ONCE = 2 * BLOCK
# A full disk, say: what is still in the files comes later.
_AFTER_FAILURE = 5.0
# Without the API server lines are read without their labels after so many seconds.
_WAIT_FOR_PODS = 5.0
# The proxy of the node is no pod.
PROXY = Origin(Pod("istio-system", ""), "istio-proxy")
log = logging.getLogger(__name__)


class Follower:
    """Reads what is new in the logs into the store.

    Args:
        store: where the lines go.
        pods: knows the labels.
        folder: the containers' logs: ``<namespace>/<pod>/<container>/<start>.log``; None for none.
        access_log: Envoy's; None for none.
    """

    def __init__(self, store: LogStore, pods: Pods, folder: Path | None, access_log: Path | None) -> None:
        self._store = store
        self._pods = pods
        self._folder = folder
        self._access_log = access_log
        self._files: dict[int, tuple[Origin, Followed]] = {}
        self._known = store.positions()

    async def run(self) -> None:
        """Follow the logs until cancelled."""
        await self._pods.known(_WAIT_FOR_PODS)
        while True:
            try:
                pause = 0.0 if self.look() else INTERVAL
            except (OSError, sqlite3.Error) as error:
                log.warning("the logs cannot be read for now: %s", error)
                pause = _AFTER_FAILURE
            except Exception:
                log.exception("the logs cannot be read")
                pause = _AFTER_FAILURE
            await asyncio.sleep(pause)

    def look(self) -> bool:
        """Store what is new; returns whether there is more than was read."""
        self._discover()
        # What is still in here after the first look are files that are gone.
        progress, gone, read = [], list(self._known), 0
        self._known = {}
        for inode, (origin, file) in self._files.items():
            if read >= _AT_ONCE:
                break
            raw, position = file.new()
            if position != file.position:
                origin = Origin(self._labelled(origin.pod), origin.container)
                progress.append(Progress(inode, origin, list(self._lines(raw, origin)), position))
                read += abs(position.offset - file.position.offset)
            elif file.deleted:
                gone.append(inode)
        if progress or gone:
            self._store.write(progress, gone)
        self._move(progress, gone)
        return read >= BLOCK // 2

    def _move(self, progress: list[Progress], gone: list[int]) -> None:
        for each in progress:
            self._files[each.inode][1].moved(each.position)
        for inode in gone:
            if inode in self._files:
                self._files.pop(inode)[1].close()

    def _lines(self, raw: list[str], origin: Origin) -> Iterator[Line]:
        now = int(time.time() * 1_000_000)
        of_proxy = partial(lines.of_proxy, at=self._pods.at)
        read = lines.of_container if origin.pod.name else of_proxy
        return (read(line, origin, now) for line in raw if line)

    def _labelled(self, pod: Pod) -> Pod:
        return self._pods.named(pod.namespace, pod.name) if pod.name else pod

    def _discover(self) -> None:
        for path, origin in self._present():
            try:
                inode = path.stat().st_ino
                if inode not in self._files:
                    self._files[inode] = (origin, Followed(path, self._position(inode, origin)))
            except FileNotFoundError:
                # Deleted since it was listed.
                continue

    def _position(self, inode: int, origin: Origin) -> Position | None:
        """Return how far a file had been read; a number that another file had before says nothing."""
        identity, position = self._known.pop(inode, (None, None))
        return position if identity == (origin.pod.namespace, origin.pod.name, origin.container) else None

    def _present(self) -> Iterator[tuple[Path, Origin]]:
        if self._access_log:
            for path in (self._access_log.with_name(self._access_log.name + ".1"), self._access_log):
                yield path, PROXY
        if self._folder:
            for path in self._folder.glob("*/*/*/*.log"):
                namespace, pod, container = path.parts[-4:-1]
                yield path, Origin(Pod(namespace, pod), container)

    def close(self) -> None:
        """Let go of the files."""
        for _origin, file in self._files.values():
            file.close()
