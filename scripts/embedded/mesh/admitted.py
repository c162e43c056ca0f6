"""Which version of each routing object is in force: the newest that is not refused."""

from __future__ import annotations

import dataclasses
from typing import Any

from embedded.mesh import validation
from embedded.mesh.problems import INVALID, Problems
from embedded.mesh.validation import Finding
from embedded.mesh.world import World

Object = dict[str, Any]
Key = tuple[str, str]


class Admitted:
    """Keeps a bad object from spoiling the others: its last good version stays in force."""

    def __init__(self) -> None:
        self._good: dict[Key, Object] = {}
        self._held: set[Key] = set()
        self._findings: dict[Key, tuple[int, list[Finding]]] = {}

    def admit(self, world: World, problems: Problems) -> World:
        """Return the world with every bad object replaced by its last good version, or left out."""
        present = {_key(body) for bodies in world.routing.values() for body in bodies}
        self._good = {key: body for key, body in self._good.items() if key in present}
        self._findings = {key: found for key, found in self._findings.items() if key in present}
        routing = {
            kind: [good for body in bodies if (good := self._version(kind, body, problems))]
            for kind, bodies in world.routing.items()
        }
        return dataclasses.replace(world, routing=routing)

    def accept(self, world: World) -> None:
        """Take note that Envoy accepted what was made of an admitted world."""
        self._good = {_key(body): body for bodies in world.routing.values() for body in bodies}

    def unproven(self, world: World) -> list[Object]:
        """Return the objects of an admitted world that Envoy has not accepted before."""
        bodies = [body for found in world.routing.values() for body in found]
        return [body for body in bodies if self._good.get(_key(body), {}).get("spec") != body["spec"]]

    def hold(self, body: Object) -> None:
        """Keep the present version of an object out for the time being."""
        self._held.add(_key(body))

    def release(self, body: Object) -> None:
        """Let an object that was held back in again."""
        self._held.discard(_key(body))

    def refuse(self, body: Object, why: str) -> None:
        """Keep this version of an object out for good."""
        self._findings[_key(body)] = (_generation(body), [(INVALID, why)])

    def _version(self, kind: str, body: Object, problems: Problems) -> Object | None:
        findings = self._check(kind, body)
        for reason, message in findings:
            problems.add(body, reason, message)
        bad = any(reason == INVALID for reason, _message in findings)
        return self._good.get(_key(body)) if bad or _key(body) in self._held else body

    def _check(self, kind: str, body: Object) -> list[Finding]:
        key, generation = _key(body), _generation(body)
        if self._findings.get(key, (None, []))[0] != generation:
            self._findings[key] = (generation, validation.check(kind, body))
        return self._findings[key][1]


def _key(body: Object) -> Key:
    meta = body["metadata"]
    return body.get("kind", ""), meta.get("uid") or f"{meta['namespace']}/{meta['name']}"


def _generation(body: Object) -> int:
    return int(body["metadata"].get("generation", 0))
