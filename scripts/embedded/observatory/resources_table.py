"""The resources that spans come from: written once each, named by a number in every span."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping

from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from embedded.observatory.values import plain

SCHEMA = """
CREATE TABLE IF NOT EXISTS resources (
  id INTEGER PRIMARY KEY, digest BLOB UNIQUE NOT NULL, service TEXT NOT NULL, attributes TEXT NOT NULL)
"""
# What is known of a pod beyond what it says of itself, by its attributes.
Enrich = Callable[[Mapping[str, object]], Mapping[str, object]]


class Resources:
    """Gives each resource its number.

    Args:
        enrich: what to add to a resource's attributes.
    """

    def __init__(self, enrich: Enrich = lambda _attributes: {}) -> None:
        self._enrich = enrich
        self._known: dict[bytes, tuple[int, str]] = {}

    def number(self, connection: sqlite3.Connection, resource: Resource) -> tuple[int, str]:
        """Return the number of a resource and the name of its service."""
        digest = resource.SerializeToString(deterministic=True)
        if digest not in self._known:
            self._known[digest] = self._write(connection, digest, resource)
        return self._known[digest]

    def forget(self) -> None:
        """Read them anew: after a transaction that was undone."""
        self._known.clear()

    def _write(self, connection: sqlite3.Connection, digest: bytes, resource: Resource) -> tuple[int, str]:
        attributes = {pair.key: plain(pair.value) for pair in resource.attributes}
        attributes |= self._enrich(attributes)
        service = str(attributes.get("service.name") or "unknown_service")
        row = (digest, service, json.dumps(attributes))
        connection.execute("INSERT OR IGNORE INTO resources (digest, service, attributes) VALUES (?,?,?)", row)
        found = connection.execute("SELECT id FROM resources WHERE digest = ?", (digest,)).fetchone()
        return int(found[0]), service
