"""From pieces to blocks: as many scrapes as it takes to see something, always of one weight."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from delivery.counters.beside import Piece
from delivery.counters.tally import Increase, add
from delivery.judge.evidence import Block

# Blocks of fewer requests say nothing, and each costs the judge an effort.
LEAST = 25


class Pairing(Protocol):
    """Whoever sets the two versions beside each other.

    Attributes:
        spent: whether nothing is left to compare with.
    """

    spent: bool

    def piece(self, increase: Increase) -> Piece | None:
        """Return what may be judged of an increase, None if nothing."""


class Blocks:
    """Gathers blocks; a block closes once both sides together have enough requests, and where the weight changes.

    Args:
        pairing: what to compare with what.
    """

    def __init__(self, pairing: Pairing) -> None:
        self._pairing = pairing
        self._open: Piece | None = None
        self.closed: list[Block] = []

    def take(self, increase: Increase) -> None:
        """Take in what one gateway counted next."""
        piece = self._pairing.piece(increase)
        if piece is None:
            return
        if self._open and (self._open.weight, self._open.mixed) != (piece.weight, piece.mixed):
            self._close(self._open)
        self._open = _joined(self._open, piece) if self._open else piece
        if self._open.candidate.requests + self._open.reference.requests >= LEAST:
            self._close(self._open)

    def _close(self, piece: Piece) -> None:
        self._open = None
        self.closed.append(Block(piece.candidate, piece.reference, piece.since, piece.until, piece.weight, piece.mixed))


def _joined(one: Piece, other: Piece) -> Piece:
    return replace(
        one,
        candidate=add(one.candidate, other.candidate),
        reference=add(one.reference, other.reference),
        since=min(one.since, other.since),
        until=max(one.until, other.until),
    )
