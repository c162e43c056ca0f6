"""What a judge is asked, whoever decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from delivery.judge.evidence import Evidence
from delivery.judgement import Finding
from delivery.smoke import Answer


class Judge(Protocol):
    """Whoever decides; a drill of the drills puts a blind one in its place."""

    def examine(self, evidence: Evidence) -> Finding:
        """Judge all that is known of a release: roll back (Failed), go on (Passed), or hold (Inconclusive)."""

    def smoke(self, answers: Sequence[Answer], version: str) -> Finding:
        """Judge the answers to smoke requests, which should come from this version."""
