"""Objects of any kind: from what stands in a manifest to the address where the API server keeps it."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from cluster.client import Cluster
from cluster.collection import Collection
from cluster.errors import ClusterError, NotFound
from cluster.fields import owned, values
from cluster.ownership import adopt, leave_replicas
from cluster.transport import Json

FIELD_MANAGER = "proving-ground"
# Written by the API server or a controller, not by a manifest.
_VOLATILE = ("resourceVersion", "generation", "managedFields")


@dataclass(frozen=True)
class Kind:
    """A kind of object as manifests name it, such as ``apps/v1`` and ``Deployment``."""

    api_version: str
    name: str

    @property
    def root(self) -> str:
        """Return the address of the kind's group and version."""
        return f"/{'apis' if '/' in self.api_version else 'api'}/{self.api_version}"


def kind_of(body: Json) -> Kind:
    """Return the kind of an object."""
    return Kind(body["apiVersion"], body["kind"])


def title(body: Json) -> str:
    """Return what messages call an object, such as ``Deployment order``."""
    return f"{body['kind']} {body['metadata']['name']}"


def unchanged(before: Json, after: Json) -> bool:
    """Tell whether applying an object changed nothing of what its manifest states, or stated the last time.

    What controllers, autoscalers and webhooks wrote into it meanwhile is theirs, and no change.

    Args:
        before: the object before, as the API server returned it.
        after: the object after.
    """
    if before["metadata"].get("uid") != after["metadata"].get("uid"):
        return False
    had, has = owned(before, FIELD_MANAGER), owned(after, FIELD_MANAGER)
    if had is None or has is None or adopt(before, FIELD_MANAGER) is not None:
        return _stated(before) == _stated(after)
    return had == has and values(before, has) == values(after, has)


def _stated(body: Json) -> Json:
    stated = {key: copy.copy(value) for key, value in body.items() if key not in ("status", "apiVersion", "kind")}
    for name in _VOLATILE:
        stated["metadata"].pop(name, None)
    return stated


def _preparation(live: Json, body: Json) -> Json | None:
    """Return the patch that makes fields mean what the manifest means: others' are taken over, replicas may be left."""
    adopted = adopt(live, FIELD_MANAGER)
    known = live if adopted is None else {**live, "metadata": {**live["metadata"], "managedFields": adopted}}
    managed = leave_replicas(known, body, FIELD_MANAGER) or adopted
    return None if managed is None else {"metadata": {"managedFields": managed}}


@dataclass
class Objects:
    """The objects of a cluster by kind; which kinds there are is asked of the API server once.

    Attributes:
        cluster: the cluster and the namespace for kinds that live in one.
    """

    cluster: Cluster
    _served: dict[str, dict[str, Json]] = field(default_factory=dict)

    def find(self, kind: Kind) -> Collection | None:
        """Return all objects of a kind, or None where the API server does not serve it."""
        resource = self._resources(kind).get(kind.name)
        if resource is None:
            return None
        return self.cluster.collection(kind.root, resource["name"], "" if resource["namespaced"] else None)

    def collection(self, kind: Kind) -> Collection:
        """Return all objects of a kind.

        Raises:
            ClusterError: the API server does not serve it.
        """
        found = self.find(kind)
        if found is None:
            hint = ": is Istio installed?" if ".istio.io/" in kind.api_version else ""
            raise ClusterError(f"cluster {self.cluster.name} serves no {kind.name} of {kind.api_version}{hint}")
        return found

    def apply(self, body: Json, live: Json | None = None) -> Json:
        """Apply an object on the server's side; what others changed in it goes back to what the manifest says.

        Args:
            body: what the manifest says.
            live: the object as it is, where it exists already.
        """
        collection = self.collection(kind_of(body))
        if live and _preparation(live, body) is not None:
            collection.amend(body["metadata"]["name"], lambda current: _preparation(current, body))
        return collection.apply(body, FIELD_MANAGER)

    def _resources(self, kind: Kind) -> dict[str, Json]:
        if kind.root not in self._served:
            try:
                resources = self.cluster.request("GET", kind.root)["resources"]
            except NotFound:
                resources = []
            self._served[kind.root] = {each["kind"]: each for each in resources if "/" not in each["name"]}
        return self._served[kind.root]
