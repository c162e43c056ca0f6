"""Objects name one another: when one got another name in the build, those that mean it follow."""

from __future__ import annotations

from cluster.kustomize.documents import ManifestError, Object
from cluster.kustomize.fields import visit
from cluster.kustomize.resources import CLUSTER_WIDE, Item, Items

_POD_SPECS = {
    "CronJob": "spec/jobTemplate/spec/template/spec/",
    "Pod": "spec/",
    **dict.fromkeys(
        ("DaemonSet", "Deployment", "Job", "ReplicaSet", "ReplicationController", "StatefulSet"), "spec/template/spec/"
    ),
}
_CONTAINERS = ("containers[]", "initContainers[]")
# Which fields of a pod's spec name objects of which kind.
_IN_PODS = {
    "ConfigMap": [
        "volumes[]/configMap/name",
        "volumes[]/projected/sources[]/configMap/name",
        *(f"{each}/env[]/valueFrom/configMapKeyRef/name" for each in _CONTAINERS),
        *(f"{each}/envFrom[]/configMapRef/name" for each in _CONTAINERS),
    ],
    "Secret": [
        "volumes[]/secret/secretName",
        "volumes[]/projected/sources[]/secret/name",
        "imagePullSecrets[]/name",
        *(f"{each}/env[]/valueFrom/secretKeyRef/name" for each in _CONTAINERS),
        *(f"{each}/envFrom[]/secretRef/name" for each in _CONTAINERS),
    ],
    "ServiceAccount": ["serviceAccountName"],
    "PersistentVolumeClaim": ["volumes[]/persistentVolumeClaim/claimName"],
    "PriorityClass": ["priorityClassName"],
}
# (kind that names, field) -> kind that is named; None: the field `kind` beside it says so.
_ELSEWHERE: dict[tuple[str, str], str | None] = {
    ("HorizontalPodAutoscaler", "spec/scaleTargetRef/name"): None,
    ("RoleBinding", "roleRef/name"): None,
    ("ClusterRoleBinding", "roleRef/name"): None,
    ("ServiceAccount", "secrets[]/name"): "Secret",
    ("ServiceAccount", "imagePullSecrets[]/name"): "Secret",
    ("StatefulSet", "spec/serviceName"): "Service",
    ("Ingress", "spec/defaultBackend/service/name"): "Service",
    ("Ingress", "spec/rules[]/http/paths[]/backend/service/name"): "Service",
    ("Ingress", "spec/tls[]/secretName"): "Secret",
}


def fix_references(items: Items) -> None:
    """Let every field that names an object of the build name it as it is called now.

    Raises:
        ManifestError: a field could mean several objects.
    """
    for item in items:
        for path, kind in _fields(item.kind):
            visit(item.body, path, lambda parent, key, item=item, kind=kind: _fix(items, item, parent, key, kind))  # type: ignore[misc]
        if item.kind in ("RoleBinding", "ClusterRoleBinding"):
            for subject in item.body.get("subjects") or []:
                _fix_subject(items, item, subject)


def _fields(kind: str) -> list[tuple[str, str | None]]:
    pod = _POD_SPECS.get(kind)
    in_pods = [(pod + path, named) for named, paths in _IN_PODS.items() for path in paths] if pod else []
    return [*in_pods, *((path, named) for (owner, path), named in _ELSEWHERE.items() if owner == kind)]


def _fix(items: Items, item: Item, parent: Object, key: str, kind: str | None) -> None:
    named = _named(items, item, kind or parent.get("kind", ""), parent[key])
    if named is not None:
        parent[key] = named.name


def _fix_subject(items: Items, item: Item, subject: Object) -> None:
    """Let a binding follow a ServiceAccount, whose namespace it names as well."""
    if subject.get("kind") != "ServiceAccount":
        return
    wanted = (subject.get("namespace") or "", subject["name"])
    accounts = [each for each in items if each.kind == "ServiceAccount"]
    found = [each for each in accounts if wanted in [(had.namespace, had.name) for had in each.ids]]
    account = _one(found, item, f"ServiceAccount {subject['name']}")
    if account is not None:
        subject["name"] = account.name
        if account.id.namespace:
            subject["namespace"] = account.id.namespace


def _named(items: Items, item: Item, kind: str, name: str) -> Item | None:
    """Return the object that is, or was, of that kind and name, in the namespace of the one that names it."""
    found = [
        each
        for each in items
        if each.kind == kind
        and name in [had.name for had in each.ids]
        and (kind in CLUSTER_WIDE or item.kind in CLUSTER_WIDE or each.id.namespace == item.id.namespace)
    ]
    return _one(found, item, f"{kind} {name}")


def _one(found: list[Item], item: Item, what: str) -> Item | None:
    """Return what is meant: of several the one whose name went the same way, as bases with prefixes have it."""
    if len(found) > 1:
        found = [each for each in found if _affixes(each) == _affixes(item)]
    if len(found) > 1:
        raise ManifestError(f"{item.kind} {item.name}: {what} could mean several objects")
    return found[0] if found else None


def _affixes(item: Item) -> tuple[str, str]:
    """Return what was put before and after an object's first name, a content hash left aside."""
    names = [each.name for each in item.ids]
    last = names[-2] if item.hashed and len(names) > 1 else names[-1]
    before, _, after = last.partition(names[0])
    return before, after
