"""Builds the images of the catalogue with Docker, lists them, and pushes them to a registry."""
