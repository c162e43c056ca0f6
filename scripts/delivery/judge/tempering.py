"""How much less errors tell where they come in bursts: the dispersion of their counts in the baseline."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

# Fewer pieces of time or fewer errors than these say nothing about bursts; then errors are taken to be independent.
FEWEST_PIECES = 10
FEWEST_ERRORS = 5
# Standard deviations by which the dispersion must exceed 1: below, it is luck, and tempering would blunt the judge.
BEYOND_LUCK = 3.0

Counts = Sequence[tuple[int, int]]


def dispersion(errors: Sequence[int], requests: Sequence[int]) -> float:
    """Return the Fano factor of counts of errors, variance over mean: 1 for independent errors, more for bursts.

    A burst may last longer than a piece: pieces are put together by twos, fours and so on, as long as enough are left,
    and the largest factor counts.

    Args:
        errors: of the whole service, in successive pieces of time about as long as a block.
        requests: in the same pieces.

    Raises:
        ValueError: not as many counts of errors as of requests.
    """
    pieces = [(bad, whole) for bad, whole in zip(errors, requests, strict=True) if whole > 0]
    return max((_fano_factor(each) for each in _put_together(pieces)), default=1.0)


def canary_sized(dispersion: float, weight: float) -> float:
    """Return the Fano factor of a version's counts that takes only a share of all users.

    A share of a burst is a smaller burst: taking requests at random shrinks the excess over 1 by that share.

    Args:
        dispersion: of the whole service.
        weight: the version's share of the users, in percent.
    """
    return 1 + max(0.0, dispersion - 1) * weight / 100


def _put_together(pieces: Counts) -> Iterator[Counts]:
    while len(pieces) >= FEWEST_PIECES:
        yield pieces
        pairs = zip(pieces[::2], pieces[1::2], strict=False)
        pieces = [(bad + more, whole + others) for (bad, whole), (more, others) in pairs]


def _fano_factor(pieces: Counts) -> float:
    bad, whole = sum(bad for bad, _ in pieces), sum(whole for _, whole in pieces)
    if bad < FEWEST_ERRORS or bad == whole:
        return 1.0
    share = bad / whole
    squares = sum((each - share * of) ** 2 / (share * (1 - share) * of) for each, of in pieces)
    excess = squares / (len(pieces) - 1) - 1
    luck = math.sqrt((2 + len(pieces) / bad) / (len(pieces) - 1))
    return 1 + excess if excess > BEYOND_LUCK * luck else 1.0
