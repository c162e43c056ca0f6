"""One kind of object in one namespace: the verbs of kubectl on plain dictionaries."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from cluster.errors import Conflict, NotFound
from cluster.transport import Changes, Json, Transport

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"
# Who the API server writes down as the owner of a field that a release changes at run time.
FIELD_MANAGER = "delivery"
# A write that lost against another writer is tried again this often before the conflict is told.
ATTEMPTS = 8


class Collection:
    """All objects of one kind in one namespace (or of a cluster-wide kind).

    Args:
        transport: connection to the API server.
        root: address of the group and version, such as ``/apis/apps/v1``.
        plural: name of the kind in addresses, such as ``deployments``.
        namespace: namespace, None for cluster-wide.
    """

    def __init__(self, transport: Transport, root: str, plural: str, namespace: str | None) -> None:
        self._transport = transport
        self.plural = plural
        self.path = f"{root}/namespaces/{namespace}/{plural}" if namespace else f"{root}/{plural}"

    def list(self, labels: Mapping[str, str] | None = None, fields: Mapping[str, str] | None = None) -> list[Json]:
        """Return the objects with these labels and field values."""
        return list(self.snapshot(labels, fields)["items"])

    def snapshot(self, labels: Mapping[str, str] | None = None, fields: Mapping[str, str] | None = None) -> Json:
        """Return the list object itself, whose resource version a watch can start from."""
        return self._ask("GET", self.path, query=_selectors(labels, fields))

    def changes(self, since: str, labels: Mapping[str, str] | None = None) -> Changes:
        """Return a watch that begins after a resource version."""
        return self._transport.watch(self.path, {**_selectors(labels, None), "resourceVersion": since})

    def get(self, name: str) -> Json:
        """Return one object.

        Raises:
            NotFound: there is none of that name.
        """
        return self._ask("GET", f"{self.path}/{name}")

    def find(self, name: str) -> Json | None:
        """Return one object, or None."""
        try:
            return self.get(name)
        except NotFound:
            return None

    def create(self, body: Json) -> Json:
        """Store a new object.

        Raises:
            Conflict: the name is taken.
        """
        return self._ask("POST", self.path, body=body, query={"fieldManager": FIELD_MANAGER})

    def patch(self, name: str, patch: Json, content_type: str = MERGE, query: Mapping[str, str] | None = None) -> Json:
        """Patch an object; with ``metadata.resourceVersion`` in the patch only if nobody changed it meanwhile.

        Raises:
            Conflict: somebody did.
        """
        options = {"fieldManager": FIELD_MANAGER, **(query or {})}
        return self._ask("PATCH", f"{self.path}/{name}", body=patch, query=options, content_type=content_type)

    def apply(self, body: Json, field_manager: str) -> Json:
        """Apply an object on the server's side, taking over fields that others own."""
        query = {"fieldManager": field_manager, "force": "true"}
        return self.patch(body["metadata"]["name"], body, APPLY, query)

    def amend(self, name: str, change: Callable[[Json], Json | None], content_type: str = MERGE) -> Json:
        """Read an object, ask `change` for a patch of it (None: leave it), and write that; again on a conflict.

        Raises:
            Conflict: others kept changing it through `ATTEMPTS` attempts.
        """
        for attempt in range(ATTEMPTS):
            current = self.get(name)
            patch = change(current)
            if patch is None:
                return current
            version = {"resourceVersion": current["metadata"]["resourceVersion"]}
            guarded = {**patch, "metadata": {**patch.get("metadata", {}), **version}}
            try:
                return self.patch(name, guarded, content_type)
            except Conflict:
                if attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def scale(self, name: str, replicas: int) -> Json:
        """Set the number of replicas through the scale subresource."""
        patch = {"spec": {"replicas": replicas}}
        return self._ask("PATCH", f"{self.path}/{name}/scale", body=patch, content_type=MERGE)

    def delete(self, name: str, propagation: str = "Background", uid: str = "", grace: int | None = None) -> bool:
        """Delete an object and what it owns; tell whether there was one.

        Args:
            name: its name.
            propagation: what becomes of what it owns, in Kubernetes' words.
            uid: which one of that name, empty for any.
            grace: seconds that a pod gets to end; 0 kills it, None leaves it to the pod.

        Raises:
            Conflict: the one of that name is another one.
        """
        options: Json = {"propagationPolicy": propagation, **({} if grace is None else {"gracePeriodSeconds": grace})}
        try:
            self._ask("DELETE", f"{self.path}/{name}", body=options | ({"preconditions": {"uid": uid}} if uid else {}))
        except NotFound:
            return False
        return True

    def _ask(self, method: str, path: str, **options: Any) -> Json:
        answer: Json = json.loads(self._transport.request(method, path, **options))
        return answer


def _selectors(labels: Mapping[str, str] | None, fields: Mapping[str, str] | None) -> dict[str, str]:
    query = {}
    if labels:
        query["labelSelector"] = ",".join(f"{key}={value}" for key, value in labels.items())
    if fields:
        query["fieldSelector"] = ",".join(f"{key}={value}" for key, value in fields.items())
    return query
