"""Drills in which more goes wrong than the release: its own process is killed or refused, or the world breaks."""
