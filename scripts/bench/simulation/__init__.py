"""Releases that never happened: worlds whose truth is known, and what each policy makes of the same traffic."""
