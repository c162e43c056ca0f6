"""What Kubernetes has built in and this cluster has not: it is refused with 501 and its name, never with silence."""

from __future__ import annotations

# API group -> plurals; the core group has no name.
KINDS: dict[str, tuple[str, ...]] = {
    "": (
        "componentstatuses",
        "endpoints",
        "limitranges",
        "podtemplates",
        "replicationcontrollers",
        "resourcequotas",
    ),
    "admissionregistration.k8s.io": (
        "mutatingadmissionpolicies",
        "mutatingadmissionpolicybindings",
        "mutatingwebhookconfigurations",
        "validatingadmissionpolicies",
        "validatingadmissionpolicybindings",
        "validatingwebhookconfigurations",
    ),
    "apiregistration.k8s.io": ("apiservices",),
    "apps": ("controllerrevisions", "daemonsets", "statefulsets"),
    "authentication.k8s.io": ("tokenreviews",),
    "authorization.k8s.io": ("localsubjectaccessreviews", "subjectaccessreviews"),
    "batch": ("cronjobs",),
    "certificates.k8s.io": ("certificatesigningrequests",),
    "events.k8s.io": ("events",),
    "flowcontrol.apiserver.k8s.io": ("flowschemas", "prioritylevelconfigurations"),
    "metrics.k8s.io": ("nodes", "pods"),
    "networking.k8s.io": ("ingressclasses", "ingresses", "ipaddresses", "servicecidrs"),
    "node.k8s.io": ("runtimeclasses",),
    "rbac.authorization.k8s.io": ("clusterrolebindings", "clusterroles", "rolebindings", "roles"),
    "resource.k8s.io": ("deviceclasses", "resourceclaims", "resourceclaimtemplates", "resourceslices"),
    "scheduling.k8s.io": ("priorityclasses",),
    "storage.k8s.io": (
        "csidrivers",
        "csinodes",
        "csistoragecapacities",
        "storageclasses",
        "volumeattachments",
        "volumeattributesclasses",
    ),
}
# kubectl lists these when it describes a namespace; that there are none is the truth, so lists are answered.
EMPTY = {("", "limitranges"): "LimitRange", ("", "resourcequotas"): "ResourceQuota"}
# Plural -> subresources.
SUBRESOURCES: dict[str, tuple[str, ...]] = {
    "pods": ("attach", "ephemeralcontainers", "exec", "portforward", "resize"),
    "serviceaccounts": ("token",),
    "nodes": ("proxy",),
}


def kind_gap(group: str, plural: str) -> str | None:
    """Return the name of a built-in kind that this cluster does not have; None for unknown kinds."""
    if plural not in KINDS.get(group, ()):
        return None
    return f"{plural}.{group}" if group else plural


def subresource_gap(plural: str, subresource: str) -> str | None:
    """Return the name of a subresource that this cluster does not have; None for unknown ones."""
    return f"{plural}/{subresource}" if subresource in SUBRESOURCES.get(plural, ()) else None
