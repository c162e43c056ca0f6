"""Charts come from where they are asked for, and a release is touched only if it is something else than is wanted."""

import json

import pytest
import yaml
from tests.unit.manifests.fake_cluster import FakeTransport, connect

from provision import charts, istio
from provision.charts import Chart
from provision.errors import ProvisionError
from provision.helm import Helm, Release
from provision.istio import PARTS, VALUES, Source
from provision.programs import FailedError
from provision.versions import Pinned, load

PINNED = Pinned("https://charts.example.com", "1.2.3")


def test_the_public_repository_is_the_usual_place():
    assert charts.find("istiod", PINNED, "ISTIO_CHARTS").arguments == (
        ("istiod", "--repo", "https://charts.example.com", "--version", "1.2.3")
    )


@pytest.mark.parametrize(
    ("instead", "arguments"),
    [
        ("https://mirror", ("istiod", "--repo", "https://mirror", "--version", "1.2.3")),
        ("oci://mirror/charts/", ("oci://mirror/charts/istiod", "--version", "1.2.3")),
    ],
)
def test_a_mirror_may_take_its_place(instead, arguments):
    assert charts.find("istiod", PINNED, "ISTIO_CHARTS", instead).arguments == arguments


def test_a_folder_has_charts_unpacked_at_any_depth(tmp_path):
    folder = tmp_path / "istio-control" / "istio-discovery"
    folder.mkdir(parents=True)
    (folder / "Chart.yaml").write_text("name: istiod\nversion: 1.0.0\n")
    assert charts.find("istiod", PINNED, "ISTIO_CHARTS", str(tmp_path)) == Chart("istiod", "1.0.0", (str(folder),))


def test_a_folder_has_charts_as_archives(tmp_path):
    (tmp_path / "istiod-1.2.3.tgz").touch()
    assert charts.find("istiod", PINNED, "ISTIO_CHARTS", str(tmp_path)).arguments == (f"{tmp_path}/istiod-1.2.3.tgz",)


@pytest.mark.parametrize("folder", ["", "absent"])
def test_a_folder_without_the_chart_is_named(tmp_path, folder):
    with pytest.raises(ProvisionError, match=r"ISTIO_CHARTS=.*neither istiod-1\.2\.3\.tgz nor the unpacked"):
        charts.find("istiod", PINNED, "ISTIO_CHARTS", str(tmp_path / folder))


# Releases

RELEASE = Release("istiod", "istio-system", Chart("istiod", "1.2.3", ("/charts/istiod",)), {"a": {"b": 1}})
WHERE = "--namespace istio-system --kube-context kind-a"


@pytest.fixture
def helm(fakes):
    fakes.add_all()
    fakes.add("helm", ("get metadata", 1, "Error: release: not found"))
    return Helm("/kubeconfig", "kind-a")


def deployed(fakes, status="deployed", version="1.2.3", values=None):
    about = {"name": "istiod", "chart": "istiod", "version": version, "status": status}
    fakes.add("helm", ("get metadata istiod", 0, json.dumps(about)), ("get values istiod", 0, json.dumps(values)))


def changes(fakes):
    return [call for call in fakes.calls("helm") if not call.startswith("helm get")]


def test_what_is_not_there_is_installed(helm, fakes):
    assert helm.ensure(RELEASE) == "installed"
    [call] = changes(fakes)
    assert call == f"helm upgrade --install istiod /charts/istiod --create-namespace --values - {WHERE}"
    assert yaml.safe_load(fakes.stdin("helm upgrade")) == {"a": {"b": 1}}


def test_what_is_there_as_it_should_be_is_left_alone(helm, fakes):
    deployed(fakes, values={"a": {"b": 1}})
    assert helm.ensure(RELEASE) == "unchanged"
    assert changes(fakes) == []


def test_no_values_are_no_values(helm, fakes):
    deployed(fakes, values=None)
    assert helm.ensure(Release("istiod", "istio-system", RELEASE.chart, {})) == "unchanged"


@pytest.mark.parametrize("found", [{"version": "1.2.2", "values": {"a": {"b": 1}}}, {"values": {"a": {"b": 2}}}])
def test_another_version_or_other_values_are_upgraded(helm, fakes, found):
    deployed(fakes, **found)
    assert helm.ensure(RELEASE) == "upgraded"


@pytest.mark.parametrize(
    ("status", "first"),
    [
        ("pending-install", [f"helm uninstall istiod {WHERE}"]),
        ("uninstalling", [f"helm uninstall istiod {WHERE}"]),
        ("pending-upgrade", [f"helm rollback istiod {WHERE}"]),
        ("failed", []),
    ],
)
def test_what_was_interrupted_is_put_right_first(helm, fakes, status, first):
    deployed(fakes, status)
    assert helm.ensure(RELEASE) == "installed"
    assert changes(fakes)[:-1] == first
    assert changes(fakes)[-1].startswith("helm upgrade --install")


def test_helms_own_words_are_told(helm, fakes):
    fakes.add("helm", ("upgrade", 1, "Error: chart requires kubeVersion: >= 2.0"))
    with pytest.raises(FailedError, match="chart requires kubeVersion"):
        helm.ensure(RELEASE)


def test_a_cluster_that_does_not_answer_is_not_taken_for_an_empty_one(helm, fakes):
    fakes.add("helm", ("get metadata", 1, "Error: Kubernetes cluster unreachable"))
    with pytest.raises(FailedError, match="unreachable"):
        helm.ensure(RELEASE)


# Istio


def test_every_part_has_its_values_in_the_tree():
    assert {file.stem for file in VALUES.glob("*.yaml")} == {part.chart for part in PARTS} | {"gateway-kind"}


def test_a_company_has_the_last_word(tmp_path):
    (tmp_path / "gateway.yaml").write_text("replicaCount: 5\nresources: {requests: {cpu: 2}}\n")
    values = istio.values("gateway", Source(values=str(tmp_path)), 8081)
    assert values["replicaCount"] == 5
    assert values["resources"]["requests"] == {"cpu": 2, "memory": "96Mi"}
    assert values["service"]["annotations"] == {"proving-ground/url": "http://127.0.0.1:8081"}
    assert values["service"]["type"] == "NodePort"


def test_elsewhere_the_gateway_gets_a_load_balancer():
    assert "service" not in istio.values("gateway", Source(), None)


def test_values_that_are_nowhere_are_named(tmp_path):
    with pytest.raises(ProvisionError, match=r"ISTIO_VALUES=.*is no folder"):
        istio.values("base", Source(values=str(tmp_path / "absent")), None)


def test_lists_are_replaced_and_maps_merged():
    assert istio.merge({"a": {"b": 1, "c": [1]}, "d": 1}, {"a": {"c": [2]}, "d": {"e": 1}}) == (
        {"a": {"b": 1, "c": [2]}, "d": {"e": 1}}
    )


class Steps:
    def __init__(self):
        self.told = []

    def step(self, title):
        self.told.append(title)
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        self.told[-1] += f": {self.outcome}"


@pytest.fixture
def awaited(monkeypatch):
    done = []
    monkeypatch.setattr(
        istio.wait, "ready", lambda _cluster, workload, name, _timeout: done.append((workload.kind, name))
    )
    return done


def test_the_parts_come_in_order_and_each_is_ready_before_the_next(helm, awaited):
    steps = Steps()
    version = load().charts["istio"].version
    istio.install(connect(FakeTransport()), helm, steps, Source(), 8080)
    assert [told.split(": ")[1] for told in steps.told] == ["istio-base", "istio-cni", "istiod", "istio-ingressgateway"]
    assert all(told.startswith(f"Istio {version}: ") and told.endswith(": installed") for told in steps.told)
    assert awaited == [
        ("DaemonSet", "istio-cni-node"),
        ("Deployment", "istiod"),
        ("Deployment", "istio-ingressgateway"),
    ]


def test_an_istio_of_somebody_else_is_left_alone(helm, awaited, fakes):
    transport = FakeTransport()
    path = "/apis/apps/v1/namespaces/istio-system/deployments/istiod"
    transport.objects[path] = {"kind": "Deployment", "metadata": {"name": "istiod"}}
    with pytest.raises(ProvisionError, match="leave out INSTALL_ISTIO=1"):
        istio.install(connect(transport), helm, Steps(), Source(), None)
    assert changes(fakes) == []
