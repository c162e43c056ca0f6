"""Makes the parts of a cluster and connects them; the only place that knows them all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from embedded import system
from embedded.apiserver.addresses import AddressPool, OneAddress, ServiceAddresses
from embedded.apiserver.admission import open_store
from embedded.apiserver.resources import BUILT_IN, ISTIO, ResourceRegistry
from embedded.apiserver.store import Store
from embedded.certificates import credentials
from embedded.controllers import all_controllers
from embedded.events import EventRecorder
from embedded.kubelet.account import ApiAccess
from embedded.kubelet.actions import Actions
from embedded.kubelet.images import Catalogue
from embedded.kubelet.kubelet import Kubelet
from embedded.kubelet.logs import Logs
from embedded.kubelet.runtime import Runtime
from embedded.kubelet.scheduler import Scheduler
from embedded.mesh.addresses import Address, MeshAddresses
from embedded.mesh.mesh import Mesh
from embedded.network import LoopbackPerPod, Network, in_use, taken
from embedded.observatory.process import ObservatoryProcess
from embedded.parts import Part
from embedded.processes import ProcessTable
from embedded.prometheus import Prometheus
from embedded.state import ClusterError, State

# Istio's own numbers, and a port for the gateway that one need not be root for.
_GATEWAY_PORT, _ADMIN_PORT, _STATS_PORT, _OUTBOUND_PORT = 8080, 15000, 15090, 15001
_OBSERVATORY_PORT = 8090


@dataclass
class Cluster:
    """All parts of one cluster.

    Attributes:
        store: the storage.
        registry: the kinds of objects.
        network: the addresses.
        kubelet: runs the pods.
        mesh: configures Envoy.
        prometheus: configures Prometheus.
        logs: the containers' logs.
        api: where the API server answers.
        gateway: where the gateway answers.
        prometheus_address: where Prometheus answers.
        observatory: keeps traces, logs and annotations.
        observatory_address: where it answers.
    """

    store: Store
    registry: ResourceRegistry
    network: Network
    kubelet: Kubelet
    mesh: Mesh
    prometheus: Prometheus
    logs: Logs
    api: Address
    gateway: Address
    prometheus_address: Address
    observatory: ObservatoryProcess
    observatory_address: Address

    def parts(self) -> Iterator[tuple[str, Part]]:
        """Yield what has to run, by name."""
        yield "mesh", self.mesh
        yield "prometheus-targets", self.prometheus
        for controller in all_controllers(self.store, self.kubelet, self.registry):
            yield controller.name, controller
        yield "scheduler", Scheduler(self.store)
        yield "kubelet", self.kubelet

    def prepare(self) -> None:
        """Bring what an earlier run left in the store up to date, before anybody acts on it.

        Raises:
            ClusterError: Envoy or Prometheus is missing; says how to get it.
        """
        self.kubelet.reset()
        system.publish(self.store, self.gateway, self.prometheus_address, self.observatory_address)
        try:
            self.mesh.prepare()
            self.prometheus.prepare()
            self.mesh.envoy_command()
            self.prometheus.prometheus_command()
        except OSError as error:
            raise ClusterError(str(error)) from error


def assemble(state: State, network: Network, api: Address, processes: ProcessTable, images: Path) -> Cluster:
    """Make the parts of the cluster; nothing runs yet.

    Args:
        state: where everything is kept.
        network: the addresses.
        api: where the API server listens.
        processes: starts the pods.
        images: the image catalogue.

    Raises:
        ClusterError: another program has an address that the cluster needs.
    """
    registry = ResourceRegistry([*BUILT_IN, *ISTIO])
    store = open_store(state.database, registry, _service_addresses(network))
    gateway = _component(network, "gateway", _GATEWAY_PORT)
    stats = _component(network, "envoy-stats", _STATS_PORT)
    prometheus_address = _component(network, "prometheus", system.PROMETHEUS_PORT)
    observatory = _component(network, "observatory", _OBSERVATORY_PORT)
    mesh_addresses = MeshAddresses(
        gateway=gateway,
        admin=_component(network, "envoy-admin", _ADMIN_PORT),
        stats=stats,
        outbound=partial(_outbound, network),
        cluster_ips=not network.shared,
        traces=observatory,
    )
    mesh = Mesh(store, mesh_addresses, state.folder / "envoy")
    runtime = _runtime(state, store, network, api, processes, mesh, Catalogue(images))
    runtime.outside |= {
        system.COLLECTOR: str(observatory),
        system.GATEWAY_ADDRESS: str(gateway),
        system.PROMETHEUS_ADDRESS: str(prometheus_address),
    }
    return Cluster(
        store=store,
        registry=registry,
        network=network,
        kubelet=Kubelet(runtime),
        mesh=mesh,
        prometheus=Prometheus(store, state.folder / "prometheus", prometheus_address, stats),
        logs=runtime.logs,
        api=api,
        gateway=gateway,
        prometheus_address=prometheus_address,
        observatory=ObservatoryProcess(state, observatory, prometheus_address, state.folder / "envoy" / "access.log"),
        observatory_address=observatory,
    )


def _runtime(
    state: State,
    store: Store,
    network: Network,
    api: Address,
    processes: ProcessTable,
    mesh: Mesh,
    catalogue: Catalogue,
) -> Runtime:
    scratch = state.folder / "scratch"
    scratch.mkdir(exist_ok=True)
    keys = credentials(state.tls, api.host)
    return Runtime(
        store=store,
        events=EventRecorder(store, "kubelet"),
        catalogue=catalogue,
        processes=processes,
        network=network,
        actions=Actions(processes, scratch),
        logs=Logs(state.logs),
        pods=state.pods,
        claims=state.volumes,
        node_ip=api.host,
        proxy=mesh.outbound_proxy,
        drained=mesh.drained,
        access=ApiAccess(api.host, api.port, keys.ca.read_bytes(), keys.token),
    )


def _service_addresses(network: Network) -> ServiceAddresses:
    return AddressPool(network.services) if isinstance(network, LoopbackPerPod) else OneAddress()


def _component(network: Network, name: str, port: int) -> Address:
    address = Address(*network.component(name, port))
    if in_use(*address):
        raise taken(*address)
    return address


def _outbound(network: Network, namespace: str) -> Address:
    return Address(*network.component(f"outbound/{namespace}", _OUTBOUND_PORT))
