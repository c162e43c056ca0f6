"""What makes an overlay that overlay: the strategies' shapes, and how kind and production differ."""

import re

import pytest
from tests.manifests.rendered import (
    CLUSTER_OVERLAYS,
    OVERLAYS,
    SERVICES,
    named,
    of_kind,
    overlay,
    pod_of,
    render,
)
from tests.manifests.rendered import with_optional_components as with_mirror

from pipeline.references import parse
from user.config import Settings


@pytest.mark.parametrize("cluster", ["embedded", "kind"])
def test_the_stages_differ_as_the_strategies_do(cluster):
    canary, blue_green = overlay(cluster), overlay(f"{cluster}-blue-green")
    assert {each["metadata"]["name"] for each in of_kind(canary, "Deployment")} == set(SERVICES)
    assert {each["metadata"]["name"] for each in of_kind(blue_green, "Deployment")} == {*SERVICES, "order-blue"} - {
        "order"
    }
    assert named(canary, "Service", "order")["spec"]["selector"] == {"app": "order"}
    assert named(blue_green, "Service", "order")["spec"]["selector"] == {"app": "order", "version": "v1"}
    assert named(blue_green, "Service", "order-preview")["spec"]["selector"] == {"app": "order", "version": "v2"}


@pytest.mark.parametrize("kind", ["Deployment", "NetworkPolicy", "PodDisruptionBudget", "AuthorizationPolicy"])
def test_production_is_what_kind_rehearses(kind):
    rehearsed, real = {}, {}
    for objects, found in ((overlay("kind"), rehearsed), (overlay("production"), real)):
        for body in of_kind(objects, kind):
            spec = {key: value for key, value in body["spec"].items() if key != "replicas"}
            found[body["metadata"]["name"]] = without_requests_for_cpu(without_what_was_promoted(spec))
    own = {"postgres", "allow-postgres", "database"}
    assert {name: rehearsed[name] for name in rehearsed.keys() - own} == {n: real[n] for n in real.keys() - own}


def without_requests_for_cpu(spec):
    """A laptop has fewer cores than what is rehearsed on it asks for."""
    for container in spec.get("template", {}).get("spec", {}).get("containers", []):
        del container["resources"]["requests"]["cpu"]
    return spec


def without_what_was_promoted(value):
    """Which image and version of a service production runs is not what kind rehearses next."""
    if isinstance(value, dict):
        kept = {key: without_what_was_promoted(each) for key, each in value.items() if key != "version"}
        return kept | ({"image": parse(value["image"]).name} if "image" in value else {})
    return [without_what_was_promoted(each) for each in value] if isinstance(value, list) else value


def test_production_takes_its_images_from_a_registry_and_its_database_from_elsewhere():
    objects = overlay("production")
    images = {parse(pod_of(each)["containers"][0]["image"]) for each in of_kind(objects, "Deployment", "Job")}
    assert {image.name for image in images} == set(SERVICES)
    assert all("/" in image.repository and image.digest for image in images)
    assert of_kind(objects, "StatefulSet") == []
    [egress] = named(objects, "NetworkPolicy", "database")["spec"]["egress"]
    assert egress["to"] == [{"ipBlock": {"cidr": "192.0.2.0/24"}}]


def test_production_is_reached_over_tls():
    https, http = named(overlay("production"), "Gateway", "shop")["spec"]["servers"]
    assert (https["port"]["protocol"], https["tls"]["mode"]) == ("HTTPS", "SIMPLE")
    assert http["tls"] == {"httpsRedirect": True}
    assert https["hosts"] == http["hosts"] != ["*"]


@pytest.mark.parametrize("folder", OVERLAYS, ids=lambda folder: folder.name)
@pytest.mark.parametrize("service", SERVICES)
def test_a_header_opens_the_canarys_side_door(service, folder):
    door, *_others, default = named(render(folder), "VirtualService", service)["spec"]["http"]
    if door["name"] == "preview":
        door = named(render(folder), "VirtualService", service)["spec"]["http"][1]
    [match], [route], [usual] = door["match"], door["route"], default["match"]
    assert match == {"uri": usual["uri"], "headers": {"x-track": {"exact": "canary"}}}
    assert route["destination"] == {"host": service, "subset": "canary"}
    assert set(usual) == {"uri"}


def test_the_mirror_stands_between_the_side_door_and_the_default(tmp_path):
    routes = named(with_mirror(tmp_path), "VirtualService", "order")["spec"]["http"]
    assert [route["name"] for route in routes] == ["canary", "mirror", "default"]
    assert routes[1]["route"] == routes[2]["route"]
    assert routes[1]["mirrors"][0]["destination"] == {"host": "order", "subset": "canary"}


@pytest.mark.parametrize("folder", CLUSTER_OVERLAYS, ids=lambda folder: folder.name)
def test_the_database_has_a_connection_for_every_thread(folder):
    """Even while a release doubles the pods of all services and each rollout has one more."""
    for server in of_kind(render(folder), "StatefulSet"):
        [allowed] = re.findall(r"max_connections=(\d+)", " ".join(pod_of(server)["containers"][0]["args"]))
        pods = sum(2 * each["spec"]["replicas"] + 1 for each in of_kind(render(folder), "Deployment"))
        assert pods * Settings.model_fields["http_threads"].default < int(allowed)
