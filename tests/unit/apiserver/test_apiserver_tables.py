"""Tables: the cells that kubectl prints."""

import datetime

import pytest
from tests.unit.apiserver.conftest import TOKEN
from tests.unit.apiserver.samples import DEFINITIONS, definition, deployment, pod, service

from embedded.apiserver import tables
from embedded.apiserver.resources import (
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    EVENTS,
    GATEWAYS,
    HORIZONTAL_POD_AUTOSCALERS,
    NODES,
    PODS,
    SERVICES,
    VIRTUAL_SERVICES,
)
from embedded.apiserver.tables import custom
from embedded.apiserver.tables.columns import age, duration, selector


def ago(seconds):
    return (datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def row(resource, body, columns=None):
    body["metadata"].setdefault("creationTimestamp", ago(90))
    table = tables.table(resource, [body], {}, "Metadata", columns)
    headings = [column["name"] for column in table["columnDefinitions"]]
    return dict(zip(headings, table["rows"][0]["cells"], strict=True))


def with_status(state=None, *, ready=False, restarts=0, deleting=False, phase="Running", **more):
    body = pod()
    status = {"name": "order", "ready": ready, "restartCount": restarts, "state": state or {"running": {}}, **more}
    body["status"] = {"phase": phase, "containerStatuses": [status], "podIP": "127.1.0.2"}
    if ready:
        body["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    if deleting:
        body["metadata"]["deletionTimestamp"] = ago(1)
    return body


@pytest.mark.parametrize(
    ("body", "ready", "status"),
    [
        (pod(), "0/1", "Unknown"),
        (with_status(ready=True), "1/1", "Running"),
        (with_status({"waiting": {"reason": "CrashLoopBackOff"}}, restarts=3), "0/1", "CrashLoopBackOff"),
        (with_status({"waiting": {"reason": "ErrImagePull"}}, phase="Pending"), "0/1", "ErrImagePull"),
        (with_status({"terminated": {"exitCode": 2}}), "0/1", "ExitCode:2"),
        (with_status({"terminated": {"exitCode": 0, "reason": "Completed"}}, phase="Succeeded"), "0/1", "Completed"),
        (with_status({"terminated": {"exitCode": 137, "signal": 9}}), "0/1", "Signal:9"),
        (with_status(ready=True, deleting=True), "1/1", "Terminating"),
    ],
)
def test_pods(body, ready, status):
    cells = row(PODS, body)
    assert (cells["Name"], cells["Ready"], cells["Status"]) == ("order-1", ready, status)


def test_init_containers_show_how_far_they_are():
    body = with_status({"waiting": {"reason": "PodInitializing"}}, phase="Pending")
    body["spec"]["initContainers"] = [{"name": "a"}, {"name": "b"}]
    done, running = {"terminated": {"exitCode": 0}}, {"running": {}}
    body["status"]["initContainerStatuses"] = [{"name": "a", "state": done}, {"name": "b", "state": running}]
    assert row(PODS, body)["Status"] == "Init:1/2"
    body["status"]["initContainerStatuses"][1]["state"] = {"waiting": {"reason": "CrashLoopBackOff"}}
    assert row(PODS, body)["Status"] == "Init:CrashLoopBackOff"


def test_restarts_say_when_the_last_was():
    last = {"lastState": {"terminated": {"finishedAt": ago(300)}}}
    assert row(PODS, with_status(restarts=2, **last))["Restarts"] == "2 (5m ago)"
    assert row(PODS, with_status())["Restarts"] == "0"


def test_deployments_with_their_images():
    body = {**deployment(replicas=3), "status": {"readyReplicas": 2, "updatedReplicas": 1, "availableReplicas": 2}}
    cells = row(DEPLOYMENTS, body)
    assert (cells["Ready"], cells["Up-to-date"], cells["Available"]) == ("2/3", 1, 2)
    assert (cells["Containers"], cells["Images"], cells["Selector"]) == ("order", "order:v1", "app=order")


@pytest.mark.parametrize(
    ("spec", "status", "external", "ports"),
    [
        ({}, {}, "<none>", "8080/<p>"),
        ({"type": "LoadBalancer"}, {}, "<pending>", "8080/<p>"),
        ({"type": "LoadBalancer"}, {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}}, "127.0.0.1", "8080/<p>"),
        ({"type": "ExternalName", "externalName": "a.b", "ports": []}, {}, "a.b", "<none>"),
        (
            {"ports": [{"port": 1, "nodePort": 30000}, {"port": 2, "protocol": "UDP"}]},
            {},
            "<none>",
            "1:30000/<p>,2/UDP",
        ),
    ],
)
def test_services(spec, status, external, ports):
    cells = row(SERVICES, {**service(**spec), "status": status})
    assert (cells["External-IP"], cells["Port(s)"]) == (external, ports.replace("<p>", "TCP"))


def test_autoscalers_show_what_they_aim_at():
    metric = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "order"}, "maxReplicas": 3}
    body = {"metadata": {"name": "a"}, "spec": {**spec, "metrics": [{"type": "Resource", "resource": metric}]}}
    assert row(HORIZONTAL_POD_AUTOSCALERS, body)["Targets"] == "cpu: <unknown>/50%"
    current = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 12}}}
    cells = row(HORIZONTAL_POD_AUTOSCALERS, {**body, "status": {"currentMetrics": [current]}})
    assert (cells["Reference"], cells["Targets"]) == ("Deployment/order", "cpu: 12%/50%")


def test_endpoints_are_shortened():
    points = [{"addresses": [f"127.1.0.{number}"]} for number in range(1, 6)]
    body = {"metadata": {"name": "s"}, "addressType": "IPv4", "ports": [{"port": 8080}], "endpoints": points}
    assert row(ENDPOINT_SLICES, body)["Endpoints"] == "127.1.0.1,127.1.0.2,127.1.0.3 + 2 more..."


def test_events_and_nodes():
    event = {
        "metadata": {"name": "e"},
        "involvedObject": {"kind": "Pod", "name": "p"},
        "lastTimestamp": ago(5),
        "firstTimestamp": ago(60),
        "count": 3,
        "message": "it failed\n",
    }
    cells = row(EVENTS, event)
    assert cells["Object"] == "pod/p"
    assert cells["Message"] == "it failed"
    assert "(x3 over" in cells["Last Seen"]
    node = {
        "metadata": {"name": "n", "labels": {"node-role.kubernetes.io/control-plane": ""}},
        "spec": {"unschedulable": True},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    cells = row(NODES, node)
    assert (cells["Status"], cells["Roles"]) == ("Ready,SchedulingDisabled", "control-plane")


def test_istios_kinds_have_their_columns():
    body = {"metadata": {"name": "order"}, "spec": {"hosts": ["order"], "gateways": ["shop"]}}
    cells = row(VIRTUAL_SERVICES, body)
    assert (cells["Gateways"], cells["Hosts"]) == ('["shop"]', '["order"]')
    assert row(GATEWAYS, {"metadata": {"name": "shop"}}).keys() == {"Name", "Age"}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *[(0, "0s"), (119, "119s"), (120, "2m"), (330, "5m30s"), (660, "11m"), (4 * 3600 + 120, "4h2m")],
        *[(10 * 3600, "10h"), (3 * 86400, "3d"), (3 * 86400 + 7200, "3d2h"), (30 * 86400, "30d")],
        (800 * 86400, "2y70d"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text


def test_ages_of_nothing_are_unknown():
    assert age(None) == "<unknown>"


def test_selectors_are_written_as_kubectl_does():
    expressions = [{"key": "a", "operator": "In", "values": ["x", "y"]}, {"key": "b", "operator": "DoesNotExist"}]
    assert selector({"matchLabels": {"c": "d"}, "matchExpressions": expressions}) == "c=d,a in (x,y),!b"
    assert selector({}) == "<none>"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".spec.size", [3]),
        (".metadata.labels['a.b/c']", ["x"]),
        (r".metadata.labels.a\.b/c", []),
        (".spec.items[1].name", ["b"]),
        (".spec.items[*].name", ["a", "b"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".missing.field", []),
        (".spec..size", []),
    ],
)
def test_json_paths(path, expected):
    body = {
        "metadata": {"labels": {"a.b/c": "x"}},
        "spec": {"size": 3, "items": [{"name": "a"}, {"name": "b"}]},
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    }
    assert custom.path(path)(body) == expected


async def test_tables_over_http(api):
    columns = [
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
    await api.create(DEFINITIONS, definition(additionalPrinterColumns=columns))
    path = "/apis/example.com/v1/namespaces/shop/boxes"
    await api.create(path, {"metadata": {"name": "b"}, "spec": {"size": 2}})
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
    async with api.client.get(path, headers=headers) as answer:
        table = await answer.json()
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Size", "Age"]
    assert table["rows"][0]["cells"][:2] == ["b", 2]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
    assert "spec" not in table["rows"][0]["object"]
