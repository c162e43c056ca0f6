"""What --cluster names: never a cluster that nobody said the tests may touch."""

import pytest
import yaml
from tests.contract import clusters

from cluster.errors import ClusterError


@pytest.fixture
def kubeconfig(tmp_path, monkeypatch):
    for name in ("CONFIRM", "KUBECONFIG", "KUBECONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(clusters, "KIND_KUBECONFIG", tmp_path / "none")

    def write(*contexts):
        path = tmp_path / "kubeconfig"
        server = {"name": "a", "cluster": {"server": "http://127.0.0.1:1"}}
        named = [{"name": name, "context": {"cluster": "a", "user": "a"}} for name in contexts]
        body = {"clusters": [server], "users": [{"name": "a", "user": {}}], "contexts": named}
        path.write_text(yaml.safe_dump({**body, "current-context": contexts[0]}))
        return str(path)

    return write


def test_a_strange_cluster_has_to_be_confirmed(kubeconfig):
    path = kubeconfig("production")
    for named, environ in ((path, {}), ("context", {"KUBECONFIG": path})):
        with pytest.raises(ClusterError, match="set CONFIRM=1"):
            clusters.existing(named, environ)


def test_a_confirmed_cluster_has_to_answer(kubeconfig, monkeypatch):
    monkeypatch.setenv("CONFIRM", "1")
    with pytest.raises(ClusterError, match="production does not answer"):
        clusters.existing(kubeconfig("production"), {})


def test_kind_is_the_only_context_of_that_name(kubeconfig):
    path = kubeconfig("production", "kind-shop")
    with pytest.raises(ClusterError, match="kind-shop does not answer"):
        clusters.existing("kind", {"KUBECONFIG": path})


def test_of_several_kind_clusters_one_has_to_be_named(kubeconfig):
    path = kubeconfig("kind-a", "kind-b")
    with pytest.raises(ClusterError, match=r"2 contexts kind-\*: set KUBECONTEXT"):
        clusters.existing("kind", {"KUBECONFIG": path})
    with pytest.raises(ClusterError, match="kind-b does not answer"):
        clusters.existing("kind", {"KUBECONFIG": path, "KUBECONTEXT": "kind-b"})


def test_without_any_kind_cluster_the_way_to_one_is_told(kubeconfig):
    with pytest.raises(ClusterError, match="0 contexts"):
        clusters.existing("kind", {"KUBECONFIG": kubeconfig("production")})
    with pytest.raises(ClusterError, match="make up CLUSTER=kind"):
        clusters.existing("kind", {"KUBECONFIG": "/nowhere/kubeconfig"})
