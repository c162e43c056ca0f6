"""The REST conventions over HTTP: verbs, lists, selectors, dry runs, refusals."""

import pytest
from aiohttp import ClientSession
from tests.unit.apiserver.conftest import TOKEN
from tests.unit.apiserver.samples import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    PODS,
    VIRTUAL_SERVICES,
    config_map,
    deployment,
    pod,
    virtual_service,
)
from yarl import URL

from embedded.apiserver import resources


def names(listed):
    return [item["metadata"]["name"] for item in listed["items"]]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}])
async def test_without_the_token_nobody_comes_in(api, headers):
    url = api.client.make_url("/api/v1/pods")
    async with ClientSession(headers=headers) as stranger, stranger.get(url) as answer:
        assert answer.status == 401
        assert (await answer.json())["reason"] == "Unauthorized"


async def test_health_needs_no_token(api):
    async with ClientSession() as stranger, stranger.get(api.client.make_url("/readyz")) as answer:
        assert (answer.status, await answer.text()) == (200, "ok")


async def test_create_get_replace_delete(api):
    made = await api.create(CONFIG_MAPS, config_map())
    assert (made["kind"], made["apiVersion"], made["metadata"]["namespace"]) == ("ConfigMap", "v1", "shop")
    assert await api.get(f"{CONFIG_MAPS}/settings") == made
    new = await api.ok("PUT", f"{CONFIG_MAPS}/settings", {**made, "data": {"a": "2"}})
    assert new["data"] == {"a": "2"}
    gone = await api.ok("DELETE", f"{CONFIG_MAPS}/settings")
    assert gone["status"] == "Success"
    assert gone["details"] == {"name": "settings", "kind": "configmaps", "uid": made["metadata"]["uid"]}
    status, refusal = await api.call("GET", f"{CONFIG_MAPS}/settings")
    assert (status, refusal["message"]) == (404, 'configmaps "settings" not found')


async def test_names_are_taken_once(api):
    await api.create(CONFIG_MAPS, config_map())
    status, refusal = await api.call("POST", CONFIG_MAPS, config_map())
    assert (status, refusal["reason"]) == (409, "AlreadyExists")


async def test_an_old_version_conflicts(api):
    old = await api.create(CONFIG_MAPS, config_map())
    await api.ok("PUT", f"{CONFIG_MAPS}/settings", {**old, "data": {"a": "2"}})
    status, refusal = await api.call("PUT", f"{CONFIG_MAPS}/settings", {**old, "data": {"a": "3"}})
    assert (status, refusal["reason"]) == (409, "Conflict")


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("POST", CONFIG_MAPS, {**config_map(), "kind": "Secret"}, "Secret in version 'v1' is not what"),
        ("PUT", f"{CONFIG_MAPS}/other", config_map(), "does not match the name on the URL"),
        ("POST", CONFIG_MAPS, {"metadata": {"name": "a", "namespace": "b"}}, "does not match the namespace"),
        ("POST", CONFIG_MAPS, {"metadata": {"name": "a", "resourceVersion": "1"}}, "resourceVersion should not be set"),
        ("POST", CONFIG_MAPS, b"{", "is not JSON"),
        ("POST", CONFIG_MAPS, b"", "no object"),
        ("POST", CONFIG_MAPS, b"[]", "no object"),
        ("GET", f"{CONFIG_MAPS}?limit=x", None, "must be a number"),
        ("GET", f"{CONFIG_MAPS}?continue=x", None, "continue key is not valid"),
        ("GET", f"{CONFIG_MAPS}?labelSelector=a=b=c", None, "no label selector"),
        ("GET", f"{CONFIG_MAPS}?fieldSelector=data.a=1", None, "field label not supported: data.a"),
        ("GET", f"{CONFIG_MAPS}?watch=1&resourceVersion=x", None, "Invalid value"),
        ("POST", f"{CONFIG_MAPS}?dryRun=Some", config_map(), "supported values"),
    ],
)
async def test_bad_requests_are_named(api, method, path, body, words):
    status, refusal = await api.call(method, path, body, **URL(path).query)
    assert status == 400, refusal
    assert words in refusal["message"]


async def test_other_versions_are_not_served(api):
    for path in ("/apis/apps/v1beta1/namespaces/shop/deployments", "/apis/autoscaling/v1/horizontalpodautoscalers"):
        assert (await api.call("GET", path))[0] == 404


async def test_unknown_addresses_and_gaps_are_told_apart(api):
    unknown, _ = await api.call("GET", "/apis/apps/v1/namespaces/shop/boats")
    assert unknown == 404
    for path, gap in {
        "/apis/batch/v1/namespaces/shop/cronjobs": "cronjobs.batch",
        "/apis/apps/v1/statefulsets": "statefulsets.apps",
        "/api/v1/namespaces/shop/pods/p/exec": "pods/exec",
    }.items():
        if "pods" in path:
            await api.create(PODS, pod("p"))
        status, refusal = await api.call("GET", path)
        assert (status, refusal["details"]["name"]) == (501, gap)
        assert refusal["message"] == f"the embedded cluster does not implement {gap}"


async def test_a_namespace_must_exist_and_live(api, store):
    status, refusal = await api.call("POST", CONFIG_MAPS.replace("shop", "nowhere"), config_map())
    assert (status, refusal["message"]) == (404, 'namespaces "nowhere" not found')
    store.delete(resources.NAMESPACES, "", "shop")
    status, refusal = await api.call("POST", CONFIG_MAPS, config_map())
    assert (status, refusal["reason"]) == (403, "Forbidden")
    assert "because it is being terminated" in refusal["message"]


async def test_needed_namespaces_stay(api):
    status, _ = await api.call("DELETE", "/api/v1/namespaces/default")
    assert status == 403


async def test_pages_make_up_the_list(api):
    for number in range(5):
        await api.create(CONFIG_MAPS, config_map(f"c{number}"))
    first = await api.get(CONFIG_MAPS, limit="2")
    assert first["metadata"]["remainingItemCount"] == 3
    second = await api.get(CONFIG_MAPS, limit="2", **{"continue": first["metadata"]["continue"]})
    last = await api.get(CONFIG_MAPS, limit="2", **{"continue": second["metadata"]["continue"]})
    assert names(first) + names(second) + names(last) == [f"c{number}" for number in range(5)]
    assert "continue" not in last["metadata"]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("tier=web", ["a"]),
        ("tier==web", ["a"]),
        ("tier!=web", ["b", "c"]),
        ("tier", ["a", "b"]),
        ("!tier", ["c"]),
        ("tier in (web, db)", ["a", "b"]),
        ("tier notin (web),stage", ["b"]),
        ("stage=x,tier=db", ["b"]),
    ],
)
async def test_label_selectors(api, selector, expected):
    for name, labels in {"a": {"tier": "web"}, "b": {"tier": "db", "stage": "x"}, "c": {}}.items():
        await api.create(CONFIG_MAPS, config_map(name, **labels))
    assert names(await api.get(CONFIG_MAPS, labelSelector=selector)) == expected


async def test_field_selectors(api, store):
    for name in ("a", "b"):
        await api.create(PODS, pod(name))
    store.mutate(resources.PODS, "shop", "b", lambda body: body["status"].update(phase="Running"), "status")
    assert names(await api.get(PODS, fieldSelector="status.phase=Running")) == ["b"]
    assert names(await api.get(PODS, fieldSelector="status.phase!=Running,spec.nodeName=")) == ["a"]
    assert names(await api.get("/api/v1/pods", fieldSelector="metadata.name=a,metadata.namespace=shop")) == ["a"]


async def test_a_dry_run_changes_nothing(api):
    made = await api.create(CONFIG_MAPS, config_map(), dryRun="All")
    assert made["metadata"]["uid"]
    assert (await api.get(CONFIG_MAPS))["items"] == []
    await api.create(CONFIG_MAPS, config_map())
    await api.ok("DELETE", f"{CONFIG_MAPS}/settings", dryRun="All")
    kind = "application/merge-patch+json"
    patched = await api.ok("PATCH", f"{CONFIG_MAPS}/settings", {"data": {"a": "9"}}, kind=kind, dryRun="All")
    assert patched["data"] == {"a": "9"}
    assert (await api.get(f"{CONFIG_MAPS}/settings"))["data"] == {"a": "1"}


async def test_unknown_fields_are_refused_warned_of_or_dropped(api):
    body = deployment(replicaz=3)
    status, refusal = await api.call("POST", DEPLOYMENTS, body, fieldValidation="Strict")
    assert (status, 'strict decoding error: unknown field "spec.replicaz"' in refusal["message"]) == (400, True)
    made = await api.create(DEPLOYMENTS, body, fieldValidation="Warn")
    assert api.warnings == ['299 - "unknown field \\"spec.replicaz\\""']
    assert "replicaz" not in made["spec"]
    await api.create(DEPLOYMENTS, deployment("other", replicaz=3), fieldValidation="Ignore")
    assert api.warnings == []


async def test_invalid_objects_are_422(api):
    status, refusal = await api.call("POST", DEPLOYMENTS, deployment(replicas=-1))
    assert (status, refusal["reason"]) == (422, "Invalid")
    assert refusal["details"]["causes"][0]["field"] == "spec.replicas"


async def test_the_status_has_its_own_address(api):
    made = await api.create(DEPLOYMENTS, {**deployment(), "status": {"replicas": 7}})
    assert "status" not in made
    patch = {"status": {"replicas": 3}, "spec": {"replicas": 9}}
    kind = "application/merge-patch+json"
    new = await api.ok("PATCH", f"{DEPLOYMENTS}/order/status", patch, kind=kind)
    assert (new["status"]["replicas"], new["spec"]["replicas"]) == (3, 1)


async def test_custom_kinds_refuse_strategic_merge_patches(api):
    await api.create(VIRTUAL_SERVICES, virtual_service())
    kind = "application/strategic-merge-patch+json"
    status, refusal = await api.call("PATCH", f"{VIRTUAL_SERVICES}/order", {"spec": {}}, kind=kind)
    assert (status, refusal["reason"]) == (415, "UnsupportedMediaType")
    patch = virtual_service(80, 20)["spec"]
    new = await api.ok("PATCH", f"{VIRTUAL_SERVICES}/order", {"spec": patch}, kind="application/merge-patch+json")
    assert [route["weight"] for route in new["spec"]["http"][0]["route"]] == [80, 20]
    assert new["metadata"]["generation"] == 2


async def test_server_side_apply_creates_conflicts_and_forces(api):
    path = f"{DEPLOYMENTS}/order"
    status, made = await api.apply(path, deployment(replicas=2), "git")
    assert (status, made["spec"]["replicas"]) == (201, 2)
    status, again = await api.apply(path, deployment(replicas=2), "git")
    assert (status, again["metadata"]["resourceVersion"]) == (200, made["metadata"]["resourceVersion"])
    status, refusal = await api.apply(path, deployment(replicas=3), "delivery")
    assert (status, refusal["reason"]) == (409, "Conflict")
    status, forced = await api.apply(path, deployment(replicas=3), "delivery", force="true")
    assert (status, forced["spec"]["replicas"]) == (200, 3)
    status, refusal = await api.call("PATCH", path, deployment(), kind="application/apply-patch+yaml")
    assert (status, "fieldManager: Required value" in refusal["message"]) == (400, True)


async def test_server_side_apply_reads_yaml(api):
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {day: '1', when: 2020-01-01}\n"
    status, made = await api.apply(f"{CONFIG_MAPS}/a", body, "git")
    assert (status, made["data"]) == (201, {"day": "1", "when": "2020-01-01"})


async def test_mass_deletion_follows_the_selector(api):
    for name, labels in {"a": {"x": "1"}, "b": {"x": "2"}}.items():
        await api.create(CONFIG_MAPS, config_map(name, **labels))
    await api.ok("DELETE", CONFIG_MAPS, labelSelector="x=1")
    assert names(await api.get(CONFIG_MAPS)) == ["b"]


async def test_deletion_passes_on_its_options(api):
    await api.create(DEPLOYMENTS, deployment())
    held = await api.ok("DELETE", f"{DEPLOYMENTS}/order", {"propagationPolicy": "Foreground"})
    assert held["metadata"]["finalizers"] == ["foregroundDeletion"]
    status, refusal = await api.call("DELETE", f"{DEPLOYMENTS}/order", {"propagationPolicy": "Sideways"})
    assert (status, "propagationPolicy" in refusal["message"]) == (422, True)
    status, _ = await api.call("DELETE", f"{DEPLOYMENTS}/order", {"preconditions": {"uid": "other"}})
    assert status == 409


async def test_what_is_too_large_is_refused(api):
    status, refusal = await api.call("POST", CONFIG_MAPS, b" " * (3 * 1024 * 1024 + 1))
    assert (status, refusal["reason"]) == (413, "RequestEntityTooLarge")
