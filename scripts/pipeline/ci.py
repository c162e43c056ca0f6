"""The pipeline on this machine: each step by its make target, one after the other, and a table at the end."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import RefusedError
from pipeline.steps import MAIN_ONLY, STEPS, Step, missing

LOGS = Path("reports") / "ci"
PASSED, FAILED, LEFT_OUT = "passed", "failed", "left out"


@dataclass(frozen=True)
class Result:
    """How a step ended.

    Attributes:
        step: its name.
        word: PASSED, FAILED or LEFT_OUT.
        seconds: how long it took.
        reason: why it is not PASSED.
    """

    step: str
    word: str
    seconds: float = 0.0
    reason: str = ""


def chosen(only: Sequence[str], steps: Sequence[Step] = STEPS) -> list[Step]:
    """Return the steps with one of these targets, all if there are none.

    Raises:
        RefusedError: there is no such step.
    """
    known = [step.target for step in steps]
    for target in only:
        if target not in known:
            raise RefusedError(f"{target} is no step: there are {', '.join(dict.fromkeys(known))}")
    return [step for step in steps if not only or step.target in only]


def run(steps: Sequence[Step], say: Callable[[str], None], make: str = "make") -> list[Result]:
    """Make the steps in their order, all of them even if one fails, and tell each as it begins and ends.

    Args:
        steps: what to make.
        say: is told of the progress, line by line.
        make: program that makes them.
    """
    results = []
    for number, step in enumerate(steps, 1):
        title = f"[{number}/{len(steps)}] {step.name}"
        if reason := missing(step):
            results.append(Result(step.name, LEFT_OUT, reason=reason))
        else:
            say(f"{title} ... (output: {_log(step)})")
            results.append(_made(step, make))
        say(f"{title}: {_words(results[-1])}")
    return results


def table(results: Sequence[Result]) -> list[str]:
    """Return how the steps ended, one a line, and what only main does."""
    width = max(len(result.step) for result in results)
    lines = [f"{result.step:<{width}}  {_words(result)}" for result in results]
    later = [f"make {target:<{width - 5}}  {LEFT_OUT}: {reason}" for target, reason in MAIN_ONLY.items()]
    counts = ", ".join(f"{sum(each.word == word for each in results)} {word}" for word in (PASSED, FAILED, LEFT_OUT))
    return [*lines, *later, f"{counts}; the last {len(MAIN_ONLY)} happen on main only"]


def _made(step: Step, make: str) -> Result:
    log, began = _log(step), time.monotonic()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as file:
        command = [make, "--no-print-directory", step.target, *step.arguments]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, check=False)
    seconds = time.monotonic() - began
    return Result(step.name, FAILED, seconds, _reason(log)) if done.returncode else Result(step.name, PASSED, seconds)


def _log(step: Step) -> Path:
    return LOGS / ("-".join((step.target, *step.arguments)).replace("=", "-") + ".log")


def _reason(log: Path) -> str:
    """Return the line that says what went wrong: the first error, else the last line that is not make's."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error:")]
    others = [line for line in lines if not line.startswith("make")]
    return f"{(errors or others[-1:] or ['it said nothing'])[0]} (all of it: {log})"


def _words(result: Result) -> str:
    took = f" in {result.seconds:.0f} s" if result.seconds else ""
    return result.word + took + (f": {result.reason}" if result.reason else "")
