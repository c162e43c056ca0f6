"""Whether a cluster can be worked with: Istio is there, and whoever asks may do all that staging and releases do.

All that is missing is told before anything is changed: half a rollout is worse than none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from cluster.client import GATEWAY_NAMESPACE, GATEWAY_SERVICE, Cluster
from cluster.errors import ClusterError, Forbidden
from cluster.kustomize.resources import CLUSTER_WIDE
from cluster.objects import Objects, kind_of
from cluster.prometheus import NAMESPACE as PROMETHEUS_NAMESPACE
from cluster.stage import PRUNED
from cluster.transport import Json

_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
# Reviews asked at the same time: there are about a hundred of them.
_AT_ONCE = 8
_APPLY = ("get", "create", "patch")
_PRUNE = ("list", "delete")
_AWAIT = ("list", "watch")
_AWAITED = ("Deployment", "Job", "StatefulSet")
# What waiting, releasing and judging need on top, whatever the overlay holds: group, resource, verbs.
_RELEASE = (
    ("", "pods", ("list", "watch")),
    ("", "events", ("list",)),
    ("", "services", ("get", "list", "patch")),
    ("", "configmaps", ("get", "create", "patch")),
    ("coordination.k8s.io", "leases", ("get", "create", "patch")),
    ("apps", "deployments", ("get", "list", "watch", "create", "patch", "delete")),
    ("apps", "deployments/scale", ("patch",)),
    ("batch", "jobs", ("get", "list", "watch", "create", "delete")),
    ("discovery.k8s.io", "endpointslices", ("list", "watch")),
    ("networking.istio.io", "virtualservices", ("get", "list", "watch", "patch")),
    ("networking.istio.io", "destinationrules", ("list",)),
)


class UnfitError(ClusterError):
    """A cluster cannot be worked with.

    Args:
        problems: what stands in the way, one line each.
    """

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, order=True)
class Right:
    """Leave to do one thing.

    Attributes:
        namespace: where, empty for the whole cluster.
        group: API group, empty for the core.
        resource: plural, with a subresource after a slash.
        verb: what to do, in the words of RBAC.
    """

    namespace: str
    group: str
    resource: str
    verb: str

    @property
    def what(self) -> str:
        """Return the resource as `kubectl auth can-i` takes it."""
        resource, slash, subresource = self.resource.partition("/")
        return f"{resource}{'.' if self.group else ''}{self.group}{slash}{subresource}"


def check_fit(cluster: Cluster, objects: list[Json], releases: bool = True) -> None:
    """See that a cluster has what staging these objects, and releasing on top of them, needs.

    Args:
        cluster: the namespace that they are for.
        objects: what an overlay holds.
        releases: whether users come in and new versions are released there.

    Raises:
        UnfitError: something is missing; all of it is told at once.
    """
    missing = missing_rights(cluster, needed_rights(cluster, objects, releases))
    problems = [
        *_missing_kinds(cluster, objects),
        *(_missing_gateway(cluster) if releases else ()),
        *([_in_words(cluster, missing)] if missing else ()),
    ]
    if problems:
        raise UnfitError(problems)


def needed_rights(cluster: Cluster, objects: list[Json], releases: bool = True) -> list[Right]:
    """Return every right that staging these objects, and releasing on top of them, needs.

    Kinds that the API server does not serve are left out: there is nothing to be allowed.
    """
    kinds = {kind_of(body) for body in objects}
    served = Objects(cluster)
    rights = set(_for_releases(cluster)) if releases else set()
    for kind in (*kinds, *PRUNED):
        if found := served.find(kind):
            verbs = {*(_APPLY if kind in kinds else ()), *(_PRUNE if kind in PRUNED else ())}
            verbs |= {*(_AWAIT if kind.name in _AWAITED else ())}
            where = "" if kind.name in CLUSTER_WIDE else cluster.namespace
            rights |= {Right(where, kind.api_version.rpartition("/")[0], found.plural, verb) for verb in verbs}
    return sorted(rights)


def _for_releases(cluster: Cluster) -> Iterator[Right]:
    for group, resource, verbs in _RELEASE:
        yield from (Right(cluster.namespace, group, resource, verb) for verb in verbs)
    if not cluster.settings.gateway_url:
        yield Right(GATEWAY_NAMESPACE, "", "services", "get")
    if not cluster.settings.prometheus_url:
        yield Right(PROMETHEUS_NAMESPACE, "", "services/proxy", "get")


def missing_rights(cluster: Cluster, rights: Iterable[Right]) -> list[Right]:
    """Return those of the rights that whoever asks does not have.

    Raises:
        ClusterError: the API server does not answer the question.
    """
    if _may(cluster, Right("", "*", "*", "*")):
        return []
    wanted = list(rights)
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        answers = list(threads.map(lambda right: _may(cluster, right), wanted))
    return [right for right, allowed in zip(wanted, answers, strict=True) if not allowed]


def _may(cluster: Cluster, right: Right) -> bool:
    resource, _slash, subresource = right.resource.partition("/")
    attributes = {"verb": right.verb, "group": right.group, "resource": resource}
    attributes |= {"subresource": subresource} if subresource else {}
    attributes |= {"namespace": right.namespace} if right.namespace else {}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    return bool(cluster.request("POST", _REVIEWS, body=review)["status"]["allowed"])


def _missing_kinds(cluster: Cluster, objects: list[Json]) -> Iterator[str]:
    served = Objects(cluster)
    missing = sorted({kind for kind in map(kind_of, objects) if served.find(kind) is None}, key=lambda kind: kind.name)
    if missing:
        names = ", ".join(f"{kind.name} of {kind.api_version}" for kind in missing)
        istio = any(".istio.io/" in kind.api_version for kind in missing)
        hint = ": is Istio installed? `make up CLUSTER=context INSTALL_ISTIO=1` does it" if istio else ""
        yield f"cluster {cluster.name} serves no {names}{hint}"


def _missing_gateway(cluster: Cluster) -> Iterator[str]:
    if cluster.settings.gateway_url:
        return
    try:
        found = cluster.at(GATEWAY_NAMESPACE).services.find(GATEWAY_SERVICE)
    except Forbidden:  # named among the rights
        return
    if found is None:
        yield (
            f"cluster {cluster.name} has no Service {GATEWAY_SERVICE} in {GATEWAY_NAMESPACE}: install Istio's gateway,"
            " or set GATEWAY_URL"
        )


def _in_words(cluster: Cluster, missing: list[Right]) -> str:
    verbs: dict[tuple[str, str], list[str]] = {}
    for right in missing:
        verbs.setdefault((right.what, right.namespace), []).append(right.verb)
    parts = [
        f"{what} ({', '.join(each)}) in {f'namespace {namespace}' if namespace else 'the whole cluster'}"
        for (what, namespace), each in verbs.items()
    ]
    return f"context {cluster.name} lacks the rights to use {'; '.join(parts)}: ask for them, or set KUBECONTEXT"
