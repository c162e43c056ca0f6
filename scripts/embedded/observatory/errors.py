"""What goes wrong in the observatory, in one line each."""

from __future__ import annotations


class ObservatoryError(Exception):
    """Something that stops the observatory and that the user can put right."""


class SourceError(Exception):
    """A part of the cluster does not answer, or refuses what it was asked."""


class BadRequestError(Exception):
    """A client asks for something wrong: 400."""


class GapError(Exception):
    """A client asks for something that the real API has and the observatory has not."""
