"""The checkout's cluster of kind: made once, made anew if that was interrupted, and nobody else's is touched."""

import threading

import pytest
import yaml
from tests.unit.cluster.fake_api import fake_api

from cluster.client import Cluster
from cluster.errors import Unreachable, Unready
from cluster.settings import KIND_CONTEXT, REPOSITORY
from provision import images
from provision import kind as kinds
from provision.errors import ProvisionError
from provision.kind import NAME, NODE, Kind, rendered
from provision.programs import FailedError
from provision.versions import load

CONFIG = rendered("kindest/node:v1", 8080)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / ".kind"


@pytest.fixture
def kind(fakes, folder):
    fakes.add_all()
    return Kind(folder)


@pytest.fixture
def made(kind, fakes):
    """A cluster that was made before."""
    kind.ensure(CONFIG)
    exists(fakes)
    kind.kubeconfig.touch()  # the real one writes it
    fakes.forget()
    return kind


def exists(fakes, running="true"):
    fakes.add("kind", ("get clusters", 0, f"{NAME}\n"))
    fakes.add("docker", ("inspect", 0, f"{running}\n"))


def test_it_is_made_with_a_kubeconfig_of_its_own(kind, fakes, folder):
    assert kind.ensure(CONFIG) == "created"
    [call] = [call for call in fakes.calls("kind") if "create" in call]
    assert call == f"kind create cluster --name {NAME} --config - --kubeconfig {folder / 'kubeconfig'}"
    assert fakes.stdin("kind create") == CONFIG


def test_the_second_time_nothing_happens(made, fakes):
    assert made.ensure(CONFIG) == "unchanged"
    assert not [call for call in fakes.calls() if "create" in call or "delete" in call or "start" in call]


def test_a_creation_that_failed_is_begun_anew(kind, fakes):
    fakes.add("kind", ("create", 1, "ERROR: failed to pull the image"))
    with pytest.raises(FailedError, match="failed to pull the image"):
        kind.ensure(CONFIG)
    exists(fakes)
    fakes.add("kind", ("create", 0, ""))
    fakes.forget()
    assert kind.ensure(CONFIG) == "made anew, for the last time was interrupted"
    assert [call.split()[1] for call in fakes.calls("kind")] == ["get", "delete", "create"]


def test_a_cluster_of_another_checkout_is_left_alone(kind, fakes):
    exists(fakes)
    with pytest.raises(ProvisionError, match="not made from this checkout"):
        kind.ensure(CONFIG)
    with pytest.raises(ProvisionError, match="not made from this checkout"):
        kind.delete()
    assert not [call for call in fakes.calls() if "delete" in call]


def test_what_cannot_be_changed_is_told(made):
    with pytest.raises(ProvisionError, match=r"other ports or another node image.*make down CLUSTER=kind"):
        made.ensure(rendered("kindest/node:v2", 8080))


def test_a_node_that_was_stopped_is_started(made, fakes):
    exists(fakes, running="false")
    assert made.ensure(CONFIG) == "started again"
    assert f"docker start {NODE}" in fakes.calls()


def test_deleting_leaves_nothing(made, fakes, folder):
    assert made.delete() is True
    assert not folder.exists()
    assert f"kind delete cluster --name {NAME} --kubeconfig {folder / 'kubeconfig'}" in fakes.calls()


def test_deleting_a_half_made_cluster_leaves_nothing(kind, fakes, folder):
    fakes.add("kind", ("create", 1, "ERROR"))
    with pytest.raises(FailedError):
        kind.ensure(CONFIG)
    exists(fakes)
    assert kind.delete() is True
    assert not folder.exists()


def test_deleting_what_is_not_there_says_so(kind):
    assert kind.delete() is False


def test_the_configuration_leads_a_port_of_this_machine_to_the_gateway():
    [node] = yaml.safe_load(rendered(load().node, 8081))["nodes"]
    [mapping] = node["extraPortMappings"]
    [port] = yaml.safe_load((REPOSITORY / "istio/install/gateway-kind.yaml").read_text())["service"]["ports"]
    assert node["image"] == load().node
    assert (mapping["hostPort"], mapping["listenAddress"]) == (8081, "127.0.0.1")
    assert mapping["containerPort"] == port["nodePort"]


# Images

REGISTRY = "registry.example.com/team"
TAGS, FULL = images.references(), images.references(REGISTRY)


@pytest.fixture
def built(fakes):
    fakes.add_all()
    fakes.add("docker", *((f"image inspect --format {{{{.Id}}}} {tag}", 0, f"sha256:{tag}\n") for tag in TAGS))
    on_node(fakes)
    return fakes


def on_node(fakes, *tags):
    listed = ", ".join(f'{{"repoTags": ["registry.example.com/library/{tag}"]}}' for tag in tags)
    fakes.add("docker", (f"exec {NODE} crictl images", 0, f'{{"images": [{listed}]}}'))


def test_every_image_of_the_catalogue_is_loaded_once(built, folder):
    folder.mkdir()
    record = folder / "images.json"
    assert images.load(record) == f"{len(TAGS)} loaded"
    assert f"kind load docker-image --name {NAME} {' '.join(TAGS)}" in built.calls()
    on_node(built, *TAGS)
    built.forget()
    assert images.load(record) == "unchanged"
    assert built.calls("kind") == []


def test_an_image_that_was_built_anew_or_that_the_node_threw_away_is_loaded_again(built, folder):
    folder.mkdir()
    images.load(folder / "images.json")
    on_node(built, *TAGS[1:])
    built.add("docker", (f"image inspect --format {{{{.Id}}}} {TAGS[-1]}", 0, "sha256:new\n"))
    assert images.load(folder / "images.json") == "2 loaded"
    assert f"kind load docker-image --name {NAME} {TAGS[0]} {TAGS[-1]}" in built.calls()


@pytest.fixture
def commands(monkeypatch):
    """What `python -m images` was asked for, which is tested elsewhere."""
    asked = []
    monkeypatch.setattr(images, "_images", lambda *command: asked.append(command))
    return asked


def test_with_a_registry_they_are_pushed(built, folder, commands):
    built.add("docker", *((f"image inspect --format {{{{.Id}}}} {tag}", 0, "sha256:a\n") for tag in FULL))
    record = folder / "pushed.json"
    assert images.push(REGISTRY, record) == f"{len(TAGS)} pushed"
    assert images.push(REGISTRY, record) == "unchanged"
    assert commands == [("push", REGISTRY)] * 2  # a registry may have lost what it had


def test_what_building_changed_is_told(built, commands, monkeypatch):
    assert images.build() == "unchanged"
    ids = iter([{}, dict.fromkeys(TAGS, "sha256:a")])
    monkeypatch.setattr(images, "image_ids", lambda _tags: next(ids))
    assert images.build() == f"{len(TAGS)} built"


def test_an_image_that_was_not_built_is_named(fakes, commands):
    fakes.add_all()
    fakes.add("docker", ("image inspect", 1, "Error: No such image"))
    with pytest.raises(ProvisionError, match=f"left out {REGISTRY}/user:v1"):
        images.build(REGISTRY)
    assert commands == [("build", REGISTRY)]


# Its node


@pytest.fixture
def api():
    with fake_api() as fake:
        yield fake


def node(ready, message=""):
    return {"status": {"conditions": [{"type": "Ready", "status": ready, "message": message}]}}


def test_pods_are_put_on_a_node_that_takes_them(kind, api, tmp_path):
    with Cluster.connect(api.kubeconfig(tmp_path)) as cluster:
        api.put("/api/v1/nodes/a", node("False"))
        turn = threading.Timer(0.2, api.put, ("/api/v1/nodes/a", node("True")))
        turn.start()
        kind.await_node(cluster)
        turn.join()


@pytest.mark.parametrize(
    ("found", "why"), [(node("False", "no network plugin"), "no network plugin"), ({}, "not said")]
)
def test_a_node_that_does_not_take_pods_says_why(kind, api, tmp_path, monkeypatch, found, why):
    monkeypatch.setattr(kinds, "NODE_DEADLINE", 0.1)
    api.put("/api/v1/nodes/a", found)
    with Cluster.connect(api.kubeconfig(tmp_path)) as cluster, pytest.raises(Unready, match=f"is not ready: .*{why}"):
        kind.await_node(cluster)


def test_an_api_server_that_was_just_started_may_take_a_moment(api, tmp_path, monkeypatch):
    monkeypatch.setattr(kinds.time, "sleep", lambda _seconds: None)
    kubeconfig = api.kubeconfig(tmp_path, KIND_CONTEXT)
    refusals = iter([True, True, False])
    monkeypatch.setattr(kinds.Cluster, "connect", staticmethod(_late(refusals, Cluster.connect)))
    with kinds.connect(kubeconfig) as cluster:
        assert cluster.name == KIND_CONTEXT


def _late(refusals, connect):
    def later(*arguments):
        if next(refusals):
            raise Unreachable("not yet")
        return connect(*arguments)

    return later
