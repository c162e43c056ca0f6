"""Discovery and OpenAPI, in the forms that kubectl and client libraries ask for."""

import pytest
from tests.unit.apiserver.conftest import TOKEN

from embedded.apiserver import schemas
from embedded.apiserver.resources import BUILT_IN
from embedded.apiserver.schemas import generate

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


async def accepting(api, path, accept):
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": accept}
    async with api.client.get(path, headers=headers) as answer:
        return answer.headers["Content-Type"], await answer.json()


async def test_every_kind_is_listed_with_its_subresources(api):
    listed = {entry["name"]: entry for entry in (await api.get("/api/v1"))["resources"]}
    assert listed["pods"]["shortNames"] == ["po"]
    assert "watch" in listed["pods"]["verbs"]
    assert {"pods/log", "pods/status", "pods/eviction", "pods/proxy", "services/proxy"} <= listed.keys()
    apps = {entry["name"]: entry for entry in (await api.get("/apis/apps/v1"))["resources"]}
    assert (apps["deployments/scale"]["kind"], apps["deployments/scale"]["group"]) == ("Scale", "autoscaling")


async def test_groups_are_listed(api):
    groups = {group["name"] for group in (await api.get("/apis"))["groups"]}
    assert {"apps", "networking.istio.io", "authorization.k8s.io"} <= groups
    assert (await api.get("/apis/apps"))["preferredVersion"]["groupVersion"] == "apps/v1"
    assert (await api.get("/api"))["versions"] == ["v1"]


async def test_a_group_may_have_two_versions(api):
    versions = (await api.get("/apis/networking.istio.io"))["versions"]
    assert [entry["version"] for entry in versions] == ["v1", "v1alpha3"]


async def test_aggregated_discovery_says_the_same(api):
    kind, apis = await accepting(api, "/apis", AGGREGATED)
    assert kind == AGGREGATED
    apps = next(item for item in apis["items"] if item["metadata"]["name"] == "apps")
    resources = {entry["resource"]: entry for entry in apps["versions"][0]["resources"]}
    assert resources["deployments"]["responseKind"] == {"group": "apps", "version": "v1", "kind": "Deployment"}
    assert {below["subresource"] for below in resources["deployments"]["subresources"]} == {"scale", "status"}
    _, core = await accepting(api, "/api", AGGREGATED)
    assert [item["metadata"]["name"] for item in core["items"]] == [""]


async def test_what_is_not_there_is_404(api):
    assert await api.get("/version/") == await api.get("/version")
    for path in ("/apis/nothing", "/apis/apps/v2", "/api/v2", "/openapi/v3/apis/nothing/v1", "/else"):
        assert (await api.call("GET", path))[0] == 404


async def test_the_version_names_the_cluster(api):
    assert (await api.get("/version"))["gitVersion"].endswith("+embedded")


async def test_openapi_tells_how_lists_merge(api):
    document = await api.get("/openapi/v3/apis/apps/v1")
    spec = document["components"]["schemas"]["V1PodSpec"]["properties"]
    assert spec["containers"]["x-kubernetes-patch-merge-key"] == "name"
    assert spec["tolerations"]["x-kubernetes-list-type"] == "atomic"
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert "fieldValidation" in [parameter["name"] for parameter in patch["parameters"]]


async def test_every_document_of_the_index_is_there(api):
    for entry in (await api.get("/openapi/v3"))["paths"].values():
        document = await api.get(entry["serverRelativeURL"])
        assert document["components"]["schemas"]


@pytest.mark.parametrize("resource", BUILT_IN, ids=lambda resource: resource.kind)
def test_every_built_in_kind_has_a_schema(resource):
    assert schemas.type_of(resource) is not None


def test_the_schemas_are_those_of_the_installed_client():
    assert schemas.TYPES_FILE.read_text() == generate.generate(), "run: python -m embedded.apiserver.schemas.generate"
