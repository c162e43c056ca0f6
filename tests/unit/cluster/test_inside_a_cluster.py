"""A process in a pod takes its account's way to the API server, unless another one is named."""

import pytest
from tests.unit.cluster.fake_api import FakeApi

from cluster import settings
from cluster.client import Cluster
from cluster.errors import ClusterError
from cluster.settings import Settings
from cluster.transport import Transport


@pytest.fixture
def account(tmp_path):
    folder = tmp_path / "account"
    folder.mkdir()
    for name, content in (("token", "secret"), ("ca.crt", "authority"), ("namespace", "team")):
        (folder / name).write_text(content)
    return folder


@pytest.fixture
def environ(account):
    return {
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
        "KUBERNETES_SERVICE_PORT": "443",
        "SERVICE_ACCOUNT": str(account),
    }


def test_a_pod_works_in_its_own_namespace_by_its_account(account, environ):
    found = Settings.resolve(environ=environ)
    assert (found.account, found.kubeconfig, found.namespace) == (str(account), "", "team")
    assert Settings.resolve(environ={**environ, "NAMESPACE": "other"}).namespace == "other"


def test_a_kubeconfig_that_is_named_counts_first(environ, tmp_path, api: FakeApi):
    found = Settings.resolve(kubeconfig=api.kubeconfig(tmp_path), environ=environ)
    assert (found.account, found.namespace) == ("", "shop")


@pytest.mark.parametrize("missing", ["KUBERNETES_SERVICE_HOST", "token"])
def test_outside_of_a_pod_or_without_a_token_nothing_is_guessed(environ, account, missing, monkeypatch, tmp_path):
    monkeypatch.setattr(settings, "EMBEDDED_KUBECONFIG", tmp_path / "none")
    environ.pop(missing, None)
    if missing == "token":
        (account / "token").unlink()
    with pytest.raises(ClusterError, match="no cluster is known"):
        Settings.resolve(environ=environ)


def test_the_token_and_the_address_are_those_of_the_pod(environ, account, monkeypatch):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    transport = Transport.open(Settings.resolve())
    assert (transport.name, transport.server) == ("in-cluster", "https://10.0.0.1:443")
    assert transport._client.configuration.get_api_key_with_prefix("BearerToken").lower() == "bearer secret"


def test_an_account_without_an_authority_is_one_line(environ, account, monkeypatch):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    (account / "ca.crt").unlink()
    with pytest.raises(ClusterError, match=r"service account in .*certification file") as error:
        Cluster.connect()
    assert "\n" not in str(error.value)
