"""Nobody's cluster is taken by accident: which kubeconfig is looked at, and who has to say yes."""

import io
import sys

import pytest
from tests.unit.cluster.fake_api import FakeApi

from cluster import settings
from cluster.client import Cluster
from cluster.errors import ClusterError
from cluster.settings import Settings, asked_on_terminal


@pytest.fixture(autouse=True)
def nobody_has_agreed(monkeypatch, tmp_path):
    monkeypatch.setattr(settings, "_agreed", set())
    monkeypatch.setattr(settings, "EMBEDDED_KUBECONFIG", tmp_path / "none")
    monkeypatch.setattr(settings, "KIND_KUBECONFIG", tmp_path / ".kind" / "kubeconfig")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def users_own(tmp_path, api: FakeApi, context: str):
    folder = tmp_path / "home" / ".kube"
    folder.mkdir(parents=True)
    return api.kubeconfig(tmp_path, context).rename(folder / "config")


def test_a_context_that_is_named_is_looked_up_where_kubectl_does(monkeypatch, tmp_path, api: FakeApi):
    users_own(tmp_path, api, "team")
    monkeypatch.setenv("CONFIRM", "1")
    monkeypatch.setenv("KUBECONTEXT", "team")
    assert Cluster.connect().name == "team"


def test_the_clusters_context_of_this_checkout_means_its_own_kubeconfig(tmp_path, api: FakeApi):
    (tmp_path / ".kind").mkdir()
    api.kubeconfig(tmp_path, settings.KIND_CONTEXT).rename(tmp_path / ".kind" / "kubeconfig")
    assert Cluster.connect(context=settings.KIND_CONTEXT).name == "kind-proving-ground"


def test_without_kinds_cluster_the_message_says_how_to_get_it(tmp_path):
    with pytest.raises(ClusterError, match="make up CLUSTER=kind"):
        Cluster.connect(tmp_path / ".kind" / "kubeconfig")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("typed", "yes"), [("team\n", True), ("y\n", False), ("", False), ("\n", False)])
def test_a_person_says_yes_by_typing_the_context(monkeypatch, typed, yes):
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert asked_on_terminal("team", "may it be?") is yes
    assert "may it be?" in sys.stderr.getvalue()


def test_where_nobody_can_type_nobody_is_asked(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("team\n"))
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert asked_on_terminal("team", "may it be?") is False
    assert sys.stderr.getvalue() == ""


def test_one_yes_holds_for_the_whole_command():
    chosen = Settings("", "team", "shop", None, None, confirmed=False)
    asked = []
    for _time in range(2):
        chosen.check_meant("team", "https://team", lambda *question: not asked.append(question))
    assert len(asked) == 1
    with pytest.raises(ClusterError, match="CONFIRM=1"):
        chosen.check_meant("team", "https://other", lambda *_question: False)


@pytest.mark.parametrize("registry", ["https://registry", "a b", "/", "registry//team"])
def test_a_registry_that_is_none_is_refused(tmp_path, api: FakeApi, registry):
    if registry == "/":
        assert settings.registry({"IMAGE_REGISTRY": registry}) == ""
        return
    with pytest.raises(ClusterError, match="IMAGE_REGISTRY="):
        settings.registry({"IMAGE_REGISTRY": registry})


def test_a_gateway_says_itself_where_users_reach_it(cluster, api: FakeApi):
    annotations = {"proving-ground/url": "http://localhost:8080"}
    path = "/api/v1/namespaces/istio-system/services/istio-ingressgateway"
    api.put(path, {"metadata": {"annotations": annotations}, "spec": {"ports": []}})
    assert cluster.gateway_url == "http://localhost:8080"


def test_another_namespace_is_reached_over_the_same_connection(cluster, api: FakeApi):
    api.put("/api/v1/namespaces/istio-system/services/a", {})
    assert cluster.at("istio-system").services.get("a")
    assert cluster.namespace == "shop"
