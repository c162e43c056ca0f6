"""The storage behind the API: objects with resource versions, conflicts, graceful deletion and watches.

It plays the part of etcd and of the generic registry of kube-apiserver. One event loop owns it: every method but the
iteration of a watch is synchronous and atomic. Objects are kept in memory and written through to SQLite, so a cluster
that was killed starts again with what it had acknowledged.
"""

from __future__ import annotations

import contextlib
import copy
import datetime
import json
import random
import sqlite3
import string
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from embedded.apiserver import errors
from embedded.apiserver.deletion import set_grace, waits_for_its_keeper
from embedded.apiserver.resources import NAMESPACES, PODS, Resource
from embedded.apiserver.watch import Event, Watch

Object = dict[str, Any]
Key = tuple[str, str, str]
# Sees an object before it is stored: (resource, new, old or None) -> new, with defaults; raises ApiError to refuse it.
Admission = Callable[[Resource, Object, Object | None], Object]

# How far back a watch may start: far more than a client that reconnects at once will miss.
HISTORY = 4096
FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
_PROPAGATION_FINALIZERS = {"Foreground": FOREGROUND, "Orphan": ORPHAN}


def now() -> str:
    """Return the present time as Kubernetes writes it."""
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Store:
    """All objects of one cluster.

    Args:
        path: SQLite file that survives the process; None keeps everything in memory only.
        admit: called before every write; see `Admission`.
    """

    def __init__(self, path: Path | None = None, admit: Admission | None = None) -> None:
        self._admit = admit or (lambda _resource, new, _old: new)
        self._objects: dict[str, dict[tuple[str, str], Object]] = {}
        self._history: deque[Event] = deque(maxlen=HISTORY)
        self._watches: set[Watch] = set()
        self._revision = 1
        self._rehearsing = False
        self._database = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._load()

    def _load(self) -> None:
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS objects (resource TEXT, namespace TEXT, name TEXT, revision INTEGER, body TEXT,"
            " PRIMARY KEY (resource, namespace, name))"
        )
        self._database.execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER)")
        for resource, namespace, name, body in self._database.execute(
            "SELECT resource, namespace, name, body FROM objects"
        ):
            self._objects.setdefault(resource, {})[namespace, name] = json.loads(body)
        row = self._database.execute("SELECT value FROM meta WHERE name = 'revision'").fetchone()
        self._revision = row[0] if row else 1
        # What happened before this start is not in the history: a watch from before must list again.
        self._oldest = self._revision

    def close(self) -> None:
        """End all watches and close the file."""
        for watch in list(self._watches):
            watch.close()
        self._database.close()

    @property
    def revision(self) -> str:
        """Return the resource version of the newest write."""
        return str(self._revision)

    # Reading

    def get(self, resource: Resource, namespace: str, name: str) -> Object:
        """Return a copy of one object.

        Raises:
            ApiError: 404 when there is none.
        """
        return copy.deepcopy(self._current(resource, namespace, name))

    def find(self, resource: Resource, namespace: str, name: str) -> Object | None:
        """Return a copy of one object, or None."""
        found = self._table(resource).get((namespace, name))
        return copy.deepcopy(found)

    def list(self, resource: Resource, namespace: str | None = None) -> list[Object]:
        """Return copies of all objects of a kind in one namespace (None: in all), ordered by namespace and name."""
        return [copy.deepcopy(item) for item in self.peek(resource, namespace)]

    def peek(self, resource: Resource, namespace: str | None = None) -> Iterator[Object]:
        """Iterate over the stored objects themselves, for readers that change nothing and do not await meanwhile."""
        for (space, _name), item in sorted(self._table(resource).items()):
            if namespace is None or space == namespace:
                yield item

    def watch(self, resource: Resource | None, namespace: str | None = None, since: str | None = None) -> Watch:
        """Watch a kind (None: all kinds), from a resource version on (None: from now on).

        Raises:
            ApiError: 410 when the history does not reach back that far.
        """
        start = self._revision if since is None else int(since)
        if start < self._oldest:
            raise errors.gone(f"too old resource version: {start} ({self._oldest})")
        watch = Watch(resource, namespace, self._watches.discard)
        for event in self._history:
            if event.revision > start:
                watch.offer(event)
        self._watches.add(watch)
        return watch

    # Writing

    def create(self, resource: Resource, body: Object) -> Object:
        """Store a new object and return it with what the server adds.

        Raises:
            ApiError: 409 when the name is taken, or what the admission raises.
        """
        new = copy.deepcopy(body)
        meta = new.setdefault("metadata", {})
        if not meta.get("name"):
            meta["name"] = self._generate_name(resource, meta)
        key = self._key(resource, meta)
        if key in self._table(resource):
            raise errors.already_exists(resource.group_resource, meta["name"])
        if resource.has_status:
            new.pop("status", None)
        meta["uid"] = str(uuid.uuid4())
        new = self._admit(resource, new, None)
        meta = new["metadata"]
        meta["creationTimestamp"] = now()
        meta.pop("deletionTimestamp", None)
        if "spec" in new:
            meta["generation"] = 1
        return self._put("ADDED", resource, key, new, None)

    def update(self, resource: Resource, body: Object, subresource: str = "") -> Object:
        """Replace an object, or only its status, and return it; an unchanged object keeps its resource version.

        Raises:
            ApiError: 404; 409 when the body names another resource version or uid; what the admission raises.
        """
        key = self._key(resource, body["metadata"])
        old = self._current(resource, *key)
        self._check_preconditions(resource, body["metadata"], old)
        new = self._admit(resource, self._merge_server_fields(resource, body, old, subresource), old)
        if new.get("spec") != old.get("spec"):
            new["metadata"]["generation"] = old["metadata"].get("generation", 0) + 1
        if (
            new["metadata"].get("deletionTimestamp")
            and not new["metadata"].get("finalizers")
            and not waits_for_its_keeper(resource, new)
        ):
            return self._remove(resource, key, new)
        if new == old:
            return copy.deepcopy(old)
        return self._put("MODIFIED", resource, key, new, old)

    def mutate(
        self, resource: Resource, namespace: str, name: str, change: Callable[[Object], None], subresource: str = ""
    ) -> Object:
        """Read an object, let `change` alter the copy, and write it: atomic, so it never conflicts."""
        body = self.get(resource, namespace, name)
        change(body)
        return self.update(resource, body, subresource)

    def delete(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        *,
        grace: int | None = None,
        propagation: str = "Background",
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> Object:
        """Delete an object, or mark it for deletion where a finalizer or a running pod stands in the way.

        Args:
            resource: kind of the object.
            namespace: its namespace, empty for a cluster-wide kind.
            name: its name.
            grace: seconds for a pod to end; None takes the pod's own; 0 removes it at once (the kubelet's last word).
            propagation: what becomes of dependents: Background, Foreground or Orphan (carried out by the collector).
            uid: refuse with 409 unless the object has this uid.
            resource_version: likewise.
        """
        old = self._current(resource, namespace, name)
        self._check_preconditions(resource, {"uid": uid, "resourceVersion": resource_version}, old)
        key = (namespace if resource.namespaced else "", name)
        new = copy.deepcopy(old)
        meta = new["metadata"]
        finalizer = _PROPAGATION_FINALIZERS.get(propagation)
        if finalizer and finalizer not in meta.get("finalizers", []):
            meta.setdefault("finalizers", []).append(finalizer)
        if resource == PODS:
            set_grace(new, grace)
        if not meta.get("finalizers") and not waits_for_its_keeper(resource, new):
            return self._remove(resource, key, new)
        meta.setdefault("deletionTimestamp", now())
        if resource == NAMESPACES:
            new["status"] = {**new.get("status", {}), "phase": "Terminating"}
        return copy.deepcopy(old) if new == old else self._put("MODIFIED", resource, key, new, old)

    @contextlib.contextmanager
    def rehearsal(self) -> Iterator[None]:
        """Let writes answer as if they happened, without storing anything; do not await inside (``dryRun=All``)."""
        self._rehearsing = True
        try:
            yield
        finally:
            self._rehearsing = False

    # Inside

    def _table(self, resource: Resource) -> dict[tuple[str, str], Object]:
        return self._objects.setdefault(resource.group_resource, {})

    def _key(self, resource: Resource, meta: Object) -> tuple[str, str]:
        return (meta.get("namespace") or "default" if resource.namespaced else "", meta["name"])

    def _current(self, resource: Resource, namespace: str, name: str) -> Object:
        found = self._table(resource).get((namespace if resource.namespaced else "", name))
        if found is None:
            raise errors.not_found(resource.group_resource, name)
        return found

    def _generate_name(self, resource: Resource, meta: Object) -> str:
        prefix = meta.get("generateName")
        if not prefix:
            raise errors.invalid(
                resource.kind, "", [("metadata.name", "Required value: name or generateName is required")]
            )
        alphabet = string.ascii_lowercase + string.digits
        return str(prefix) + "".join(random.choices(alphabet, k=5))  # noqa: S311 - a name, not a secret

    def _check_preconditions(self, resource: Resource, wanted: Object, old: Object) -> None:
        name, have = old["metadata"]["name"], old["metadata"]
        if wanted.get("uid") and wanted["uid"] != have["uid"]:
            why = f"the UID in the precondition ({wanted['uid']}) does not match the UID in record ({have['uid']})"
            raise errors.conflict(resource.group_resource, name, why)
        if wanted.get("resourceVersion") and wanted["resourceVersion"] != have["resourceVersion"]:
            why = "the object has been modified; please apply your changes to the latest version and try again"
            raise errors.conflict(resource.group_resource, name, why)

    def _merge_server_fields(self, resource: Resource, body: Object, old: Object, subresource: str) -> Object:
        """Keep what a client cannot change: identity, and the half of the object that this address does not write."""
        if subresource == "status":
            new = copy.deepcopy(old)
            new["status"] = copy.deepcopy(body.get("status", {}))
            managed = body["metadata"].get("managedFields")
            if managed is not None:
                new["metadata"]["managedFields"] = copy.deepcopy(managed)
            return new
        new = copy.deepcopy(body)
        for field in (
            "uid",
            "creationTimestamp",
            "resourceVersion",
            "generation",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
        ):
            new["metadata"].pop(field, None)
            if field in old["metadata"]:
                new["metadata"][field] = old["metadata"][field]
        if resource.has_status:
            new.pop("status", None)
            if "status" in old:
                new["status"] = copy.deepcopy(old["status"])
        return new

    def _put(self, kind: str, resource: Resource, key: tuple[str, str], new: Object, old: Object | None) -> Object:
        if self._rehearsing:
            return copy.deepcopy(new)
        self._stamp(new)
        self._table(resource)[key] = new
        self._database.execute("BEGIN")
        self._database.execute(
            "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?)",
            (resource.group_resource, *key, self._revision, json.dumps(new)),
        )
        self._save_revision()
        self._publish(Event(kind, resource, self._revision, new, old))
        return copy.deepcopy(new)

    def _remove(self, resource: Resource, key: tuple[str, str], new: Object) -> Object:
        if self._rehearsing:
            return copy.deepcopy(new)
        old = self._table(resource).pop(key)
        self._stamp(new)
        self._database.execute("BEGIN")
        self._database.execute(
            "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?", (resource.group_resource, *key)
        )
        self._save_revision()
        self._publish(Event("DELETED", resource, self._revision, new, old))
        return copy.deepcopy(new)

    def _stamp(self, new: Object) -> None:
        self._revision += 1
        new["metadata"]["resourceVersion"] = str(self._revision)

    def _save_revision(self) -> None:
        self._database.execute("INSERT OR REPLACE INTO meta VALUES ('revision', ?)", (self._revision,))
        self._database.execute("COMMIT")

    def _publish(self, event: Event) -> None:
        if len(self._history) == self._history.maxlen:
            self._oldest = self._history[0].revision
        self._history.append(event)
        for watch in list(self._watches):
            watch.offer(event)
