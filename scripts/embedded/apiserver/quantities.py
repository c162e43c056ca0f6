"""Quantities such as ``500m`` or ``128Mi``: read, and written in their one canonical form as Kubernetes stores them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from embedded.apiserver import errors

_FORM = re.compile(r"^([+-]?(?:\d+(?:\.\d*)?|\.\d+))(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d+)?$")
_DECIMAL = {"E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "": 0, "m": -3, "u": -6, "n": -9}
_BINARY = {"Ei": 60, "Pi": 50, "Ti": 40, "Gi": 30, "Mi": 20, "Ki": 10}


def canonical(value: Any) -> str:
    """Return a quantity in canonical form: ``0.5`` becomes ``500m``, ``1024Mi`` becomes ``1Gi``.

    Raises:
        ApiError: 400 when it is no quantity.
    """
    form = None if isinstance(value, bool) else _FORM.match(str(value))
    if form is None:
        raise errors.bad_request(
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        )
    number, suffix = Decimal(form[1]), form[2] or ""
    if suffix in _BINARY:
        return _written(number * 2 ** _BINARY[suffix], {name: Decimal(2**power) for name, power in _BINARY.items()})
    exponent = _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])
    return _written(number.scaleb(exponent), {name: Decimal(1).scaleb(power) for name, power in _DECIMAL.items()})


def _written(value: Decimal, units: dict[str, Decimal]) -> str:
    if value == 0:
        return "0"
    for suffix, unit in units.items():
        if value % unit == 0:
            return f"{int(value / unit)}{suffix}"
    return str(int(value)) if value == int(value) else f"{int(value * 1000)}m"
