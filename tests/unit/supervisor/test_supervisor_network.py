"""Addresses: unique to a cluster, the same at every start."""

import socket
import sys

import pytest

from embedded.network import LoopbackPerPod, PodAddress, SharedLoopback, in_use, open_network
from embedded.state import ClusterError, State

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has the whole of 127.0.0.0/8")


@pytest.fixture
def state(tmp_path):
    state = State(tmp_path / "state")
    state.prepare()
    return state


@linux_only
def test_a_taken_block_is_skipped_and_the_own_one_remembered(state, monkeypatch):
    monkeypatch.setattr("embedded.network._blocks", lambda _state: iter((61, 62)))
    with socket.create_server(("127.61.0.1", 6443)):
        network, listener = open_network(state)
    with listener:
        assert isinstance(network, LoopbackPerPod)
        assert network.block == 62
    network, listener = open_network(state)
    with listener:
        assert network.block == 62


@linux_only
def test_a_remembered_block_in_use_is_refused(state):
    _network, listener = open_network(state)
    with listener, pytest.raises(ClusterError, match="is in use by another program"):
        open_network(state)


@linux_only
def test_parts_keep_their_addresses_and_pods_take_turns(state):
    network = LoopbackPerPod(60, state)
    assert network.component("gateway", 8080) == ("127.60.0.2", 8080)
    assert network.component("stats", 15090) == ("127.60.0.3", 15090)
    assert LoopbackPerPod(60, state).component("stats", 15090) == ("127.60.0.3", 15090)
    first = network.pod([8080], [])
    assert network.pod([8080], []).ip != first.ip
    assert first.real(8080) == 8080
    everything = [PodAddress(ip) for ip in network.pod_addresses()]
    with pytest.raises(ClusterError, match="pod addresses are in use"):
        network.pod([8080], everything)
    assert network.pod([], everything[1:]).ip == everything[0].ip


def test_shared_ports_are_free_and_remembered(state):
    network = SharedLoopback(state)
    host, port = network.component("gateway", 8080)
    assert host == "127.0.0.1"
    assert SharedLoopback(state).component("gateway", 8080) == (host, port)
    with socket.create_server((host, port)):
        assert SharedLoopback(state).component("gateway", 8080)[1] != port
    pod = network.pod([8080, 9090], [])
    assert len({pod.real(8080), pod.real(9090)}) == 2
    assert not in_use(host, pod.real(8080))


def test_a_program_that_listens_on_every_address_counts_as_taken():
    with socket.create_server(("", 0)) as everywhere:
        assert in_use("127.0.0.1", everywhere.getsockname()[1])


def test_the_kind_of_network_cannot_change(state, monkeypatch):
    monkeypatch.setenv("EMBEDDED_NETWORK", "shared")
    _network, listener = open_network(state)
    listener.close()
    monkeypatch.setenv("EMBEDDED_NETWORK", "per-pod")
    with pytest.raises(ClusterError, match="EMBEDDED_NETWORK=shared"):
        open_network(state)
    monkeypatch.setenv("EMBEDDED_NETWORK", "bridge")
    with pytest.raises(ClusterError, match="per-pod or shared"):
        open_network(state)
