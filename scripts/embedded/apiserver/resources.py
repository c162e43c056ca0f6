"""Which kinds of objects there are: the built-in ones, and those that a CustomResourceDefinition adds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Resource:
    """One kind of object and how it is addressed.

    Attributes:
        group: API group, empty for the core one.
        version: the one version served.
        plural: name in addresses, such as ``deployments``.
        kind: name in objects, such as ``Deployment``.
        namespaced: whether objects live in a namespace.
        short_names: what kubectl also accepts.
        subresources: served subresources, such as ``status`` and ``scale``.
        categories: kubectl's groups of kinds, such as ``all``.
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """Return what stands under ``apiVersion`` in objects of this kind."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def group_resource(self) -> str:
        """Return the name that Kubernetes uses in messages, such as ``deployments.apps``."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def has_status(self) -> bool:
        """Tell whether ``status`` is written through its own subresource only."""
        return "status" in self.subresources


class ResourceRegistry:
    """All kinds that the API server knows, by group and plural and by group and kind."""

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        self._by_plural: dict[tuple[str, str], Resource] = {}
        self._by_kind: dict[tuple[str, str], Resource] = {}
        for resource in resources:
            self.add(resource)

    def add(self, resource: Resource) -> None:
        """Serve a kind from now on; an existing one of the same group and plural is replaced."""
        self._by_plural[resource.group, resource.plural] = resource
        self._by_kind[resource.group, resource.kind] = resource

    def remove(self, group: str, plural: str) -> None:
        """Stop serving a kind; unknown ones are passed over."""
        resource = self._by_plural.pop((group, plural), None)
        if resource:
            self._by_kind.pop((group, resource.kind), None)

    def find(self, group: str, plural: str) -> Resource | None:
        """Return the kind at an address, if it is served."""
        return self._by_plural.get((group, plural))

    def find_kind(self, group: str, kind: str) -> Resource | None:
        """Return the kind of that name, if it is served."""
        return self._by_kind.get((group, kind))

    def __iter__(self) -> Iterator[Resource]:
        return iter(list(self._by_plural.values()))


_STATUS = ("status",)

NAMESPACES = Resource("", "v1", "namespaces", "Namespace", False, ("ns",), _STATUS)
NODES = Resource("", "v1", "nodes", "Node", False, ("no",), _STATUS)
PODS = Resource("", "v1", "pods", "Pod", True, ("po",), ("status", "log"), ("all",))
SERVICES = Resource("", "v1", "services", "Service", True, ("svc",), ("status", "proxy"), ("all",))
CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap", True, ("cm",))
SECRETS = Resource("", "v1", "secrets", "Secret", True)
SERVICE_ACCOUNTS = Resource("", "v1", "serviceaccounts", "ServiceAccount", True, ("sa",))
PERSISTENT_VOLUME_CLAIMS = Resource(
    "", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", True, ("pvc",), _STATUS
)
EVENTS = Resource("", "v1", "events", "Event", True, ("ev",))
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True, ("deploy",), ("status", "scale"), ("all",))
REPLICA_SETS = Resource("apps", "v1", "replicasets", "ReplicaSet", True, ("rs",), ("status", "scale"), ("all",))
JOBS = Resource("batch", "v1", "jobs", "Job", True, (), _STATUS, ("all",))
ENDPOINT_SLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
HORIZONTAL_POD_AUTOSCALERS = Resource(
    "autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True, ("hpa",), _STATUS, ("all",)
)
POD_DISRUPTION_BUDGETS = Resource(
    "policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", True, ("pdb",), _STATUS
)
NETWORK_POLICIES = Resource("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", True, ("netpol",))
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease")
CUSTOM_RESOURCE_DEFINITIONS = Resource(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    False,
    ("crd", "crds"),
    _STATUS,
)

BUILT_IN = (
    NAMESPACES,
    NODES,
    PODS,
    SERVICES,
    CONFIG_MAPS,
    SECRETS,
    SERVICE_ACCOUNTS,
    PERSISTENT_VOLUME_CLAIMS,
    EVENTS,
    DEPLOYMENTS,
    REPLICA_SETS,
    JOBS,
    ENDPOINT_SLICES,
    HORIZONTAL_POD_AUTOSCALERS,
    POD_DISRUPTION_BUDGETS,
    NETWORK_POLICIES,
    LEASES,
    CUSTOM_RESOURCE_DEFINITIONS,
)

# Istio's kinds are registered at start as if istioctl had installed their CustomResourceDefinitions.
GATEWAYS = Resource("networking.istio.io", "v1", "gateways", "Gateway", True, ("gw",), _STATUS)
VIRTUAL_SERVICES = Resource("networking.istio.io", "v1", "virtualservices", "VirtualService", True, ("vs",), _STATUS)
DESTINATION_RULES = Resource("networking.istio.io", "v1", "destinationrules", "DestinationRule", True, ("dr",), _STATUS)
ENVOY_FILTERS = Resource("networking.istio.io", "v1alpha3", "envoyfilters", "EnvoyFilter", True, (), _STATUS)
PEER_AUTHENTICATIONS = Resource(
    "security.istio.io", "v1", "peerauthentications", "PeerAuthentication", True, ("pa",), _STATUS
)
AUTHORIZATION_POLICIES = Resource(
    "security.istio.io", "v1", "authorizationpolicies", "AuthorizationPolicy", True, ("ap",), _STATUS
)
REQUEST_AUTHENTICATIONS = Resource(
    "security.istio.io", "v1", "requestauthentications", "RequestAuthentication", True, ("ra",), _STATUS
)
TELEMETRIES = Resource("telemetry.istio.io", "v1", "telemetries", "Telemetry", True, ("telemetry",), _STATUS)

ISTIO = (
    GATEWAYS,
    VIRTUAL_SERVICES,
    DESTINATION_RULES,
    ENVOY_FILTERS,
    PEER_AUTHENTICATIONS,
    AUTHORIZATION_POLICIES,
    REQUEST_AUTHENTICATIONS,
    TELEMETRIES,
)
