"""The arithmetic of a rolling update: how many pods each ReplicaSet may have next.

Two promises are kept at every step: never fewer available pods than the desired number less maxUnavailable by the
controller's own doing, never more pods than the desired number plus maxSurge. Nothing here touches the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from embedded.controllers.intstr import scaled

DEFAULT_BOUND = "25%"


@dataclass
class Member:
    """One ReplicaSet in a rollout.

    Attributes:
        name: its name.
        replicas: how many pods it was told to have.
        existing: how many it has, terminating ones not counted.
        available: how many of those are available.
    """

    name: str
    replicas: int
    existing: int
    available: int

    @property
    def total(self) -> int:
        """Return how many pods there may be at any time until the ReplicaSet has done what it was told."""
        return max(self.replicas, self.existing)

    @property
    def promised(self) -> int:
        """Return how many available pods remain once it has; it deletes those that are not available first."""
        return min(self.replicas, self.available)

    @property
    def unavailable(self) -> int:
        """Return how many of the pods it was told to have are not available."""
        return self.replicas - self.promised


@dataclass(frozen=True)
class Bounds:
    """What a Deployment allows.

    Attributes:
        desired: declared number of pods.
        surge: how many more may exist.
        unavailable: how many fewer may be available.
    """

    desired: int
    surge: int
    unavailable: int

    @property
    def most(self) -> int:
        """Return how many pods may exist; none where none is desired."""
        return self.desired + self.surge if self.desired else 0

    @property
    def least(self) -> int:
        """Return how many pods must stay available."""
        return max(self.desired - self.unavailable, 0)


def bounds_of(deployment: dict[str, Any], desired: int) -> Bounds:
    """Return a Deployment's bounds: a surge rounds up, what may be unavailable rounds down, both are never zero."""
    strategy = deployment["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return Bounds(desired, 0, 0)
    rolling = strategy.get("rollingUpdate") or {}
    surge = scaled(rolling.get("maxSurge", DEFAULT_BOUND), desired, round_up=True)
    unavailable = scaled(rolling.get("maxUnavailable", DEFAULT_BOUND), desired, round_up=False)
    if not surge and not unavailable:
        unavailable = 1
    return Bounds(desired, surge, min(unavailable, desired))


def next_sizes(bounds: Bounds, new: Member, old: Sequence[Member]) -> dict[str, int]:
    """Return the next step of a rolling update: new sizes by name, of the new ReplicaSet or of the old ones.

    Args:
        bounds: what is allowed.
        new: the ReplicaSet of the present template.
        old: the others, oldest first.
    """
    size = new_size(bounds, new, old)
    return {new.name: size} if size != new.replicas else _shrink_old(bounds, new, old)


def new_size(bounds: Bounds, new: Member, old: Iterable[Member]) -> int:
    """Return how large the new ReplicaSet may be now."""
    if new.replicas >= bounds.desired:
        return bounds.desired
    room = bounds.desired + bounds.surge - new.total - sum(member.total for member in old)
    return new.replicas + max(min(room, bounds.desired - new.replicas), 0)


def _shrink_old(bounds: Bounds, new: Member, old: Sequence[Member]) -> dict[str, int]:
    sizes = {member.name: member.replicas for member in old}
    # What never got ready goes first, so that a stuck release does not hold up its own replacement.
    room = sum(sizes.values()) + new.promised - bounds.least
    for member in old:
        cut = max(min(member.unavailable, room), 0)
        sizes[member.name] -= cut
        room -= cut
    spare = new.promised + sum(member.promised for member in old) - bounds.least
    for member in old:
        cut = max(min(sizes[member.name], spare), 0)
        sizes[member.name] -= cut
        spare -= cut
    return {member.name: sizes[member.name] for member in old if sizes[member.name] != member.replicas}


def proportional_sizes(bounds: Bounds, members: Sequence[Member]) -> dict[str, int]:
    """Return new sizes when the Deployment is scaled in the middle of a rollout.

    Pods are added to each ReplicaSet in proportion to its size, so that a release that turns out bad does not take over
    by scaling. They are taken away likewise, but (unlike Kubernetes) never an available one that is needed.

    Args:
        bounds: what is allowed, at the new desired number.
        members: ReplicaSets that were told to have pods, oldest first.
    """
    room = bounds.most - sum(member.total for member in members)
    if room > 0:
        newest_first = list(reversed(members))
        return _grow(bounds, sorted(newest_first, key=_largest_first), room)
    return _shrink(bounds, sorted(members, key=_largest_first))


def _largest_first(member: Member) -> int:
    return -member.replicas


def _grow(bounds: Bounds, members: Sequence[Member], room: int) -> dict[str, int]:
    before = sum(member.replicas for member in members)
    sizes, left = {}, room
    for member in members:
        share = min(max(round(member.replicas * bounds.most / before) - member.replicas, 0), left)
        sizes[member.name] = member.replicas + share
        left -= share
    sizes[members[0].name] += left
    return sizes


def _shrink(bounds: Bounds, members: Sequence[Member]) -> dict[str, int]:
    before = sum(member.replicas for member in members)
    sizes = {member.name: member.replicas for member in members}
    idle = {member.name: member.unavailable for member in members}
    spare = max(sum(member.promised for member in members) - bounds.least, 0)
    surplus = max(before - bounds.most, 0)
    for proportional in (True, False):
        for member in members:
            keep = member.replicas * bounds.most // before if proportional else 0
            cut = max(min(sizes[member.name] - keep, surplus, idle[member.name] + spare), 0)
            sizes[member.name] -= cut
            surplus -= cut
            spare -= max(cut - idle[member.name], 0)
            idle[member.name] = max(idle[member.name] - cut, 0)
    return sizes
