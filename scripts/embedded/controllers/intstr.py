"""Numbers that may be percentages, such as ``maxSurge: 25%``."""

from __future__ import annotations


def scaled(value: int | str, total: int, *, round_up: bool) -> int:
    """Return a number as it is, and a percentage of a total.

    Args:
        value: a number, or a string such as ``25%``.
        total: what the percentage is of.
        round_up: which way to round.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, int):
        return value
    number = value.removesuffix("%")
    if number == value or not number.isdigit():
        raise ValueError(f"{value!r} is neither a number nor a percentage such as 25%")
    return (int(number) * total + (99 if round_up else 0)) // 100
