"""CustomResourceDefinitions: kinds that come and go."""

import pytest
from tests.unit.apiserver.samples import DEFINITIONS, definition

from embedded.apiserver.addresses import OneAddress
from embedded.apiserver.admission import open_store
from embedded.apiserver.resources import BUILT_IN, CUSTOM_RESOURCE_DEFINITIONS, ResourceRegistry

BOXES = "/apis/example.com/v1/namespaces/shop/boxes"


def box(name="b", **spec):
    return {"metadata": {"name": name}, "spec": {"size": 1, **spec}}


@pytest.fixture
async def boxes(api):
    subresources = {"status": {}, "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.n"}}
    await api.create(DEFINITIONS, definition(subresources=subresources))
    return api


async def test_a_definition_is_established_and_served(boxes):
    found = await boxes.get(f"{DEFINITIONS}/boxes.example.com")
    assert {entry["type"]: entry["status"] for entry in found["status"]["conditions"]}["Established"] == "True"
    listed = [entry["name"] for entry in (await boxes.get("/apis/example.com/v1"))["resources"]]
    assert listed == ["boxes", "boxes/scale", "boxes/status"]
    made = await boxes.create(BOXES, box())
    assert (made["kind"], made["apiVersion"], made["spec"]) == ("Box", "example.com/v1", {"size": 1, "colour": "red"})


@pytest.mark.parametrize(
    ("spec", "field", "words"),
    [
        ({"size": "big"}, "spec.size", "not of type 'integer'"),
        ({"colour": "green"}, "spec.colour", 'supported values: "red", "blue"'),
        ({"size": None}, "spec.size", "None is not of type"),
    ],
)
async def test_the_schema_is_kept(boxes, spec, field, words):
    status, refusal = await boxes.call("POST", BOXES, box(**spec))
    assert status == 422
    assert refusal["details"]["causes"][0]["field"] == field
    assert words in refusal["details"]["causes"][0]["message"]


async def test_required_fields_are_named(boxes):
    status, refusal = await boxes.call("POST", BOXES, {"metadata": {"name": "b"}, "spec": {}})
    assert (status, refusal["message"]) == (422, 'Box.example.com "b" is invalid: spec.size: Required value')


async def test_unknown_fields_are_pruned_or_refused(boxes):
    status, refusal = await boxes.call("POST", BOXES, box(sise=2), fieldValidation="Strict")
    assert (status, 'unknown field "spec.sise"' in refusal["message"]) == (400, True)
    assert "sise" not in (await boxes.create(BOXES, box(sise=2)))["spec"]


async def test_status_and_scale_are_separate(boxes):
    await boxes.create(BOXES, box(replicas=2))
    kind = "application/merge-patch+json"
    await boxes.ok("PATCH", f"{BOXES}/b/status", {"status": {"n": 1}}, kind=kind)
    assert (await boxes.get(f"{BOXES}/b/scale"))["status"]["replicas"] == 1
    await boxes.ok("PATCH", f"{BOXES}/b/scale", {"spec": {"replicas": 5}}, kind=kind)
    assert (await boxes.get(f"{BOXES}/b"))["spec"]["replicas"] == 5


async def test_without_subresources_there_are_none(api):
    await api.create(DEFINITIONS, definition())
    await api.create(BOXES, {**box(), "status": {"n": 1}})
    assert (await api.get(f"{BOXES}/b"))["status"] == {"n": 1}
    assert (await api.call("GET", f"{BOXES}/b/scale"))[0] == 404


async def test_a_definition_takes_its_objects_with_it(boxes, store):
    held = box()
    held["metadata"]["finalizers"] = ["example.com/held"]
    await boxes.create(BOXES, held)
    await boxes.ok("DELETE", f"{DEFINITIONS}/boxes.example.com")
    assert (await boxes.call("GET", BOXES))[0] == 404
    await boxes.create(DEFINITIONS, definition())
    assert (await boxes.get(BOXES))["items"] == []


async def test_a_dry_run_serves_nothing(api):
    await api.create(DEFINITIONS, definition(), dryRun="All")
    assert (await api.call("GET", BOXES))[0] == 404


async def test_a_definition_bears_the_name_of_its_kind(api):
    status, refusal = await api.call("POST", DEFINITIONS, {**definition(), "metadata": {"name": "boxes"}})
    assert (status, "spec.names.plural" in refusal["message"]) == (422, True)


@pytest.mark.parametrize("schema", [{"type": "integre"}, {"type": "string", "pattern": "("}, {"required": "size"}])
async def test_a_wrong_schema_is_refused(api, schema):
    status, refusal = await api.call("POST", DEFINITIONS, definition(schema={"openAPIV3Schema": schema}))
    assert status in (400, 422)
    assert "openAPIV3Schema" in refusal["message"]


async def test_explain_reads_the_schema(boxes):
    document = await boxes.get("/openapi/v3/apis/example.com/v1")
    schema = document["components"]["schemas"]["example.com.v1.Box"]
    assert schema["properties"]["spec"]["properties"]["size"] == {"type": "integer"}


def test_custom_kinds_survive_a_restart(tmp_path):
    store = open_store(tmp_path / "db", ResourceRegistry(BUILT_IN), OneAddress())
    store.create(CUSTOM_RESOURCE_DEFINITIONS, definition())
    store.close()
    registry = ResourceRegistry(BUILT_IN)
    open_store(tmp_path / "db", registry, OneAddress()).close()
    assert registry.find("example.com", "boxes").kind == "Box"
