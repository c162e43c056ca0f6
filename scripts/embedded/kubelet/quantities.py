"""Quantities: ``250m``, ``1.5``, ``64Mi`` and the like as numbers."""

from __future__ import annotations

import re
from decimal import Decimal

_SUFFIXES = {
    "": Decimal(1),
    "n": Decimal(10) ** -9,
    "u": Decimal(10) ** -6,
    "m": Decimal(10) ** -3,
    **{suffix: Decimal(10) ** (3 * power) for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"), 1)},
    **{suffix: Decimal(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)},
}
_QUANTITY = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?)([numkKMGTPE]?i?)")


def parse(quantity: str | float) -> Decimal:
    """Return the number that a quantity stands for.

    Raises:
        ValueError: it is no quantity.
    """
    found = _QUANTITY.fullmatch(str(quantity).strip())
    if not found or found[2] not in _SUFFIXES:
        raise ValueError(f"{quantity!r} is not a quantity such as 250m or 64Mi")
    return Decimal(found[1]) * _SUFFIXES[found[2]]


def millicores(quantity: str | float) -> int:
    """Return an amount of CPU in thousandths of a core."""
    return int(parse(quantity) * 1000)


def memory(quantity: str | float) -> int:
    """Return an amount of memory in bytes."""
    return int(parse(quantity))
