"""Subresources: what stands behind an object's address beside the object itself, one file for each."""
