"""Writes the files of observability/ that follow from others: alerts from objectives, dashboards from their parts.

It reads and writes files only; no cluster is asked.
"""
