"""ELK's manifests: least rights, stated resources, one version, and files that fit each other."""

import re

import pytest
import yaml
from tests.manifests.policies import pods_are_restricted, resources_are_set
from tests.manifests.rendered import REPOSITORY, containers, named, of_kind, pod_of, render
from tests.manifests.strict import problems

from cluster.elk_secrets import is_elks
from cluster.needs import needs

ELK = REPOSITORY / "observability/elk"
FOLDERS = [ELK, *(ELK / part for part in ("elasticsearch", "logstash", "filebeat", "kibana"))]
WORKLOADS = ("DaemonSet", "Deployment", "Job", "StatefulSet")
# What a laptop gives to logs: for heaps, for what is beside them, and for curl.
MEMORY = 2.6 * 1024**3
UNITS = {"Mi": 1024**2, "Gi": 1024**3}


def everything():
    return [*render(ELK), *render(ELK / "filebeat")]


def unlimited(objects):
    """Apply the policy of the shop's workloads, which has no DaemonSet, to all of them."""
    return list(resources_are_set([{**body, "kind": "Deployment"} for body in of_kind(objects, *WORKLOADS)]))


def size(text):
    return int(text[:-2]) * UNITS[text[-2:]]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_folder_renders_alone_and_reads_strictly(folder):
    objects = render(folder)
    assert {str(body["metadata"]): problems(body) for body in objects if problems(body)} == {}
    labels = [body["metadata"]["labels"] for body in objects]
    assert {each["app.kubernetes.io/part-of"] for each in labels} == {"proving-ground"}
    if folder != ELK:
        assert {each["app.kubernetes.io/name"] for each in labels} == {folder.name}


def test_all_of_it_is_one_version():
    images = {container["image"] for body in of_kind(everything(), *WORKLOADS) for container in containers(body)}
    assert {image.partition(":")[0] for image in images} == {
        f"elastic/{name}" for name in ("elasticsearch", "filebeat", "kibana", "logstash")
    }
    assert len({image.partition(":")[2] for image in images}) == 1


def test_pods_outside_of_filebeats_namespace_are_restricted():
    assert list(pods_are_restricted(render(ELK))) == []
    assert {body["metadata"]["namespace"] for body in render(ELK)} == {"observability"}


def test_filebeat_has_the_nodes_files_and_nothing_more():
    objects = render(ELK / "filebeat")
    pod = pod_of(named(objects, "DaemonSet", "filebeat"))
    [container] = pod["containers"]
    paths = {volume["name"]: volume["hostPath"]["path"] for volume in pod["volumes"] if "hostPath" in volume}
    writable = {mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    assert paths == {"logs": "/var/log", "data": "/var/lib/proving-ground-filebeat"}
    assert writable & paths.keys() == {"data"}
    context = container["securityContext"]
    assert (context["readOnlyRootFilesystem"], context["allowPrivilegeEscalation"]) == (True, False)
    assert context["capabilities"] == {"drop": ["ALL"]}
    rules = [rule for body in of_kind(objects, "ClusterRole", "Role") for rule in body["rules"]]
    assert rules == [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}]


def test_nobody_but_filebeat_has_rights_in_the_cluster():
    accounts = of_kind(render(ELK), "ServiceAccount")
    assert all(account["automountServiceAccountToken"] is False for account in accounts)
    assert not of_kind(render(ELK), "ClusterRole", "Role", "ClusterRoleBinding", "RoleBinding")


def test_resources_are_stated_and_fit_a_laptop():
    assert unlimited(everything()) == []
    steady = of_kind(everything(), "DaemonSet", "Deployment", "StatefulSet")
    asked = [size(each["resources"]["requests"]["memory"]) for body in steady for each in containers(body)]
    assert sum(asked) <= MEMORY


@pytest.mark.parametrize(
    ("kind", "name", "variable"),
    [("StatefulSet", "elasticsearch", "ES_JAVA_OPTS"), ("Deployment", "logstash", "LS_JAVA_OPTS")],
)
def test_heaps_are_said_and_leave_room_below_the_limit(kind, name, variable):
    [container] = pod_of(named(everything(), kind, name))["containers"]
    options = next(entry["value"] for entry in container["env"] if entry["name"] == variable)
    least, most = (int(re.search(rf"{flag}(\d+)m\b", options)[1]) * UNITS["Mi"] for flag in ("-Xms", "-Xmx"))
    assert least == most
    # Lucene, the network and threads live beside the heap.
    assert most <= size(container["resources"]["limits"]["memory"]) / 2
    assert most < size(container["resources"]["requests"]["memory"])


def test_every_secret_that_pods_need_is_made_at_set_up():
    wanted = needs(render(ELK))
    assert {need.name for need in wanted} == {"elasticsearch-server", "logstash", "kibana"}
    assert all(is_elks(need) for need in wanted)
    assert needs(render(ELK / "filebeat")) == []


def test_security_is_on_and_memory_maps_are_off():
    settings = yaml.safe_load((ELK / "elasticsearch/elasticsearch.yml").read_text())
    assert settings["xpack.security.enabled"] is True
    assert settings["xpack.security.http.ssl"]["enabled"] is True
    assert settings["node.store.allow_mmap"] is False
    assert settings["transport.host"] == "127.0.0.1"


def test_everybody_speaks_tls_with_elasticsearch():
    texts = {file: file.read_text() for file in ELK.rglob("*.*") if file.suffix in (".yml", ".yaml", ".conf", ".sh")}
    plain = [file.name for file, text in texts.items() if re.search(r"http://elasticsearch|verif\w*[^\n]*none", text)]
    assert plain == []


def test_every_port_that_is_called_is_a_services_port():
    ports = {
        f"{body['metadata']['name']}:{port['port']}"
        for body in of_kind(render(ELK), "Service")
        for port in body["spec"]["ports"]
    }
    texts = [file.read_text() for file in ELK.rglob("*") if file.suffix in (".yml", ".yaml", ".conf")]
    called = {found for text in texts for found in re.findall(r"\b(?:elasticsearch|kibana|logstash):\d+", text)}
    assert called
    assert called <= ports
    env = pod_of(named(everything(), "DaemonSet", "filebeat"))["containers"][0]["env"]
    [logstash] = [entry["value"] for entry in env if entry["name"] == "LOGSTASH"]
    assert logstash.replace(".observability.svc", "") in ports


def test_network_policies_let_in_whom_the_manifests_need():
    def peers(name):
        [rule] = named(everything(), "NetworkPolicy", name)["spec"]["ingress"]
        [peer] = rule["from"]
        return peer

    asked = {"elasticsearch-setup", "kibana", "logstash"}
    workloads = of_kind(render(ELK), *WORKLOADS)
    labels = {body["spec"]["template"]["metadata"]["labels"]["app"] for body in workloads}
    assert asked | {"elasticsearch"} == labels
    assert asked <= set(peers("elasticsearch")["podSelector"]["matchExpressions"][0]["values"])
    space = peers("logstash")["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
    assert space == named(everything(), "DaemonSet", "filebeat")["metadata"]["namespace"]


def test_missing_limits_and_roots_are_found():
    objects = everything()
    for name in ("filebeat", "kibana"):
        [pod] = [pod_of(body) for body in of_kind(objects, *WORKLOADS) if body["metadata"]["name"] == name]
        del pod["containers"][0]["resources"]["limits"]
        pod["securityContext"] = {}
    assert set(unlimited(objects)) == {"filebeat has no limit of memory", "kibana has no limit of memory"}
    assert "kibana may run as root" in list(pods_are_restricted(objects))
