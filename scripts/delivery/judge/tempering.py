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


def of_comparison(dispersion: float, weight: float) -> float:
    """Return by how much more than chance two versions' counts differ, if each has bursts of its own.

    A version with a share w of the users meets that share of a burst, and its dispersion is 1 + (D - 1) w. Weighed by
    what either count says about the other, both together come to 1 + 2 (D - 1) w (1 - w). After a switch either had
    all users, one after the other, and it is D.

    Args:
        dispersion: of the whole service, D.
        weight: the new version's share of the users, in percent; 100 after a switch.
    """
    share = weight / 100
    return 1 + max(0.0, dispersion - 1) * (1.0 if weight >= 100 else 2 * share * (1 - share))


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
