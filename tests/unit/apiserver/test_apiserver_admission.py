"""Defaults and validation: what is filled in, and in which words wrong fields are refused."""

import copy

import pytest
from tests.unit.apiserver.samples import deployment, pod, pod_spec, service

from embedded.apiserver import defaults
from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    HORIZONTAL_POD_AUTOSCALERS,
    NAMESPACES,
    PODS,
    SECRETS,
    SERVICES,
)


def admit(resource, body, old=None):
    return defaults.admit(resource, copy.deepcopy(body), old)


def refusal(resource, body, old=None):
    with pytest.raises(ApiError) as raised:
        admit(resource, body, old)
    assert (raised.value.code, raised.value.reason) == (422, "Invalid")
    return {cause["field"]: cause["message"] for cause in raised.value.details["causes"]}


def test_a_deployment_gets_kubernetes_defaults():
    spec = admit(DEPLOYMENTS, deployment())["spec"]
    assert (spec["replicas"], spec["revisionHistoryLimit"], spec["progressDeadlineSeconds"]) == (1, 10, 600)
    assert spec["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    }
    template = spec["template"]["spec"]
    assert (template["restartPolicy"], template["terminationGracePeriodSeconds"]) == ("Always", 30)
    assert template["containers"][0]["ports"][0]["protocol"] == "TCP"
    assert template["containers"][0]["imagePullPolicy"] == "IfNotPresent"


def test_given_values_stay():
    body = deployment(replicas=0, strategy={"type": "Recreate"})
    body["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 0
    spec = admit(DEPLOYMENTS, body)["spec"]
    assert spec["replicas"] == 0
    assert spec["strategy"] == {"type": "Recreate"}
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] == 0


def test_probes_get_their_periods():
    body = pod()
    body["spec"] = pod_spec(readinessProbe={"httpGet": {"port": "http"}, "periodSeconds": 2})
    probe = admit(PODS, body)["spec"]["containers"][0]["readinessProbe"]
    assert probe == {
        "httpGet": {"port": "http", "path": "/", "scheme": "HTTP"},
        "periodSeconds": 2,
        "timeoutSeconds": 1,
        "successThreshold": 1,
        "failureThreshold": 3,
    }


@pytest.mark.parametrize(
    ("image", "policy"), [("order", "Always"), ("order:latest", "Always"), ("host:5000/order:v1", "IfNotPresent")]
)
def test_the_pull_policy_follows_the_tag(image, policy):
    body = pod()
    body["spec"] = pod_spec(image=image)
    assert admit(PODS, body)["spec"]["containers"][0]["imagePullPolicy"] == policy


def test_a_limit_is_a_request_too():
    body = pod()
    body["spec"] = pod_spec(resources={"limits": {"cpu": "1", "memory": "64Mi"}, "requests": {"cpu": "500m"}})
    admitted = admit(PODS, body)
    requests = admitted["spec"]["containers"][0]["resources"]["requests"]
    assert requests == {"cpu": "500m", "memory": "64Mi"}
    assert admitted["status"] == {"phase": "Pending", "qosClass": "Burstable"}


def test_services_and_autoscalers_get_their_defaults():
    assert admit(SERVICES, service(ports=[{"port": 80}]))["spec"]["ports"] == [
        {"port": 80, "protocol": "TCP", "targetPort": 80}
    ]
    target = {"kind": "Deployment", "name": "order"}
    spec = {"scaleTargetRef": target, "maxReplicas": 3}
    admitted = admit(HORIZONTAL_POD_AUTOSCALERS, {"metadata": {"name": "a"}, "spec": spec})["spec"]
    assert admitted["minReplicas"] == 1
    assert admitted["metrics"][0]["resource"]["target"]["averageUtilization"] == 80


def test_secrets_take_plain_text():
    body = {"metadata": {"name": "s"}, "stringData": {"a": "b"}}
    assert admit(SECRETS, body) | {"metadata": None} == {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": None,
        "data": {"a": "Yg=="},
        "type": "Opaque",
    }


def test_the_template_must_match_the_selector():
    body = deployment()
    body["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    assert refusal(DEPLOYMENTS, body) == {
        "spec.template.metadata.labels": (
            'Invalid value: {"app": "other"}: `selector` does not match template `labels`'
        )
    }


def test_the_message_names_kind_name_and_every_field():
    body = deployment(replicas=-1)
    body["spec"]["template"]["spec"]["containers"][0]["name"] = "Order"
    with pytest.raises(ApiError) as raised:
        admit(DEPLOYMENTS, body)
    message = raised.value.message
    assert message.startswith('Deployment.apps "order" is invalid: [')
    assert "spec.replicas: Invalid value: -1: must be greater than or equal to 0" in message
    assert 'spec.template.spec.containers[0].name: Invalid value: "Order": a lowercase RFC 1123 label' in message


def container(**fields):
    body = pod()
    body["spec"] = pod_spec(**fields)
    return body


def with_spec(**fields):
    body = pod()
    body["spec"] |= fields
    return body


HANDLERS = {"httpGet": {"port": 1}, "tcpSocket": {"port": 1}}


@pytest.mark.parametrize(
    ("resource", "body", "field", "words"),
    [
        (PODS, {"metadata": {"name": "Upper"}, "spec": pod_spec()}, "metadata.name", "RFC 1123 subdomain"),
        (NAMESPACES, {"metadata": {"name": "a.b"}}, "metadata.name", "RFC 1123 label"),
        (SERVICES, service("1st"), "metadata.name", "DNS-1035 label"),
        (CONFIG_MAPS, {"metadata": {"name": "a", "labels": {"a": "b c"}}}, "metadata.labels", "a valid label must be"),
        (CONFIG_MAPS, {"metadata": {"name": "a", "labels": {"-": "b"}}}, "metadata.labels", "name part must consist"),
        (PODS, {"metadata": {"name": "p"}, "spec": {}}, "spec.containers", "Required value"),
        (PODS, container(image=""), "spec.containers[0].image", "Required value"),
        (PODS, container(ports=[{"containerPort": 70000}]), "spec.containers[0].ports[0].containerPort", "1 and 65535"),
        (PODS, container(ports=[{"containerPort": 1, "name": "UP"}]), "spec.containers[0].ports[0].name", "15 char"),
        (PODS, container(imagePullPolicy="Maybe"), "spec.containers[0].imagePullPolicy", "Unsupported value"),
        (
            PODS,
            container(volumeMounts=[{"name": "v", "mountPath": "/v"}]),
            "spec.containers[0].volumeMounts[0].name",
            "Not found",
        ),
        (PODS, container(livenessProbe={}), "spec.containers[0].livenessProbe", "must specify a handler type"),
        (PODS, container(readinessProbe=HANDLERS), "spec.containers[0].readinessProbe", "more than 1 handler"),
        (PODS, container(resources={"limits": {"cpu": "-1"}}), "spec.containers[0].resources.limits[cpu]", "greater"),
        (PODS, with_spec(restartPolicy="Sometimes"), "spec.restartPolicy", '"Always", "OnFailure", "Never"'),
        (PODS, with_spec(containers=pod_spec()["containers"] * 2), "spec.containers[1].name", "Duplicate value"),
        (PODS, with_spec(initContainers=pod_spec()["containers"]), "spec.containers[0].name", "Duplicate value"),
        (DEPLOYMENTS, deployment(selector={}), "spec.selector", "empty selector"),
        (DEPLOYMENTS, deployment(selector=None), "spec.selector", "Required value"),
        (DEPLOYMENTS, deployment(strategy={"type": "BlueGreen"}), "spec.strategy.type", "Unsupported value"),
        (DEPLOYMENTS, deployment(minReadySeconds=600), "spec.progressDeadlineSeconds", "greater than minReadySeconds"),
        (SERVICES, service(ports=[]), "spec.ports", "Required value"),
        (SERVICES, service(ports=[{"port": 0}]), "spec.ports[0].port", "between 1 and 65535"),
        (SERVICES, service(ports=[{"port": 1}, {"port": 2}]), "spec.ports[0].name", "Required value"),
        (SERVICES, service(type="Magic"), "spec.type", "Unsupported value"),
    ],
)
def test_wrong_fields_are_named(resource, body, field, words):
    assert words in refusal(resource, body)[field]


def test_both_bounds_of_a_rolling_update_cannot_be_zero():
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}}
    field = "spec.strategy.rollingUpdate.maxUnavailable"
    assert "may not be 0 when `maxSurge` is 0" in refusal(DEPLOYMENTS, deployment(strategy=strategy))[field]


def test_a_selector_is_immutable():
    old = admit(DEPLOYMENTS, deployment())
    new = copy.deepcopy(old)
    new["spec"]["selector"]["matchLabels"]["track"] = "stable"
    new["spec"]["template"]["metadata"]["labels"]["track"] = "stable"
    assert "field is immutable" in refusal(DEPLOYMENTS, new, old)["spec.selector"]


def test_of_a_pod_only_some_fields_change():
    old = admit(PODS, pod())
    new = copy.deepcopy(old)
    new["spec"]["containers"][0]["image"] = "order:v2"
    new["spec"]["nodeName"] = "embedded"
    assert admit(PODS, new, old)["spec"]["nodeName"] == "embedded"
    new["spec"]["containers"][0]["command"] = ["sh"]
    assert "pod updates may not change fields" in refusal(PODS, new, old)["spec"]


def test_the_status_of_an_object_is_not_validated_again():
    old = admit(PODS, pod()) | {"spec": {"containers": []}}
    new = {**old, "status": {"phase": "Running"}}
    assert admit(PODS, new, old) == new
