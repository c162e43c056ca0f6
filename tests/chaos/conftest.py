"""The same cluster as the drills have."""

from tests.drills.conftest import drill_cluster, perform

__all__ = ["drill_cluster", "perform"]
