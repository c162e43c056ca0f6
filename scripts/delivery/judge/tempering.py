"""How much less errors tell where they come in bursts: the dispersion of their counts in the baseline."""

from __future__ import annotations

import math
from collections.abc import Sequence

# Fewer pieces of time or fewer errors than these say nothing about bursts; then errors are taken to be independent.
FEWEST_PIECES = 10
FEWEST_ERRORS = 5
# Standard deviations by which the dispersion must exceed 1: below, it is luck, and tempering would blunt the judge.
BEYOND_LUCK = 2.0


def dispersion(errors: Sequence[int], requests: Sequence[int], size: float | None = None) -> float:
    """Return the Fano factor of counts of errors, variance over mean: 1 for independent errors, more for bursts.

    Bursts are seen the less the fewer requests are counted: taking a share of them at random shrinks the excess over 1
    by that share.

    Args:
        errors: in pieces of the baseline, each about as long as a block.
        requests: in the same pieces.
        size: requests in a piece of the version that is to be judged; None if as many as in the baseline's.

    Raises:
        ValueError: not as many counts of errors as of requests.
    """
    pairs = [(bad, whole) for bad, whole in zip(errors, requests, strict=True) if whole > 0]
    bad, whole = sum(bad for bad, _ in pairs), sum(whole for _, whole in pairs)
    if len(pairs) < FEWEST_PIECES or bad < FEWEST_ERRORS or bad == whole:
        return 1.0
    share = bad / whole
    squares = sum((each - share * of) ** 2 / (share * (1 - share) * of) for each, of in pairs)
    excess = squares / (len(pairs) - 1) - 1
    luck = math.sqrt((2 + len(pairs) / bad) / (len(pairs) - 1))
    if excess <= BEYOND_LUCK * luck:
        return 1.0
    return 1 + excess * (1.0 if size is None else size * len(pairs) / whole)
