"""The official Python client: its strict models must be able to read whatever the server answers."""

import threading

import pytest
import yaml
from kubernetes import client, watch
from kubernetes.client.exceptions import ApiException
from tests.contract.contract_objects import CONFIG_MAP, DEPLOYMENT, SERVICE


@pytest.fixture
def core(api_client):
    return client.CoreV1Api(api_client)


@pytest.fixture
def apps(api_client):
    return client.AppsV1Api(api_client)


def test_objects_of_every_kind_are_read(core, apps, api_client, namespace):
    apps.create_namespaced_deployment(namespace, yaml.safe_load(DEPLOYMENT))
    core.create_namespaced_service(namespace, yaml.safe_load(SERVICE))
    assert [item.metadata.name for item in apps.list_namespaced_deployment(namespace).items] == ["web"]
    assert core.read_namespaced_service("web", namespace).spec.ports[0].target_port == "http"
    for read in (core.list_node, core.list_namespace, core.list_event_for_all_namespaces):
        read()
    client.DiscoveryV1Api(api_client).list_endpoint_slice_for_all_namespaces()
    client.AutoscalingV2Api(api_client).list_namespaced_horizontal_pod_autoscaler(namespace)
    client.PolicyV1Api(api_client).list_namespaced_pod_disruption_budget(namespace)
    client.NetworkingV1Api(api_client).list_namespaced_network_policy(namespace)
    client.ApiextensionsV1Api(api_client).list_custom_resource_definition()
    client.VersionApi(api_client).get_code()


def test_models_are_written_and_read(core, namespace):
    body = client.V1ConfigMap(metadata=client.V1ObjectMeta(name="a"), data={"x": "1"})
    made = core.create_namespaced_config_map(namespace, body)
    made.data["x"] = "2"
    assert core.replace_namespaced_config_map("a", namespace, made).data == {"x": "2"}
    with pytest.raises(ApiException) as refusal:
        core.replace_namespaced_config_map("a", namespace, made)
    assert (refusal.value.status, refusal.value.reason) == (409, "Conflict")


def test_dict_bodies_are_strategic_merge_patches(apps, namespace):
    apps.create_namespaced_deployment(namespace, yaml.safe_load(DEPLOYMENT))
    container = {"name": "web", "image": "example.test/web:v2"}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
    patched = apps.patch_namespaced_deployment("web", namespace, patch).spec.template.spec.containers
    assert [(found.image, found.ports[0].container_port) for found in patched] == [("example.test/web:v2", 8080)]


def test_custom_objects_are_merge_patched(api_client, namespace, needs):
    needs("mesh")
    custom = client.CustomObjectsApi(api_client)
    place = ("networking.istio.io", "v1", namespace, "virtualservices")
    body = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "web"},
        "spec": {"hosts": ["web.test"], "http": [{"route": [{"destination": {"host": "web"}}]}]},
    }
    custom.create_namespaced_custom_object(*place, body)
    patched = custom.patch_namespaced_custom_object(*place, "web", {"spec": {"hosts": ["other.test"]}})
    assert (patched["spec"]["hosts"], len(patched["spec"]["http"])) == (["other.test"], 1)
    custom.delete_namespaced_custom_object(*place, "web")


def test_scale_and_status(apps, namespace):
    apps.create_namespaced_deployment(namespace, yaml.safe_load(DEPLOYMENT))
    scale = apps.read_namespaced_deployment_scale("web", namespace)
    # Zero is left out, as by all of Kubernetes' numbers that may be.
    assert (scale.spec.replicas, scale.status.selector) == (None, "app=web")
    apps.patch_namespaced_deployment_scale("web", namespace, {"spec": {"replicas": 0}})
    assert apps.read_namespaced_deployment_status("web", namespace).metadata.name == "web"


def test_a_watch_from_a_list_on(core, namespace):
    version = core.list_namespaced_config_map(namespace).metadata.resource_version
    threading.Timer(0.2, core.create_namespaced_config_map, (namespace, yaml.safe_load(CONFIG_MAP))).start()
    following = watch.Watch()
    for event in following.stream(
        core.list_namespaced_config_map, namespace, resource_version=version, timeout_seconds=30
    ):
        if event["object"].metadata.name == "settings":
            assert (event["type"], event["object"].data) == ("ADDED", {"colour": "blue"})
            break
    else:
        pytest.fail("the watch ended without the object")


def test_deletion_answers_what_the_client_expects(core, apps, namespace):
    core.create_namespaced_config_map(namespace, yaml.safe_load(CONFIG_MAP))
    assert core.delete_namespaced_config_map("settings", namespace)["status"] == "Success"
    core.create_namespaced_service(namespace, yaml.safe_load(SERVICE))
    assert core.delete_namespaced_service("web", namespace).metadata.name == "web"
    apps.create_namespaced_deployment(namespace, yaml.safe_load(DEPLOYMENT))
    assert apps.delete_namespaced_deployment("web", namespace)["status"] == "Success"
    core.create_namespaced_config_map(namespace, yaml.safe_load(CONFIG_MAP))
    core.delete_collection_namespaced_config_map(namespace, field_selector="metadata.name=settings")
    names = [item.metadata.name for item in core.list_namespaced_config_map(namespace).items]
    assert "settings" not in names


def test_refusals_are_kubernetes_own(core, apps, namespace):
    with pytest.raises(ApiException) as refusal:
        core.read_namespaced_config_map("missing", namespace)
    assert refusal.value.status == 404
    wrong = yaml.safe_load(DEPLOYMENT)
    wrong["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    with pytest.raises(ApiException) as refusal:
        apps.create_namespaced_deployment(namespace, wrong)
    assert refusal.value.status == 422
    assert "`selector` does not match template `labels`" in refusal.value.body


def test_server_side_apply(apps, namespace):
    options = {"field_manager": "contract", "force": True}
    body = yaml.safe_load(DEPLOYMENT)
    made = apps.patch_namespaced_deployment(
        "web", namespace, body, **options, _content_type="application/apply-patch+yaml"
    )
    assert [(entry.manager, entry.operation) for entry in made.metadata.managed_fields] == [("contract", "Apply")]
