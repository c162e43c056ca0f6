"""Which cluster is meant, and that everything which stands in the way is one line."""

import threading

import pytest
from tests.unit.cluster.fake_api import NAMESPACED, PROXY, FakeApi

from cluster import settings
from cluster.client import Cluster
from cluster.errors import ClusterError, Conflict, Forbidden, NotFound, Unreachable

SERVICES = f"/api/v1{NAMESPACED}services"
GATEWAY = "/api/v1/namespaces/istio-system/services/istio-ingressgateway"


def one_line(error: pytest.ExceptionInfo[ClusterError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_without_any_kubeconfig_it_says_how_to_get_a_cluster(monkeypatch, tmp_path):
    monkeypatch.setattr(settings, "EMBEDDED_KUBECONFIG", tmp_path / "none")
    with pytest.raises(ClusterError) as error:
        Cluster.connect()
    assert "make up" in one_line(error)


def test_the_users_own_kubeconfig_is_never_looked_at(monkeypatch, tmp_path, api: FakeApi):
    home = tmp_path / "home"
    (home / ".kube").mkdir(parents=True)
    api.kubeconfig(tmp_path).rename(home / ".kube" / "config")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr(settings, "EMBEDDED_KUBECONFIG", tmp_path / "none")
    with pytest.raises(ClusterError, match="no cluster is known"):
        Cluster.connect()


def test_the_embedded_cluster_is_taken_where_nothing_else_is_said(monkeypatch, tmp_path, api: FakeApi):
    monkeypatch.setattr(settings, "EMBEDDED_KUBECONFIG", api.kubeconfig(tmp_path))
    assert Cluster.connect().name == "embedded"


def test_arguments_come_before_the_environment(monkeypatch, tmp_path, api: FakeApi):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "absent"))
    monkeypatch.setenv("NAMESPACE", "other")
    with Cluster.connect(api.kubeconfig(tmp_path), namespace="shop") as cluster:
        assert cluster.namespace == "shop"
    with Cluster.connect(api.kubeconfig(tmp_path)) as cluster:
        assert cluster.namespace == "other"


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ClusterError) as error:
        Cluster.connect(tmp_path / "absent")
    assert str(tmp_path / "absent") in one_line(error)


@pytest.mark.parametrize("text", ["not: [a, kubeconfig", "- 1", "{}", ""])
def test_a_kubeconfig_that_is_none_is_one_line(tmp_path, text):
    path = tmp_path / "broken"
    path.write_text(text)
    with pytest.raises(ClusterError) as error:
        Cluster.connect(path)
    assert str(path) in one_line(error)


def test_a_context_that_is_not_there_is_named_with_those_that_are(tmp_path, api: FakeApi):
    with pytest.raises(ClusterError) as error:
        Cluster.connect(api.kubeconfig(tmp_path), context="staging")
    assert "staging" in one_line(error)
    assert "embedded" in str(error.value)


def test_any_other_cluster_has_to_be_confirmed(monkeypatch, tmp_path, api: FakeApi):
    with pytest.raises(ClusterError) as error:
        Cluster.connect(api.kubeconfig(tmp_path, "production"))
    assert "CONFIRM=1" in one_line(error)
    assert "production" in str(error.value)
    assert api.reads == []
    monkeypatch.setenv("CONFIRM", "1")
    assert Cluster.connect(api.kubeconfig(tmp_path, "production")).name == "production"


def test_a_cluster_of_kind_needs_no_confirmation(tmp_path, api: FakeApi):
    assert Cluster.connect(api.kubeconfig(tmp_path, "kind-shop")).name == "kind-shop"


def test_a_cluster_that_is_away_is_one_line(tmp_path, api: FakeApi):
    api.url = "http://127.0.0.1:1"
    with pytest.raises(Unreachable) as error:
        Cluster.connect(api.kubeconfig(tmp_path))
    assert "http://127.0.0.1:1" in one_line(error)


def test_a_proxy_of_the_environment_is_not_asked_for_a_cluster_on_this_machine(monkeypatch, tmp_path, api: FakeApi):
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert Cluster.connect(api.kubeconfig(tmp_path)).name == "embedded"


@pytest.mark.parametrize(
    ("code", "kind", "word"),
    [(401, Forbidden, "credentials"), (403, Forbidden, "may not"), (500, ClusterError, "may not")],
)
def test_refusals_are_one_line_with_the_servers_own_words(cluster, api: FakeApi, code, kind, word):
    api.refuse = lambda method, path: (code, "u may not\nlist services")
    with pytest.raises(kind) as error:
        cluster.services.list()
    assert word in one_line(error)
    assert f"{code} to GET" in str(error.value)


def test_missing_and_taken_names_have_errors_of_their_own(cluster, api: FakeApi):
    with pytest.raises(NotFound):
        cluster.services.get("order")
    assert cluster.services.find("order") is None
    assert cluster.services.delete("order") is False
    cluster.services.create({"metadata": {"name": "order"}})
    with pytest.raises(Conflict):
        cluster.services.create({"metadata": {"name": "order"}})


def test_amending_reads_again_after_a_conflict(cluster, api: FakeApi):
    api.put(f"{SERVICES}/order", {"spec": {"count": 1}})
    raced = []

    def change(current):
        if not raced:
            raced.append(1)
            api.put(f"{SERVICES}/order", {"spec": {"count": 5}})
        return {"spec": {"count": current["spec"]["count"] + 1}}

    assert cluster.services.amend("order", change)["spec"]["count"] == 6


def test_amending_gives_up_when_others_never_stop(cluster, api: FakeApi):
    api.put(f"{SERVICES}/order", {"spec": {"count": 1}})

    def change(current):
        api.put(f"{SERVICES}/order", {"spec": {"count": 5}})
        return {"spec": {"count": 0}}

    with pytest.raises(Conflict):
        cluster.services.amend("order", change)


def test_the_selector_is_patched_as_kubectl_would(cluster, api: FakeApi):
    api.put(f"{SERVICES}/order", {"spec": {"selector": {"app": "order", "version": "v1"}}})
    cluster.patch_selector("order", {"app": "order", "version": "v2"})
    [(method, path, body)] = api.calls
    assert (method, path, body["spec"]) == ("PATCH", "services/order", {"selector": {"app": "order", "version": "v2"}})


def test_labels_that_the_new_selector_has_not_are_gone_from_it(cluster, api: FakeApi):
    api.put(f"{SERVICES}/order", {"spec": {"selector": {"app": "order", "colour": "blue"}}})
    cluster.patch_selector("order", {"app": "order"})
    assert api.objects[f"{SERVICES}/order"]["spec"]["selector"] == {"app": "order"}


def test_whoever_looks_at_a_service_first_may_keep_it_as_it_is(cluster, api: FakeApi):
    api.put(f"{SERVICES}/order", {"spec": {"selector": {"app": "order"}}})

    def refuse(service):
        raise ClusterError(service["spec"]["selector"]["app"])

    with pytest.raises(ClusterError, match="order"):
        cluster.patch_selector("order", {"app": "order", "version": "v2"}, refuse)
    assert api.calls == []


def test_the_gateway_is_found_through_its_service(cluster, api: FakeApi):
    ports = [{"name": "status", "port": 15021}, {"name": "http2", "port": 18080}]
    api.put(GATEWAY, {"spec": {"ports": ports}, "status": {"loadBalancer": {"ingress": [{"ip": "127.0.0.9"}]}}})
    assert cluster.gateway_url == "http://127.0.0.9:18080"


def test_a_gateway_without_an_address_says_what_to_do(cluster, api: FakeApi):
    api.put(GATEWAY, {"spec": {"ports": []}, "status": {"loadBalancer": {}}})
    with pytest.raises(ClusterError) as error:
        _ = cluster.gateway_url
    assert "GATEWAY_URL" in one_line(error)


def test_the_gateway_of_the_environment_comes_first(monkeypatch, tmp_path, api: FakeApi):
    monkeypatch.setenv("GATEWAY_URL", "http://127.0.0.1:9/")
    assert Cluster.connect(api.kubeconfig(tmp_path)).gateway_url == "http://127.0.0.1:9"
    monkeypatch.setenv("GATEWAY_URL", "127.0.0.1:9")
    with pytest.raises(ClusterError, match=r"GATEWAY_URL=127\.0\.0\.1:9 is no address"):
        Cluster.connect(api.kubeconfig(tmp_path))


def test_prometheus_is_asked_through_the_service_proxy(cluster, api: FakeApi):
    asked = []
    api.ask_prometheus = lambda query: asked.append(query) or {"resultType": "vector", "result": []}
    cluster.through_service("observability", "prometheus:9090", "/api/v1/query", {"query": 'up{a="b c"}[5s]'})
    assert asked == ['up{a="b c"}[5s]']
    assert PROXY not in api.reads


def test_an_answer_that_is_late_is_not_asked_for_again(api, tmp_path):
    over, asked = threading.Event(), []

    def wait(method, path, *_rest):
        asked.append(path)
        over.wait()
        return 200, {}

    with Cluster.connect(api.kubeconfig(tmp_path)) as cluster:
        api.answer = wait
        with pytest.raises(Unreachable, match="did not answer in time, or whom it had to ask did not"):
            cluster.request("GET", "/version", timeout=0.2)
    over.set()
    assert asked == ["/version"]
