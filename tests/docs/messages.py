"""The one-line errors of the scripts, as they stand in the code: `...` where a value comes in."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPTS = REPOSITORY / "scripts"
# The parts whose errors a person meets as a line on the terminal, and the base classes of those.
PARTS = (
    "toolchain",
    "embedded",
    "cluster",
    "delivery",
    "drills",
    "provision",
    "images",
    "monitoring",
    "pipeline",
    "scaffold",
    "dev",
)
BASES = {
    "InstallError",
    "ClusterError",
    "DeliveryError",
    "DrillError",
    "ProbeError",
    "UnreadableError",
    "ProvisionError",
    "ImagesError",
    "MonitoringError",
    "PipelineError",
    "ScaffoldError",
    "StartError",
    "WatchError",
    "BrokenError",
}
# Its first argument is the object that is not ready; the words are put together in the class.
OBJECTS = {"Unready"}
ANY = "..."
# A fragment shorter than this would be found anywhere.
TELLING = 8


@dataclass(frozen=True)
class Message:
    """One error that is raised.

    Attributes:
        file: from scripts/ on.
        line: in it.
        text: the message, with `...` for values.
    """

    file: str
    line: int
    text: str


@cache
def trees():
    files = [path for part in PARTS for path in sorted((SCRIPTS / part).rglob("*.py"))]
    return {str(path.relative_to(SCRIPTS)): ast.parse(path.read_text()) for path in files}


@cache
def error_classes():
    """Return the names of all classes that derive from the bases."""
    found = set(BASES)
    classes = [node for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while more := {each.name for each in classes if found & {ast.unparse(base) for base in each.bases}} - found:
        found |= more
    return found


@cache
def raised():
    """Return every error that is made with words of its own; where others' words are passed on there are none."""
    calls = [(file, node) for file, tree in trees().items() for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found = [
        Message(file, call.lineno, text(call.args[0]))
        for file, call in calls
        if isinstance(call.func, ast.Name) and call.func.id in error_classes() - OBJECTS and call.args
    ]
    return [message for message in found if telling(message.text)]


@cache
def strings():
    """Return every string of the parts."""
    return {
        text(node)
        for tree in trees().values()
        for node in ast.walk(tree)
        if isinstance(node, (ast.JoinedStr, ast.Constant))
    }


def text(node):
    """Return what an expression says, with `...` for all that is known only when it runs."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ANY
    if isinstance(node, ast.JoinedStr):
        return re.sub(r"(\.\.\.)+", ANY, "".join(text(part) for part in node.values))
    return ANY


def fragments(pattern):
    """Return what is fixed in a message, and long enough to tell something."""
    return [part.strip() for part in pattern.split(ANY) if len(part.strip()) >= TELLING]


def telling(pattern):
    return bool(fragments(pattern))


def says(quoted, message):
    """Tell whether a message of the code is what a page quotes: all that the page says is in it, in this order."""
    parts = [re.escape(part.strip()) for part in quoted.split(ANY) if part.strip()]
    return bool(re.search(".*".join(parts), message, re.DOTALL))
