"""Benchmarks: figures of the platform, as ratios measured side by side in one run wherever that can be.

Absolute times depend on the machine; they are printed to be looked at, and no test asserts them.
"""
