"""One log file that is followed: what is new in it, also after it was shortened, moved or deleted."""

from __future__ import annotations

import os
from pathlib import Path

from embedded.observatory.log_store import Position

# Read at once; more waits for the next look, which comes at once then.
BLOCK = 1024 * 1024
# The lines that a file held before anybody followed it: of a long one the newest.
FIRST = 8 * 1024 * 1024
# Holds the time and the ids of a line: there is no second place like it in a log.
_TAIL = 200


class Followed:
    """A file that stays open, so that it is read to its end after it was deleted.

    Args:
        path: the file.
        position: up to where it has been read; None if never.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path, position: Position | None) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        size = os.fstat(self._descriptor).st_size
        self.position = position or Position(max(size - FIRST, 0))
        # In the middle of a line: the rest of it is nobody's line.
        self._partial = position is None and size > FIRST
        self._lost = False

    @property
    def deleted(self) -> bool:
        """Tell whether the file has no name any more."""
        return os.fstat(self._descriptor).st_nlink == 0

    def new(self) -> tuple[list[str], Position]:
        """Return the complete lines since the position, and the position after them; moves nothing itself."""
        offset, tail = self.position.offset, self.position.tail
        if os.fstat(self._descriptor).st_size == offset:
            return [], self.position
        block = os.pread(self._descriptor, len(tail) + BLOCK, offset - len(tail))
        if not block.startswith(tail) or os.fstat(self._descriptor).st_size < offset:
            return self._found_again()
        return self._lines(offset, tail, block[len(tail) :])

    def _lines(self, offset: int, tail: bytes, block: bytes) -> tuple[list[str], Position]:
        self._lost = False
        end = block.rfind(b"\n") + 1 or (len(block) if len(block) == BLOCK else 0)
        complete = block[:end]
        lines = complete.decode(errors="replace").splitlines()[1 if self._partial and end else 0 :]
        return lines, Position(offset + end, (tail + complete)[-_TAIL:])

    def moved(self, position: Position) -> None:
        """Take note that everything before a position is stored."""
        self._partial = self._partial and position == self.position
        self.position = position

    def _found_again(self) -> tuple[list[str], Position]:
        """Find the place in a file that was shortened at its beginning.

        While it is being shortened the place is missing for a moment, so only the second look believes that it is lost.
        """
        content = self._all()
        place = content.rfind(self.position.tail)
        if place >= 0 and self.position.tail:
            offset = place + len(self.position.tail)
            return self._lines(offset, self.position.tail, content[offset : offset + BLOCK])
        if not self._lost:
            self._lost = True
            return [], self.position
        return self._lines(0, b"", content[:BLOCK])

    def _all(self) -> bytes:
        return os.pread(self._descriptor, os.fstat(self._descriptor).st_size, 0)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)
