"""Which pods stand behind a Service, with which ports, and when they are ready for requests."""

from __future__ import annotations

import json

from tests.unit.controllers.lab import NAMESPACE, add_service, deployment, service, template

from embedded.apiserver.resources import DEPLOYMENTS, ENDPOINT_SLICES, PODS, SERVICES


def slices(lab):
    return lab.store.list(ENDPOINT_SLICES, NAMESPACE)


def endpoints(lab):
    return [item for found in slices(lab) for item in found["endpoints"]]


def start(lab, replicas=2, **spec):
    add_service(lab, **spec)
    lab.store.create(DEPLOYMENTS, deployment(replicas=replicas))
    lab.run_pods()


def test_every_ready_pod_is_an_endpoint_that_names_it(lab):
    start(lab)
    (found,) = slices(lab)
    assert found["metadata"]["labels"]["kubernetes.io/service-name"] == "order"
    assert found["addressType"] == "IPv4"
    assert found["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    by_name = {item["targetRef"]["name"]: item for item in found["endpoints"]}
    for pod in lab.pods():
        item = by_name.pop(pod["metadata"]["name"])
        assert item["addresses"] == [pod["status"]["podIP"]]
        assert item["conditions"] == {"ready": True, "serving": True, "terminating": False}
        assert (item["nodeName"], item["targetRef"]["uid"]) == ("embedded", pod["metadata"]["uid"])
    assert by_name == {}


def test_a_pod_that_is_not_ready_is_listed_as_such(lab):
    start(lab)
    lab.set_ready(lab.pods()[0], False)
    lab.settle()
    assert sorted(item["conditions"]["ready"] for item in endpoints(lab)) == [False, True]


def test_a_terminating_pod_still_serves_but_is_not_ready(lab):
    start(lab)
    leaving = lab.pods()[0]["metadata"]["name"]
    lab.store.delete(PODS, NAMESPACE, leaving)
    lab.settle()
    (item,) = [item for item in endpoints(lab) if item["targetRef"]["name"] == leaving]
    assert item["conditions"] == {"ready": False, "serving": True, "terminating": True}


def test_a_pod_that_is_gone_or_has_ended_is_no_endpoint(lab):
    start(lab)
    first, second = lab.pods()
    lab.end(first)
    lab.store.mutate(
        PODS, NAMESPACE, second["metadata"]["name"], lambda body: body["status"].update(phase="Succeeded"), "status"
    )
    lab.settle()
    assert endpoints(lab) == []


def test_a_pod_without_address_is_no_endpoint(lab):
    add_service(lab)
    lab.store.create(DEPLOYMENTS, deployment())
    lab.settle()
    (found,) = slices(lab)
    assert (found["endpoints"], found["ports"]) == ([], [])


def test_not_ready_addresses_can_be_published(lab):
    start(lab, publishNotReadyAddresses=True)
    lab.set_ready(lab.pods()[0], False)
    lab.settle()
    assert [item["conditions"]["ready"] for item in endpoints(lab)] == [True, True]
    assert sorted(item["conditions"]["serving"] for item in endpoints(lab)) == [False, True]


def test_target_ports_by_number_and_default(lab):
    start(lab, ports=[{"name": "a", "port": 80, "targetPort": 9000}, {"name": "b", "port": 8080}])
    assert [(port["name"], port["port"]) for port in slices(lab)[0]["ports"]] == [("a", 9000), ("b", 8080)]


def test_a_port_that_no_container_has_is_left_out(lab):
    start(lab, ports=[{"name": "http", "port": 80, "targetPort": "http"}, {"name": "x", "port": 1, "targetPort": "no"}])
    assert [port["name"] for port in slices(lab)[0]["ports"]] == ["http"]


def test_pods_whose_named_port_differs_stand_in_slices_of_their_own(lab):
    start(lab)
    other = deployment(replicas=1, name="order-b", selector={"matchLabels": {"track": "b"}})
    other["spec"]["template"]["metadata"]["labels"] = {"app": "order", "track": "b"}
    other["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"] = 9090
    lab.store.create(DEPLOYMENTS, other)
    lab.run_pods()
    assert {found["ports"][0]["port"]: len(found["endpoints"]) for found in slices(lab)} == {8080: 2, 9090: 1}


def test_on_one_shared_address_each_pod_has_a_slice_with_its_real_port(lab):
    start(lab)
    for number, pod in enumerate(lab.pods()):
        ports = json.dumps({"8080": 41000 + number})
        lab.store.mutate(
            PODS,
            NAMESPACE,
            pod["metadata"]["name"],
            lambda body, ports=ports: body["metadata"].update(annotations={"embedded.proving-ground/ports": ports}),
        )
    lab.settle()
    assert sorted(found["ports"][0]["port"] for found in slices(lab)) == [41000, 41001]
    assert [len(found["endpoints"]) for found in slices(lab)] == [1, 1]


def test_switching_the_selector_switches_the_endpoints_at_once(lab):
    start(lab)
    green = deployment(replicas=1, name="order-green", selector={"matchLabels": {"app": "green"}})
    green["spec"]["template"]["metadata"]["labels"] = {"app": "green"}
    lab.store.create(DEPLOYMENTS, green)
    lab.run_pods()
    lab.store.mutate(SERVICES, NAMESPACE, "order", lambda body: body["spec"].update(selector={"app": "green"}))
    lab.settle()
    (item,) = endpoints(lab)
    assert item["targetRef"]["name"].startswith("order-green-")


def test_labels_that_change_move_a_pod_in_and_out(lab):
    add_service(lab)
    meta = {"name": "alone", "namespace": NAMESPACE, "labels": {"app": "debug"}}
    lab.store.create(PODS, {"metadata": meta, "spec": template()["spec"]})
    lab.run_pods()
    assert endpoints(lab) == []
    for app, expected in (("order", ["alone"]), ("debug", [])):
        lab.store.mutate(PODS, NAMESPACE, "alone", lambda body, app=app: body["metadata"]["labels"].update(app=app))
        lab.settle()
        assert [item["targetRef"]["name"] for item in endpoints(lab)] == expected


def test_slices_go_with_their_service(lab):
    start(lab)
    lab.store.delete(SERVICES, NAMESPACE, "order")
    lab.settle()
    assert slices(lab) == []


def test_a_slice_that_someone_deleted_comes_back(lab):
    start(lab)
    lab.store.delete(ENDPOINT_SLICES, NAMESPACE, slices(lab)[0]["metadata"]["name"])
    lab.settle()
    assert len(endpoints(lab)) == 2


def test_a_service_without_selector_is_left_to_whoever_writes_its_slices(lab):
    body = service()
    del body["spec"]["selector"]
    lab.store.create(SERVICES, body)
    lab.store.create(
        ENDPOINT_SLICES,
        {
            "metadata": {"name": "mine", "namespace": NAMESPACE, "labels": {"kubernetes.io/service-name": "order"}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["127.1.0.9"]}],
            "ports": [],
        },
    )
    lab.settle()
    assert [found["metadata"]["name"] for found in slices(lab)] == ["mine"]


def test_more_than_a_hundred_endpoints_are_split(lab):
    start(lab, replicas=101)
    assert sorted(len(found["endpoints"]) for found in slices(lab)) == [1, 100]


def test_what_is_not_honoured_is_named_once(lab):
    start(lab, trafficDistribution="PreferClose", ipFamilies=["IPv6"])
    lab.set_ready(lab.pods()[0], False)
    lab.settle()
    messages = sorted(lab.events("Unsupported"))
    assert [message.split(" is ")[0] for message in messages] == [
        "spec.ipFamilies: IPv6",
        "spec.trafficDistribution: PreferClose",
    ]
