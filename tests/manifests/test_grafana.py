"""Grafana's manifests: restricted, pinned, with a volume; every file that it reads is there, and fits the others."""

import copy
import json
import re
import shutil

import pytest
import yaml
from tests.manifests import policies
from tests.manifests.rendered import REPOSITORY, containers, named, of_kind, pod_of
from tests.unit.cluster.test_elk_secrets import FakeCluster

from cluster.errors import ClusterError
from cluster.kustomize.build import build
from cluster.secrets import ensure

FOLDER = REPOSITORY / "observability/grafana"
DASHBOARDS = sorted(path.name for path in (FOLDER / "dashboards").glob("*.json"))


@pytest.fixture(scope="module")
def grafana():
    return build(FOLDER)


@pytest.fixture(scope="module")
def with_logs(tmp_path_factory):
    """Grafana beside ELK."""
    folder = tmp_path_factory.mktemp("checkout")
    shutil.copytree(FOLDER, folder / "grafana")
    overlay = folder / "overlay"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text(
        "resources: [../grafana]\ncomponents: [../grafana/elasticsearch]\n",
    )
    return build(overlay)


def config_map(objects, name):
    [found] = [body for body in of_kind(objects, "ConfigMap") if re.fullmatch(rf"{name}-\w{{10}}", _name(body))]
    return found["data"]


def _name(body):
    return body["metadata"]["name"]


def sources(objects):
    """Return the data sources by uid."""
    files = config_map(objects, "grafana-datasources").values()
    return {each["uid"]: each for text in files for each in yaml.safe_load(text)["datasources"]}


@pytest.mark.parametrize("policy", [policies.pods_are_restricted, policies.resources_are_set])
def test_the_pod_keeps_to_the_shop_s_policies(grafana, with_logs, policy):
    assert list(policy(grafana)) == []
    assert list(policy(with_logs)) == []


def test_the_policies_find_a_breach(grafana):
    objects = copy.deepcopy(grafana)
    [container] = containers(named(objects, "Deployment", "grafana"))
    container["securityContext"].pop("readOnlyRootFilesystem")
    container["resources"].pop("limits")
    assert list(policies.pods_are_restricted(objects))
    assert list(policies.resources_are_set(objects))


def test_everything_is_in_its_namespace_and_says_whose_it_is(grafana):
    for body in grafana:
        assert body["metadata"]["namespace"] == "observability"
        assert body["metadata"]["labels"]["app.kubernetes.io/part-of"] == "proving-ground"
        assert body["metadata"]["labels"]["app.kubernetes.io/name"] == "grafana"
    assert of_kind(grafana, "Namespace") == []


def test_the_image_is_pinned(grafana):
    [container] = containers(named(grafana, "Deployment", "grafana"))
    assert re.fullmatch(r"grafana/grafana:\d+\.\d+\.\d+", container["image"])


def test_the_service_leads_to_the_pod(grafana):
    deployment, service = named(grafana, "Deployment", "grafana"), named(grafana, "Service", "grafana")
    assert service["spec"]["selector"].items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
    [port], [container] = service["spec"]["ports"], containers(deployment)
    assert (port["port"], port["targetPort"]) == (3000, container["ports"][0]["name"])


def test_what_drills_note_down_outlives_the_pod(grafana):
    """On a volume that two pods never write at once."""
    deployment = named(grafana, "Deployment", "grafana")
    volumes = {each["name"]: each for each in pod_of(deployment)["volumes"]}
    [container] = containers(deployment)
    [data] = [each for each in container["volumeMounts"] if each["mountPath"] == "/var/lib/grafana"]
    claim = volumes[data["name"]]["persistentVolumeClaim"]["claimName"]
    assert named(grafana, "PersistentVolumeClaim", claim)
    assert deployment["spec"]["strategy"] == {"type": "Recreate"}
    assert deployment["spec"]["replicas"] == 1


def test_every_dashboard_is_mounted_where_the_provider_looks(grafana):
    [provider] = yaml.safe_load(config_map(grafana, "grafana-providers")["dashboards.yaml"])["providers"]
    deployment = named(grafana, "Deployment", "grafana")
    [container] = containers(deployment)
    [mount] = [each for each in container["volumeMounts"] if each["mountPath"] == provider["options"]["path"]]
    [volume] = [each for each in pod_of(deployment)["volumes"] if each["name"] == mount["name"]]
    maps = {_name(body): body["data"] for body in of_kind(grafana, "ConfigMap")}
    files = [file for source in volume["projected"]["sources"] for file in maps[source["configMap"]["name"]]]
    assert sorted(files) == DASHBOARDS
    assert config_map(grafana, "grafana")["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] in {
        f"{mount['mountPath']}/{file}" for file in files
    }


def test_every_map_fits_into_kubernetes(grafana):
    for body in of_kind(grafana, "ConfigMap"):
        assert len(json.dumps(body)) < 2**18, "kubectl apply keeps a copy in an annotation of at most 256 KiB"


def test_without_elk_nothing_asks_for_it(grafana):
    assert set(sources(grafana)) == {"prometheus", "alertmanager", "jaeger"}
    assert "elasticsearch" not in yaml.safe_dump_all(grafana).lower()


@pytest.mark.parametrize(("overlay", "has_logs"), [("standard", False), ("elk", True)])
def test_the_overlays_bring_the_logs_where_elk_is(overlay, has_logs):
    objects = build(REPOSITORY / "observability/overlays" / overlay)
    assert ("elasticsearch" in sources(objects)) is has_logs
    assert ("tracesToLogsV2" in sources(objects)["jaeger"]["jsonData"]) is has_logs


def test_metrics_lead_to_traces_and_traces_to_logs_and_back(with_logs):
    found = sources(with_logs)
    assert set(found) == {"prometheus", "alertmanager", "jaeger", "elasticsearch"}
    assert found["prometheus"]["jsonData"]["exemplarTraceIdDestinations"][0]["datasourceUid"] == "jaeger"
    assert found["jaeger"]["jsonData"]["tracesToLogsV2"]["datasourceUid"] == "elasticsearch"
    assert found["elasticsearch"]["jsonData"]["dataLinks"][0]["datasourceUid"] == "jaeger"
    assert found["elasticsearch"]["jsonData"]["dataLinks"][0]["field"] == "trace.id"


def test_jaeger_is_the_same_with_and_without_logs(grafana, with_logs):
    with_link = sources(with_logs)["jaeger"]
    with_link["jsonData"].pop("tracesToLogsV2")
    assert with_link == sources(grafana)["jaeger"]


def test_no_password_stands_in_a_file(with_logs):
    """It comes from Secrets, by the environment and by files."""
    source = sources(with_logs)["elasticsearch"]
    assert all(value.startswith("$") for value in source["secureJsonData"].values())
    [container] = containers(named(with_logs, "Deployment", "grafana"))
    variables = {each["name"] for each in container["env"] if "secretKeyRef" in each["valueFrom"]}
    assert {source["basicAuthUser"][1:], source["secureJsonData"]["basicAuthPassword"][1:]} <= variables
    assert {"GF_SECURITY_ADMIN_USER", "GF_SECURITY_ADMIN_PASSWORD"} <= variables


def test_the_services_that_are_asked_have_the_ports_that_are_agreed(with_logs):
    assert {uid: source["url"].split("//")[1] for uid, source in sources(with_logs).items()} == {
        "prometheus": "prometheus:9090",
        "alertmanager": "alertmanager:9093",
        "jaeger": "jaeger:16686",
        "elasticsearch": "elasticsearch.observability.svc:9200",
    }


def test_credentials_are_made_once_and_kept(grafana):
    cluster = FakeCluster()
    [made] = ensure(cluster, grafana)
    assert (made.outcome, made.name) == ("created", "grafana")
    assert cluster.value("grafana", "admin-user") == "admin"
    password = cluster.value("grafana", "admin-password")
    assert len(password) >= 32
    [kept] = ensure(cluster, grafana)
    assert kept.outcome == "unchanged"
    assert cluster.value("grafana", "admin-password") == password


def test_a_secret_of_grafana_that_lacks_a_key_is_told(grafana):
    cluster = FakeCluster()
    cluster.secrets["grafana"] = {"data": {"admin-user": "YQ=="}}
    with pytest.raises(ClusterError, match="has no admin-password"):
        ensure(cluster, grafana)
