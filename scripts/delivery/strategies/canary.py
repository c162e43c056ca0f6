"""Canary: a growing share of the users meets the new version beside the stable one."""

from __future__ import annotations

from delivery.strategies.weighted import WeightedStrategy


class CanaryStrategy(WeightedStrategy):
    """Moves users step by step; each step compares the new version with the stable one at the same time."""

    name = "canary"
    at_once = False
