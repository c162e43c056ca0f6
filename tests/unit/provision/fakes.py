"""Programs that a test puts in the place of docker, kind, kubectl and helm."""

import json
import sys
from pathlib import Path

# Kept short: it is started for every call of every fake program.
PROGRAM = """\
#!{python} -IS
import json, sys
folder, name = {folder!r}, {name!r}
arguments = " ".join(sys.argv[1:])
stdin = sys.stdin.read() if "-" in sys.argv or "--config" in sys.argv else ""
with open(folder + "/calls", "a") as calls:
    calls.write(json.dumps([name, arguments, stdin]) + "\\n")
for start, status, output in json.load(open(folder + "/" + name + ".json")):
    if arguments.startswith(start):
        (sys.stderr if status else sys.stdout).write(output)
        sys.exit(status)
"""
VERSIONS = {
    "docker": ("--version", "Docker version 28.2.2, build e6534b4"),
    "kind": ("version", "kind v0.33.0 go1.26 linux/amd64"),
    "kubectl": ("version", "Client Version: v1.36.1\nKustomize Version: v5.8.0"),
    "helm": ("version", "v3.22.0+g1234567"),
}
DOCKER_INFO = {"MemTotal": 8 * 1024**3, "NCPU": 4, "CgroupVersion": "2"}


class Fakes:
    """The folder that is all of PATH."""

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir()

    def add(self, name: str, *answers: tuple[str, int, str]) -> None:
        """Put a program there, or give it answers that come before those it has: (start of arguments, status, text)."""
        known = self.folder / f"{name}.json"
        before = json.loads(known.read_text()) if known.exists() else []
        known.write_text(json.dumps([*answers, *before]))
        program = self.folder / name
        program.write_text(PROGRAM.format(python=sys.executable, folder=str(self.folder), name=name))
        program.chmod(0o755)

    def add_all(self) -> None:
        """Put all four there, as new as is needed, with a daemon that answers."""
        for name, (start, output) in VERSIONS.items():
            self.add(name, (start, 0, output))
        self.add("docker", ("info", 0, json.dumps(DOCKER_INFO)))
        self.add("kind", ("get clusters", 0, ""))

    def calls(self, name: str = "") -> list[str]:
        """Return what was called, in order, as ``docker info``."""
        return [f"{each} {arguments}" for each, arguments, _stdin in self._read() if name in ("", each)]

    def stdin(self, start: str) -> str:
        """Return what the last call that starts so got to read."""
        return [text for name, arguments, text in self._read() if f"{name} {arguments}".startswith(start)][-1]

    def forget(self) -> None:
        (self.folder / "calls").unlink(missing_ok=True)

    def _read(self):
        calls = self.folder / "calls"
        return [json.loads(line) for line in calls.read_text().splitlines()] if calls.exists() else []
