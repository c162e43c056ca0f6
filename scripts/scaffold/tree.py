"""The files of a checkout as they are and as they shall be: changes are gathered, and written all or not at all."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

from scaffold.errors import ScaffoldError

REPOSITORY = Path(__file__).resolve().parents[2]
# What tools leave in a checkout: these, and all folders whose names begin with a dot but for those of the project.
NOT_OURS = {"__pycache__", "reports", "node_modules"}
DOTTED = {".github", ".ci"}


class Tree:
    """A checkout with changes that nobody sees before `write`.

    Args:
        root: the checkout.
    """

    def __init__(self, root: Path = REPOSITORY) -> None:
        self.root = root
        self.changes: dict[str, str | None] = {}

    def files(self, *folders: str) -> list[str]:
        """Return the paths of all files below folders, or those files themselves, by name; without any, of all."""
        folders = folders or ("",)
        found = {path for folder in folders for path in self._on_disk(folder) if self.changes.get(path, "") is not None}
        made = (path for path, text in self.changes.items() if text is not None)
        return sorted(found | {path for path in made if path.startswith(folders)})

    def read(self, path: str) -> str:
        """Return what a file shall hold.

        Raises:
            ScaffoldError: there is no such file.
        """
        text = self.changes[path] if path in self.changes else self._read(path)
        if text is None:
            raise ScaffoldError(f"{path} is not there: a rule of scripts/scaffold names it")
        return text

    def exists(self, path: str) -> bool:
        """Tell whether a file or folder shall be there."""
        return self.changes[path] is not None if path in self.changes else (self.root / path).exists()

    def on_disk(self, path: str) -> str | None:
        """Return what a file holds before the changes, None if it is not there."""
        return self._read(path)

    def put(self, path: str, text: str) -> None:
        """Let a file hold a text."""
        self.changes[path] = text

    def remove(self, path: str) -> None:
        """Let a file be gone."""
        self.changes[path] = None

    def write(self) -> None:
        """Write all changes; whatever goes wrong, and whoever interrupts, all is as it was or as it shall be.

        Raises:
            ScaffoldError: a file cannot be written; all others are as they were.
        """
        before = {path: self._read(path) for path in self.changes}
        with _undisturbed():
            try:
                for path, text in self.changes.items():
                    self._put(path, text)
            except OSError as error:
                for path, text in before.items():
                    with contextlib.suppress(OSError):
                        self._put(path, text)
                raise ScaffoldError(f"nothing was changed: {error}") from error

    def _on_disk(self, folder: str) -> Iterator[str]:
        start = self.root / folder
        if start.is_file():
            yield folder
        for place, folders, names in os.walk(start):
            folders[:] = [
                name for name in folders if name in DOTTED or (not name.startswith(".") and name not in NOT_OURS)
            ]
            yield from (str((Path(place) / name).relative_to(self.root)) for name in names)

    def _read(self, path: str) -> str | None:
        file = self.root / path
        return file.read_text(encoding="utf-8") if file.is_file() else None

    def _put(self, path: str, text: str | None) -> None:
        file = self.root / path
        if text is None:
            file.unlink(missing_ok=True)
            self._forget_empty(file.parent)
            return
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as new:
            new.write(text)
        Path(new.name).chmod(file.stat().st_mode & 0o777 if file.exists() else 0o644)
        Path(new.name).replace(file)

    def _forget_empty(self, folder: Path) -> None:
        """Remove folders in which nothing is left but what Python compiled."""
        while folder != self.root and folder.is_dir() and {each.name for each in folder.iterdir()} <= {"__pycache__"}:
            _remove_compiled(folder / "__pycache__")
            folder.rmdir()
            folder = folder.parent


def _remove_compiled(folder: Path) -> None:
    if folder.is_dir():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()


@contextlib.contextmanager
def _undisturbed(signals: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)) -> Iterator[None]:
    """Keep signals until the end: writing takes milliseconds, and half of it is worse than either side."""
    kept: list[int] = []

    def keep(number: int, _frame: FrameType | None) -> None:
        kept.append(number)

    before = {each: signal.signal(each, keep) for each in signals}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    if kept:
        signal.raise_signal(kept[0])
