"""Server-side apply: owners of fields, conflicts, removal."""

import pytest
from tests.unit.apiserver.samples import deployment, service, virtual_service

from embedded.apiserver import apply as ssa
from embedded.apiserver import fieldsets
from embedded.apiserver.apply import Manager
from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import DEPLOYMENTS, SERVICES, VIRTUAL_SERVICES

GIT = Manager("git", "Apply")
DELIVERY = Manager("delivery", "Apply")


def run(resource, live, config, manager=GIT, force=False):
    return ssa.apply(resource, live, config, manager, force=force)


def owned(body, manager):
    return ssa._read(body)[manager]


def image_of(body):
    return body["spec"]["template"]["spec"]["containers"][0]["image"]


def with_image(image, **spec):
    body = deployment(**spec)
    body["spec"]["template"]["spec"]["containers"][0]["image"] = image
    return body


def test_the_applier_owns_what_it_applied_and_nothing_else():
    live = run(DEPLOYMENTS, None, deployment(replicas=2))
    paths = {fieldsets.to_text(path) for path in owned(live, GIT)}
    container = '.spec.template.spec.containers[name="order"]'
    assert paths == {
        ".spec.replicas",
        ".spec.selector",
        ".spec.template.metadata.labels.app",
        container,
        f"{container}.name",
        f"{container}.image",
        f'{container}.ports[containerPort=8080,protocol="TCP"]',
        f'{container}.ports[containerPort=8080,protocol="TCP"].containerPort',
        f'{container}.ports[containerPort=8080,protocol="TCP"].name',
    }


def test_another_manager_conflicts_by_name_and_field():
    live = run(DEPLOYMENTS, None, deployment())
    with pytest.raises(ApiError) as refusal:
        run(DEPLOYMENTS, live, with_image("order:v2"), DELIVERY)
    assert refusal.value.code == 409
    assert refusal.value.message == (
        'Apply failed with 1 conflict: conflict with "git": .spec.template.spec.containers[name="order"].image'
    )
    assert refusal.value.details["causes"][0]["reason"] == "FieldManagerConflict"


def test_force_takes_the_field_over():
    live = run(DEPLOYMENTS, None, deployment())
    live = run(DEPLOYMENTS, live, with_image("order:v2"), DELIVERY, force=True)
    assert image_of(live) == "order:v2"
    image = ("f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"order"}', "f:image")
    assert image in owned(live, DELIVERY)
    assert image not in owned(live, GIT)


def test_equal_values_are_shared_without_conflict():
    live = run(DEPLOYMENTS, None, deployment(replicas=2))
    live = run(DEPLOYMENTS, live, deployment(replicas=2), DELIVERY)
    assert ("f:spec", "f:replicas") in owned(live, GIT) & owned(live, DELIVERY)


def test_fields_that_are_no_longer_applied_go_away():
    live = run(SERVICES, None, service(sessionAffinity="ClientIP") | {"metadata": {"name": "s", "labels": {"a": "1"}}})
    live = run(SERVICES, live, {"metadata": {"name": "s"}, "spec": service()["spec"]})
    assert "sessionAffinity" not in live["spec"]
    assert "labels" not in live["metadata"]


def test_fields_of_others_stay_when_they_are_no_longer_applied():
    live = run(DEPLOYMENTS, None, deployment(replicas=2))
    live = run(DEPLOYMENTS, live, deployment(replicas=2), DELIVERY)
    live = run(DEPLOYMENTS, live, deployment())
    assert live["spec"]["replicas"] == 2
    assert ("f:spec", "f:replicas") not in owned(live, GIT)


def test_a_list_element_goes_with_its_last_owner():
    live = run(SERVICES, None, service(ports=[{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]))
    live = run(SERVICES, live, service(ports=[{"port": 80, "name": "a"}]))
    assert [port["port"] for port in live["spec"]["ports"]] == [80]


def test_an_element_of_another_manager_stays():
    live = run(SERVICES, None, service(ports=[{"port": 80, "name": "a"}]))
    live = run(
        SERVICES, live, {"metadata": {"name": "order"}, "spec": {"ports": [{"port": 81, "name": "b"}]}}, DELIVERY
    )
    live = run(SERVICES, live, service(ports=[{"port": 80, "name": "c"}]))
    assert live["spec"]["ports"] == [{"port": 80, "name": "c"}, {"port": 81, "name": "b"}]


def test_updates_take_fields_from_appliers():
    old = run(DEPLOYMENTS, None, deployment(replicas=2))
    new = {**old, "spec": {**old["spec"], "replicas": 5}, "metadata": dict(old["metadata"])}
    autoscaler = Manager("hpa", "Update", "scale")
    ssa.track(DEPLOYMENTS, old, new, autoscaler)
    assert owned(new, autoscaler) == {("f:spec", "f:replicas")}
    assert ("f:spec", "f:replicas") not in owned(new, GIT)
    with pytest.raises(ApiError, match=r'conflict with "hpa" with subresource "scale" using apps/v1: \.spec\.replicas'):
        run(DEPLOYMENTS, new, deployment(replicas=2))
    assert run(DEPLOYMENTS, new, deployment())["spec"]["replicas"] == 5


def test_lists_of_custom_resources_are_replaced_as_a_whole():
    live = run(VIRTUAL_SERVICES, None, virtual_service())
    assert ("f:spec", "f:http") in owned(live, GIT)
    with pytest.raises(ApiError, match=r'conflict with "git": \.spec\.http'):
        run(VIRTUAL_SERVICES, live, virtual_service(50, 50), DELIVERY)


def test_maps_of_custom_resources_merge():
    live = run(VIRTUAL_SERVICES, None, virtual_service())
    config = {"metadata": {"name": "order", "annotations": {"by": "delivery"}}, "spec": {"exportTo": ["."]}}
    live = run(VIRTUAL_SERVICES, live, config, DELIVERY)
    assert live["spec"].keys() == {"hosts", "http", "exportTo"}


def test_applying_the_same_again_changes_nothing():
    live = run(DEPLOYMENTS, None, deployment())
    live["metadata"]["managedFields"][0]["time"] = "2020-01-01T00:00:00Z"
    assert run(DEPLOYMENTS, live, deployment()) == live


def test_field_sets_survive_the_wire():
    live = run(DEPLOYMENTS, None, deployment(replicas=2))
    fields = owned(live, GIT)
    assert fieldsets.from_wire(fieldsets.to_wire(fields)) == fields


def test_foreign_spacing_and_order_of_keys_is_understood():
    wire = {"f:spec": {"f:ports": {'k:{"protocol": "TCP", "port": 80}': {".": {}}}}}
    assert fieldsets.from_wire(wire) == {("f:spec", "f:ports", 'k:{"port":80,"protocol":"TCP"}')}


def test_configurations_do_not_carry_owners():
    config = {**deployment(), "metadata": {"name": "order", "managedFields": [{"manager": "x"}]}}
    with pytest.raises(ApiError, match="managedFields must be nil"):
        run(DEPLOYMENTS, None, config)
