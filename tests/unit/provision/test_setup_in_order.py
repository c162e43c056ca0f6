"""The order of set-up: what is needed is there before it is needed, and what was checked comes before what changes."""

import io
import multiprocessing
from pathlib import Path

import pytest
from rich.console import Console
from tests.unit.manifests.fake_cluster import FakeTransport, connect

from provision import setup
from provision.errors import ProvisionError
from provision.setup import Wishes
from provision.steps import Steps


@pytest.fixture
def told():
    return io.StringIO()


@pytest.fixture
def steps(told):
    return Steps(Console(file=told, highlight=False, soft_wrap=True))


@pytest.fixture
def done(monkeypatch, tmp_path):
    """What was done, in order; nothing of it really is."""
    calls = []

    def note(name, result=None):
        def call(*arguments, **options):
            calls.append((name, *(value for value in [*arguments, *options.values()] if isinstance(value, str | int))))
            return result

        return call

    class Kind:
        kubeconfig = tmp_path / ".kind" / "kubeconfig"
        ensure = staticmethod(note("kind", "created"))
        await_node = staticmethod(note("node"))
        delete = staticmethod(note("delete", True))

    cluster = connect(FakeTransport())
    monkeypatch.setattr(setup, "STATE", tmp_path / "state")
    monkeypatch.setattr(setup, "check_machine", note("check"))
    monkeypatch.setattr(setup.kind, "Kind", Kind)
    monkeypatch.setattr(setup.kind, "rendered", lambda *_arguments: None)
    monkeypatch.setattr(setup.kind, "connect", lambda _kubeconfig: cluster)
    monkeypatch.setattr(setup.Cluster, "connect", lambda *_arguments: cluster)
    for module, name in ((setup.images, "build"), (setup.images, "load"), (setup.images, "push")):
        monkeypatch.setattr(module, name, note(name, "unchanged"))
    monkeypatch.setattr(setup.metrics_server, "install", note("metrics"))
    monkeypatch.setattr(setup.istio, "install", note("istio"))
    monkeypatch.setattr(setup.staging, "put", note("put"))
    monkeypatch.setattr(setup.report, "await_gateway", note("gateway"))
    return calls


def names(done):
    return [call[0] for call in done]


def test_on_kind_everything_comes_before_what_needs_it(done, steps, told):
    setup.up_kind("kind", Wishes.read({"GATEWAY_PORT": "8081"}), steps)
    assert names(done) == ["check", "kind", "node", "build", "load", "metrics", "istio", "put", "gateway"]
    assert ("istio", 8081) in done
    assert ("put", "kind", True, "") in done
    assert "The shop answers." in told.getvalue()
    assert "kubeconfig" in told.getvalue()


def test_with_a_registry_images_are_pushed_and_not_loaded(done, steps):
    setup.up_kind("kind", Wishes.read({"IMAGE_REGISTRY": "registry.example.com/team"}), steps)
    assert ("build", "registry.example.com/team") in done
    assert ("push", "registry.example.com/team") in done
    assert "load" not in names(done)


def test_on_a_cluster_that_is_there_nothing_is_installed(done, steps):
    setup.up_context("kind", None, "team", Wishes.read({"OBSERVABILITY": "elk"}), steps)
    assert done == [("put", "kind", False, "elk"), ("gateway", "http://gateway")]


def test_on_request_istio_is_installed_there_too(done, steps, monkeypatch):
    monkeypatch.setattr(setup.tools, "problems", lambda _names: [])
    setup.up_context("kind", None, "team", Wishes.read({"INSTALL_ISTIO": "1"}), steps)
    assert done == [("istio",), ("put", "kind", True, ""), ("gateway", "http://gateway")]


def test_nothing_changed_is_said(done, steps, told):
    setup.up_context("kind", None, "team", Wishes.read({}), steps)
    assert "nothing had to be changed" in told.getvalue()


def test_down_needs_a_daemon_that_answers_and_no_more(done, steps, told, monkeypatch):
    monkeypatch.setattr(setup.tools, "problems", lambda _names: [])
    monkeypatch.setattr(setup.docker, "silence", lambda: "the Docker daemon does not answer")
    with pytest.raises(ProvisionError, match="does not answer"):
        setup.down_kind(steps)
    assert done == []
    monkeypatch.setattr(setup.docker, "silence", lambda: None)
    setup.down_kind(steps)
    assert names(done) == ["delete"]
    assert "deleted" in told.getvalue()


def _hold(folder: Path, held, let_go) -> None:
    with setup._alone(folder, Steps(Console(file=io.StringIO()))):
        held.set()
        let_go.wait(20)


def test_two_at_once_wait_for_each_other(tmp_path, steps, told):
    context = multiprocessing.get_context("spawn")
    held, let_go = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path, held, let_go))
    other.start()
    assert held.wait(20)
    steps.say = lambda message: (told.write(message), let_go.set())
    with setup._alone(tmp_path, steps):
        assert "waiting for another set-up" in told.getvalue()
    other.join(20)
