"""What is missing is named in one line, with the way to get it."""

import socket

import pytest

from embedded.assembly import assemble
from embedded.mesh.addresses import Address
from embedded.network import open_network
from embedded.processes import ProcessTable
from embedded.state import ClusterError, State


@pytest.fixture
def state(tmp_path):
    state = State(tmp_path / "state")
    state.prepare()
    return state


@pytest.fixture
def make(state, images):
    network, listener = open_network(state)
    opened = []

    def make():
        api = Address(*listener.getsockname())
        opened.append(assemble(state, network, api, ProcessTable(state.processes, "test"), images))
        return opened[-1]

    make.network = network
    yield make
    listener.close()
    for cluster in opened:
        cluster.store.close()


@pytest.mark.parametrize(
    ("name", "how"),
    [("prometheus.prometheus_binary", "run `make setup`"), ("mesh.mesh.envoy_binary", "brew install envoy")],
)
def test_a_missing_program_is_named_with_the_way_to_get_it(make, monkeypatch, name, how):
    def missing():
        raise FileNotFoundError(f"it is nowhere: {how}")

    monkeypatch.setattr(f"embedded.{name}", missing)
    with pytest.raises(ClusterError, match=how):
        make().prepare()


def test_an_address_of_the_gateway_in_use_is_named(make):
    if make.network.shared:
        pytest.skip("with shared addresses another port is chosen")
    with (
        socket.create_server(make.network.component("gateway", 8080)),
        pytest.raises(ClusterError, match="8080 is in use"),
    ):
        make()


def test_a_state_folder_that_cannot_be_had_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ClusterError, match="choose another with --state"):
        State(tmp_path / "file" / "state").prepare()


def test_damaged_settings_are_named(state):
    (state.folder / "settings.json").write_text("{")
    with pytest.raises(ClusterError, match="python -m embedded reset"):
        state.remembered("block")
