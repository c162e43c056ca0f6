"""Drills in which more goes wrong than the release: the world around it, or the release's own process."""
