"""Bringing a namespace to what an overlay says, under traffic: the way there, and the way back from any release.

Nothing that takes traffic leaves before something else takes it: first what pods need, then databases, the Jobs that
migrate them, and the workloads; traffic is led to them only when they are ready, and what is not in the overlay goes
last.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cluster import wait, workloads
from cluster.backing import Backing, backings
from cluster.client import Cluster
from cluster.errors import Invalid, Unready
from cluster.journals import Journals
from cluster.manifests import PART_OF, PLATFORM, check_ours, render
from cluster.needs import check_needs
from cluster.objects import Kind, Objects, kind_of, title, unchanged
from cluster.transport import Json
from cluster.workloads import is_true

Outcome = Literal["created", "applied", "unchanged", "pruned", "ready", "complete", "cleared"]

_NETWORKING, _SECURITY = "networking.istio.io/v1", "security.istio.io/v1"
NAMESPACE = Kind("v1", "Namespace")
SERVICE = Kind("v1", "Service")
DEPLOYMENT = Kind("apps/v1", "Deployment")
STATEFUL_SET = Kind("apps/v1", "StatefulSet")
DAEMON_SET = Kind("apps/v1", "DaemonSet")
JOB = Kind("batch/v1", "Job")
VIRTUAL_SERVICE = Kind(_NETWORKING, "VirtualService")
DESTINATION_RULE = Kind(_NETWORKING, "DestinationRule")
HORIZONTAL_POD_AUTOSCALER = Kind("autoscaling/v2", "HorizontalPodAutoscaler")
POD_DISRUPTION_BUDGET = Kind("policy/v1", "PodDisruptionBudget")
# What is pruned, in this order: first what leads to something else. Not in it: Namespaces and PersistentVolumeClaims,
# for with them data would go; and what lives outside of the namespace or grants rights: another namespace's staging
# may have put it there, and whoever stages a shop need not be allowed to touch it.
PRUNED = (
    VIRTUAL_SERVICE,
    Kind(_NETWORKING, "Gateway"),
    DESTINATION_RULE,
    Kind("networking.istio.io/v1alpha3", "EnvoyFilter"),
    SERVICE,
    HORIZONTAL_POD_AUTOSCALER,
    POD_DISRUPTION_BUDGET,
    DEPLOYMENT,
    DAEMON_SET,
    JOB,
    STATEFUL_SET,
    Kind("networking.k8s.io/v1", "NetworkPolicy"),
    Kind(_SECURITY, "AuthorizationPolicy"),
    Kind(_SECURITY, "PeerAuthentication"),
    Kind(_SECURITY, "RequestAuthentication"),
    Kind("telemetry.istio.io/v1", "Telemetry"),
    Kind("v1", "ConfigMap"),
    Kind("v1", "Secret"),
    Kind("v1", "ServiceAccount"),
)
# How long proxies may take to carry out a change, where the mesh does not say when they have: istiod gathers changes
# for a tenth of a second before it pushes them, and a push takes some more.
SILENT_MESH_SECONDS = 2.0
# Either a mesh says within this time that it carried a change out, or something is wrong with it.
OBSERVED_DEADLINE = 10.0


# What the API server says of a field that it does not let anybody change.
IMMUTABLE = "field is immutable"
_WORKLOADS = {
    DEPLOYMENT: workloads.DEPLOYMENT,
    STATEFUL_SET: workloads.STATEFUL_SET,
    DAEMON_SET: workloads.DAEMON_SET,
    JOB: workloads.JOB,
}


@dataclass(frozen=True)
class Change:
    """What became of one object."""

    outcome: Outcome
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind.lower()}/{self.name} {self.outcome}"


def stage(
    cluster: Cluster,
    overlay: str | Path,
    report: Callable[[Change], None] = lambda _change: None,
    timeout: float | None = None,
) -> list[Change]:
    """Bring the cluster's namespace to what an overlay says, and wait until everything is ready.

    Args:
        cluster: the namespace.
        overlay: folder of the overlay, or its name in ``k8s/overlays``.
        report: told of every object as it is dealt with.
        timeout: seconds that each workload may take to become ready, each Job to complete; None for READY_DEADLINE.

    Returns:
        what became of each object.

    Raises:
        ManifestError: the overlay cannot be rendered, or is not for this namespace.
        Unready: a workload did not become ready, or a Job failed; what they should have replaced is still there.
        ClusterError: the cluster does not answer, refuses, or lacks a kind or a Secret.
    """
    objects = render(overlay, cluster.namespace, cluster.settings.registry)
    check_ours(objects, cluster.namespace)
    return _Stage(cluster, objects, report, timeout or wait.ready_deadline()).run()


class _Stage:
    def __init__(self, cluster: Cluster, objects: list[Json], report: Callable[[Change], None], timeout: float) -> None:
        self._cluster = cluster
        self._wanted = objects
        self._report = report
        self._timeout = timeout
        self._objects = Objects(cluster)
        self._journals = Journals(cluster)
        self._changes: list[Change] = []
        self._live: dict[str, Json] = {}
        self._now: dict[str, Json] = {}
        self._altered: set[str] = set()
        self._routed: list[Json] = []

    def run(self) -> list[Change]:
        self._read()
        self._journals.seize(f"staging, {datetime.datetime.now(datetime.UTC).isoformat(timespec='seconds')}")
        late = [body for body in self._wanted if self._redirects(body)]
        dependents = [b for b in self._wanted if kind_of(b) in (HORIZONTAL_POD_AUTOSCALER, POD_DISRUPTION_BUDGET)]
        servers = self._of_kind(DEPLOYMENT, DAEMON_SET)
        databases, jobs = self._of_kind(STATEFUL_SET), self._of_kind(JOB)
        placed = [*late, *dependents, *servers, *databases, *jobs]
        first = [body for body in self._wanted if body not in placed]
        for body in sorted(first, key=lambda body: kind_of(body) != NAMESPACE):
            self._apply(body)
        self._prepare_data(databases, jobs)
        for body in [*servers, *dependents]:
            self._apply(body)
        self._lead(late)
        for body in [*databases, *servers]:
            self._await(body)
            self._note("ready", body)
        self._let_go(servers)
        self._prune()
        for service in self._journals.clear():
            self._tell(Change("cleared", "Release", service))
        return self._changes

    def _prepare_data(self, databases: list[Json], jobs: list[Json]) -> None:
        for body in databases:
            self._apply(body)
        for body in databases:
            # On the way back from a release nobody waits for what was there all the time.
            if title(body) in self._altered:
                self._await(body)
        for body in jobs:
            self._run_job(body)
            self._note("complete", body)

    def _of_kind(self, *kinds: Kind) -> list[Json]:
        return [body for body in self._wanted if kind_of(body) in kinds]

    def _read(self) -> None:
        """Read what is there before anything is written: a kind that is missing or forbidden leaves all as it was."""
        for body in self._wanted:
            found = self._objects.collection(kind_of(body)).find(body["metadata"]["name"])
            if found is not None:
                self._live[title(body)] = found
        for kind in self._prunable():
            self._ours(kind)
        check_needs(self._cluster, self._wanted)

    def _prunable(self) -> list[Kind]:
        """Return the kinds to prune, as far as this cluster knows them."""
        return [kind for kind in PRUNED if self._objects.find(kind)]

    def _ours(self, kind: Kind) -> list[Json]:
        return self._objects.collection(kind).list({PART_OF: PLATFORM})

    def _redirects(self, body: Json) -> bool:
        """Tell whether applying an object sends requests to other pods than before."""
        kind = kind_of(body)
        live = self._live.get(title(body))
        if kind == SERVICE:
            return live is not None and live["spec"].get("selector") != body["spec"].get("selector")
        if kind == DESTINATION_RULE:
            return live is not None and not _subsets(live) <= _subsets(body)
        return kind == VIRTUAL_SERVICE

    def _apply(self, body: Json) -> None:
        before = self._live.get(title(body))
        after = self._now[title(body)] = self._objects.apply(body, before)
        same = before is not None and unchanged(before, after)
        self._note("created" if before is None else "unchanged" if same else "applied", body)
        if not same:
            self._altered.add(title(body))
            if kind_of(body) == VIRTUAL_SERVICE:
                self._routed.append(after)

    def _lead(self, late: list[Json]) -> None:
        """Lead traffic to where the overlay says: weights first, since a selector may take the pods away from them."""
        routes = [body for body in late if kind_of(body) == VIRTUAL_SERVICE]
        # What has ready pods does not wait for what has none: on the way back from a bad release every second counts.
        for body in sorted(routes, key=lambda body: not self._is_backed(body)):
            self._await_backing(body)
            self._apply(body)
        rest = [body for body in late if body not in routes]
        if rest:
            self._await_mesh()
        for body in rest:
            self._await_backing(body)
            self._apply(body)

    def _is_backed(self, body: Json) -> bool:
        return all(self._is_enough(backing) for backing in backings(body, self._wanted))

    def _is_enough(self, backing: Backing) -> bool:
        return backing.ready(self._cluster) >= self._needed(backing)

    def _needed(self, backing: Backing) -> int:
        """Return how many pods must be ready: all of a new or changed Deployment, else one is better than none."""
        name = f"Deployment {backing.deployment}"
        return int(self._now[name]["spec"].get("replicas", 1)) if name in self._altered else 1

    def _await_backing(self, body: Json) -> None:
        """Wait until the pods to which an object leads are ready."""
        for backing in backings(body, self._wanted):
            if self._is_enough(backing):
                continue
            wait.deployment_ready(self._cluster, backing.deployment, self._timeout)
            if not self._is_enough(backing):
                raise Unready(title(body), "NoEndpoints", f"no ready pod of {backing.deployment} has {backing.labels}")

    def _await(self, body: Json) -> None:
        wait.ready(self._cluster, _WORKLOADS[kind_of(body)], body["metadata"]["name"], self._timeout)

    def _run_job(self, body: Json) -> None:
        """Let a Job run to completion: again if its template changed, which is immutable, or if it failed."""
        live = self._live.get(title(body))
        if live is None or is_true(live, "Failed") or "deletionTimestamp" in live["metadata"]:
            self._make_job(body, live)
        else:
            try:
                self._apply(body)
            except Invalid as error:
                if IMMUTABLE not in str(error):
                    raise
                self._make_job(body, live)
        self._await(body)

    def _make_job(self, body: Json, live: Json | None) -> None:
        """Make a Job when what it works on is ready, and no pod of an earlier one does the same work any more."""
        for database in self._of_kind(STATEFUL_SET):
            self._await(database)
        if live is not None:
            collection, name = self._objects.collection(JOB), live["metadata"]["name"]
            collection.delete(name, "Foreground")
            wait.gone(collection, name, live["metadata"]["uid"])
        self._apply(body)

    def _await_mesh(self) -> None:
        """Wait until the proxies have carried out the VirtualServices that were just changed."""
        routed, self._routed = self._routed, []
        silent = [body for body in routed if _is_silent(body)]
        for body in routed:
            if body not in silent:
                self._await_observed(body)
        if silent:
            time.sleep(SILENT_MESH_SECONDS)

    def _let_go(self, servers: list[Json]) -> None:
        """Give the proxies the time to forget the pods that a changed workload has replaced a moment ago."""
        routes = [self._now[title(body)] for body in self._of_kind(VIRTUAL_SERVICE)]
        if any(title(body) in self._altered for body in servers) and any(map(_is_silent, routes)):
            time.sleep(SILENT_MESH_SECONDS)

    def _await_observed(self, body: Json) -> None:
        name, generation = body["metadata"]["name"], body["metadata"]["generation"]
        collection = self._objects.collection(kind_of(body))

        def check() -> bool | None:
            observed = collection.get(name).get("status", {}).get("observedGeneration", 0)
            return True if observed >= generation else None

        def late() -> Exception:
            return Unready(title(body), "NotObserved", f"the mesh did not carry it out within {OBSERVED_DEADLINE:g} s")

        wait.until(check, [(collection, None)], OBSERVED_DEADLINE, late)

    def _prune(self) -> None:
        wanted = {(kind_of(body), body["metadata"]["name"]) for body in self._wanted}
        for kind in self._prunable():
            # What has an owner goes with its owner.
            ours = [body for body in self._ours(kind) if not body["metadata"].get("ownerReferences")]
            surplus = [body for body in ours if (kind, body["metadata"]["name"]) not in wanted]
            if surplus:
                self._await_mesh()
            for body in surplus:
                if self._objects.collection(kind).delete(body["metadata"]["name"]):
                    self._note("pruned", {**body, "kind": kind.name})

    def _note(self, outcome: Outcome, body: Json) -> None:
        self._tell(Change(outcome, body["kind"], body["metadata"]["name"]))

    def _tell(self, change: Change) -> None:
        self._changes.append(change)
        self._report(change)


def _is_silent(virtual_service: Json) -> bool:
    """Tell whether the mesh does not say when it has carried something out."""
    return "observedGeneration" not in virtual_service.get("status", {})


def _subsets(rule: Json) -> set[str]:
    return {subset["name"] for subset in rule["spec"].get("subsets") or []}
