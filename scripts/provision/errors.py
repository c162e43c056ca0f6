"""What can go wrong while setting up."""

from __future__ import annotations

from collections.abc import Sequence


class ProvisionError(Exception):
    """Something stands in the way.

    Args:
        problems: one line each that says what, and what to do.
        output: the last lines that a program printed before it failed.
    """

    def __init__(self, *problems: str, output: Sequence[str] = ()) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems
        self.output = tuple(output)
