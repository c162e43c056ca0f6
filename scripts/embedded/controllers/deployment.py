"""The Deployment controller: replaces the pods of one template by those of the next, a ReplicaSet for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import DEPLOYMENTS, PODS, REPLICA_SETS
from embedded.apiserver.watch import Event
from embedded.controllers import deployment_revisions as revisions
from embedded.controllers import deployment_status as statuses
from embedded.controllers import pods as pod_status
from embedded.controllers.deployment_rolling import Bounds, Member, bounds_of, next_sizes, proportional_sizes
from embedded.controllers.ownership import claim, controller_of, keys_of_controllers, owned
from embedded.controllers.replicaset import wanted
from embedded.controllers.runtime import Controller, Key

Object = dict[str, Any]


@dataclass
class Rollout:
    """A Deployment and what it has at one moment.

    Attributes:
        deployment: the object.
        new: ReplicaSet of the present template, if there is one.
        old: the other ReplicaSets, oldest first.
        pods: active pods by the name of their ReplicaSet.
        living: pods of old ReplicaSets that have not ended yet, terminating ones included.
        members: the ReplicaSets' numbers by name.
        bounds: what the Deployment allows.
    """

    deployment: Object
    new: Object | None
    old: list[Object]
    pods: dict[str, list[Object]]
    living: int
    members: dict[str, Member]
    bounds: Bounds

    @property
    def sets(self) -> list[Object]:
        """Return all ReplicaSets, the new one last."""
        return [*self.old, self.new] if self.new else self.old

    def members_of(self, sets: Iterable[Object]) -> list[Member]:
        """Return the numbers of some ReplicaSets."""
        return [self.members[item["metadata"]["name"]] for item in sets]

    @property
    def new_member(self) -> Member | None:
        """Return the numbers of the new ReplicaSet."""
        return self.members[self.new["metadata"]["name"]] if self.new else None


class DeploymentController(Controller):
    """Rolls Deployments out, scales them, and keeps their history."""

    name = "deployment-controller"
    watched = (DEPLOYMENTS, REPLICA_SETS, PODS)

    def keys(self) -> Iterable[Key]:
        """Return every Deployment."""
        return [(item["metadata"]["namespace"], item["metadata"]["name"]) for item in self.store.peek(DEPLOYMENTS)]

    def affected(self, event: Event) -> Iterator[Key]:
        """Yield the Deployment itself, or those that a ReplicaSet or the ReplicaSet of a pod belongs to."""
        if event.resource == DEPLOYMENTS:
            yield event.body["metadata"]["namespace"], event.body["metadata"]["name"]
            return
        for item in filter(None, (event.old, event.body)):
            if event.resource == REPLICA_SETS:
                yield from keys_of_controllers(self.store, DEPLOYMENTS, item)
                continue
            owner = controller_of(item)
            found = owner and self.store.find(REPLICA_SETS, item["metadata"]["namespace"], owner["name"])
            if found:
                yield from keys_of_controllers(self.store, DEPLOYMENTS, found)

    def reconcile(self, namespace: str, name: str) -> float | None:
        """Take the next step of the rollout, and write the status."""
        deployment = self.store.find(DEPLOYMENTS, namespace, name)
        if deployment is None:
            return None
        if not deployment["spec"].get("selector"):
            message = "This deployment is selecting all pods. A non-empty selector is required."
            self.events.warning(deployment, "SelectingAll", message)
            return None
        claim(self.store, REPLICA_SETS, deployment)
        if not deployment["metadata"].get("deletionTimestamp"):
            self._advance(self._look(deployment))
        return self._write_status(self._look(self.store.get(DEPLOYMENTS, namespace, name)))

    # Reading

    def _look(self, deployment: Object) -> Rollout:
        sets = list(owned(self.store, REPLICA_SETS, deployment))
        new, old = revisions.split(deployment, sets)
        all_pods = {item["metadata"]["name"]: list(owned(self.store, PODS, item)) for item in sets}
        active = {name: list(filter(pod_status.is_active, pods)) for name, pods in all_pods.items()}
        members = {item["metadata"]["name"]: self._member(item, deployment, active) for item in sets}
        living = sum(
            pod_status.phase(pod) not in pod_status.FINAL_PHASES
            for item in old
            for pod in all_pods[item["metadata"]["name"]]
        )
        return Rollout(deployment, new, old, active, living, members, bounds_of(deployment, wanted(deployment)))

    def _member(self, item: Object, deployment: Object, active: dict[str, list[Object]]) -> Member:
        """Count from the pods themselves: a ReplicaSet's status may not have caught up with them."""
        name = item["metadata"]["name"]
        available = sum(pod_status.is_available(pod, _min_ready(deployment), self.clock()) for pod in active[name])
        return Member(name, wanted(item), len(active[name]), available)

    # Acting

    def _advance(self, rollout: Rollout) -> None:
        self._sync_revision(rollout)
        if self._was_scaled(rollout) or rollout.deployment["spec"].get("paused"):
            self._scale(rollout)
            return
        if rollout.new is None:
            self._create_new(rollout)
            rollout = self._look(rollout.deployment)
        if _recreates(rollout.deployment):
            self._recreate(rollout)
        else:
            self._roll(rollout)
        self._clean_up(self._look(rollout.deployment))

    def _sync_revision(self, rollout: Rollout) -> None:
        """Note the newest revision on its ReplicaSet and on the Deployment; a rollback makes an old one the newest."""
        new = rollout.new
        if new is None:
            return
        revision = max((revisions.revision_of(item) for item in rollout.old), default=0) + 1
        rollout.new = self._change_set(new, lambda body: revisions.mark_new(body, rollout.deployment, revision))
        noted = str(revisions.revision_of(rollout.new))
        meta = rollout.deployment["metadata"]
        if (meta.get("annotations") or {}).get(revisions.REVISION) != noted:
            rollout.deployment = self.store.mutate(
                DEPLOYMENTS, meta["namespace"], meta["name"], lambda body: _annotate(body, revisions.REVISION, noted)
            )

    def _create_new(self, rollout: Rollout) -> None:
        meta, body = rollout.deployment["metadata"], revisions.new_replica_set(rollout.deployment)
        try:
            created = self.store.create(REPLICA_SETS, body)
        except ApiError as error:
            message = f'Failed to create new replica set "{body["metadata"]["name"]}": {error.message}'
            self.events.warning(rollout.deployment, "ReplicaSetCreateError", message)
            raise

        def mark(body: Object) -> None:
            message = f'Created new replica set "{created["metadata"]["name"]}"'
            status = body.setdefault("status", {})
            statuses.set_deployment_condition(
                status, "Progressing", "True", "NewReplicaSetCreated", message, now=self.clock()
            )

        if statuses.deadline_of(rollout.deployment) is not None:
            rollout.deployment = self.store.mutate(DEPLOYMENTS, meta["namespace"], meta["name"], mark, "status")
        found = self._look(rollout.deployment)
        self._sync_revision(found)
        rollout.deployment = found.deployment

    def _roll(self, rollout: Rollout) -> None:
        new = rollout.new_member
        if new:
            self._resize(rollout, next_sizes(rollout.bounds, new, rollout.members_of(rollout.old)))

    def _recreate(self, rollout: Rollout) -> None:
        """Make room first: the old pods are gone, not only told to go, before a new one is made."""
        old = {member.name: 0 for member in rollout.members_of(rollout.old) if member.replicas}
        if old:
            self._resize(rollout, old)
        elif not rollout.living and rollout.new:
            self._resize(rollout, {rollout.new["metadata"]["name"]: rollout.bounds.desired})

    def _was_scaled(self, rollout: Rollout) -> bool:
        sizes = (revisions.sized_for(item) for item in rollout.sets if wanted(item))
        return any(size not in (None, rollout.bounds.desired) for size in sizes)

    def _scale(self, rollout: Rollout) -> None:
        """Bring the declared number to the ReplicaSets without taking a step of the rollout."""
        desired = rollout.bounds.desired
        active = [item for item in rollout.sets if wanted(item)]
        if len(active) <= 1:
            newest = active or ([rollout.new] if rollout.new else rollout.old[-1:])
            self._resize(rollout, {item["metadata"]["name"]: desired for item in newest})
            return
        new = rollout.new_member
        if new and new.replicas == new.promised == desired:
            self._resize(rollout, {member.name: 0 for member in rollout.members_of(rollout.old)})
        elif _recreates(rollout.deployment):
            # Which one is to have the new number is for the rollout to decide: only note that it was seen.
            self._resize(rollout, {item["metadata"]["name"]: wanted(item) for item in active})
        else:
            self._resize(rollout, proportional_sizes(rollout.bounds, rollout.members_of(active)))

    def _resize(self, rollout: Rollout, sizes: dict[str, int]) -> None:
        for item in rollout.sets:
            size = sizes.get(item["metadata"]["name"])
            if size is not None:
                self._resize_one(rollout, item, size)

    def _resize_one(self, rollout: Rollout, item: Object, size: int) -> None:
        bounds, before = rollout.bounds, wanted(item)

        def change(body: Object) -> None:
            body["spec"]["replicas"] = size
            revisions.mark_size(body, bounds.desired, bounds.most)

        self._change_set(item, change)
        if size != before:
            verb = "up" if size > before else "down"
            message = f"Scaled {verb} replica set {item['metadata']['name']} from {before} to {size}"
            self.events.normal(rollout.deployment, "ScalingReplicaSet", message)

    def _clean_up(self, rollout: Rollout) -> None:
        """Forget the oldest revisions, but not while a rollout may still have to go back to one."""
        new = rollout.new_member
        if new is None or not new.existing == new.promised == rollout.bounds.desired:
            return
        for item in revisions.to_clean_up(rollout.deployment, rollout.old):
            meta = item["metadata"]
            self.store.delete(REPLICA_SETS, meta["namespace"], meta["name"], uid=meta["uid"])

    def _change_set(self, item: Object, change: Callable[[Object], None]) -> Object:
        meta = item["metadata"]
        return self.store.mutate(REPLICA_SETS, meta["namespace"], meta["name"], change)

    def _write_status(self, rollout: Rollout) -> float | None:
        deployment, now = rollout.deployment, self.clock()
        pods = [pod for group in rollout.pods.values() for pod in group]
        ready = sum(map(pod_status.is_ready, pods))
        old = rollout.members_of(rollout.old)
        status = statuses.next_status(deployment, rollout.bounds, rollout.new_member, old, ready, now)
        meta = deployment["metadata"]
        self.store.mutate(
            DEPLOYMENTS, meta["namespace"], meta["name"], lambda body: body.update(status=status), "status"
        )
        waits = (
            statuses.seconds_to_deadline(deployment, status, now),
            pod_status.next_available(pods, _min_ready(deployment), now),
        )
        return min((wait for wait in waits if wait is not None), default=None)


def _recreates(deployment: Object) -> bool:
    return bool((deployment["spec"].get("strategy") or {}).get("type") == "Recreate")


def _annotate(body: Object, name: str, value: str) -> None:
    body["metadata"].setdefault("annotations", {})[name] = value


def _min_ready(deployment: Object) -> int:
    return int(deployment["spec"].get("minReadySeconds") or 0)
