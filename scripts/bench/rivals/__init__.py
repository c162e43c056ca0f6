"""Policies that decide otherwise, for comparison: our own models of how they behave, none of their code."""
