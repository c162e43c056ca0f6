"""ELK's Secrets are made once, fit each other, and are kept whatever happens in between."""

import base64
import socket
import ssl
import threading

import pytest

from cluster.authority import make_pair
from cluster.elk_secrets import SERVER, ensure_elk
from cluster.errors import ClusterError, Conflict, NotFound
from cluster.secrets import ensure

NAMESPACE = "observability"
OVERLAY = [
    {"kind": "StatefulSet", "apiVersion": "apps/v1", "metadata": {"name": "elasticsearch"}, "spec": {}},
    {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": "logstash"},
        "spec": {"env": [{"valueFrom": {"secretKeyRef": {"name": "logstash", "key": "password"}}}]},
    },
]


class FakeCluster:
    """A namespace that holds Secrets; it can be told to fail before one of them."""

    namespace = NAMESPACE

    def __init__(self):
        self.secrets = {}
        self.dies_before = ""

    def collection(self, _root, _plural):
        return self

    def find(self, name):
        return self.secrets.get(name)

    def get(self, name):
        if name not in self.secrets:
            raise NotFound(name)
        return self.secrets[name]

    def create(self, body):
        name = body["metadata"]["name"]
        if name == self.dies_before:
            raise ClusterError("interrupted")
        if name in self.secrets:
            raise Conflict(name)
        self.secrets[name] = body

    def value(self, name, key):
        return base64.b64decode(self.secrets[name]["data"][key]).decode()


@pytest.fixture
def cluster():
    return FakeCluster()


def outcomes(changes):
    return {change.name: change.outcome for change in changes}


def test_everybody_gets_what_the_server_knows_and_no_more(cluster):
    assert set(outcomes(ensure_elk(cluster)).values()) == {"created"}
    assert set(cluster.secrets) == {SERVER, "elasticsearch", "logstash", "kibana"}
    for name, key in [("elasticsearch", "reader"), ("logstash", "logstash"), ("kibana", "kibana")]:
        assert cluster.value(name, "password") == cluster.value(SERVER, f"{key}-password")
        assert cluster.value(name, "ca.crt") == cluster.value(SERVER, "ca.crt")
        assert "elastic-password" not in cluster.secrets[name]["data"]
    assert cluster.value("elasticsearch", "username") == "reader"
    passwords = {cluster.value(SERVER, key) for key in cluster.secrets[SERVER]["data"] if key.endswith("-password")}
    keys = {cluster.value("kibana", f"{use}-key") for use in ("security", "saved-objects", "reporting")}
    assert len(passwords) == 4
    assert min(len(secret) for secret in passwords | keys) >= 32


def test_a_second_time_nothing_changes(cluster):
    ensure_elk(cluster)
    before = {name: dict(body["data"]) for name, body in cluster.secrets.items()}
    assert set(outcomes(ensure_elk(cluster)).values()) == {"unchanged"}
    assert {name: body["data"] for name, body in cluster.secrets.items()} == before


def test_an_interrupted_set_up_goes_on_with_the_same_passwords(cluster):
    cluster.dies_before = "logstash"
    with pytest.raises(ClusterError):
        ensure_elk(cluster)
    password = cluster.value(SERVER, "logstash-password")
    cluster.dies_before = ""
    found = outcomes(ensure_elk(cluster))
    assert (found[SERVER], found["logstash"]) == ("unchanged", "created")
    assert cluster.value("logstash", "password") == password


def test_a_secret_that_lacks_a_key_is_named_and_left_alone(cluster):
    cluster.secrets[SERVER] = {"metadata": {"name": SERVER}, "data": {"tls.crt": "eA=="}}
    with pytest.raises(ClusterError, match=r"elasticsearch-server .* has no ca.crt, elastic-password"):
        ensure_elk(cluster)
    assert cluster.secrets[SERVER]["data"] == {"tls.crt": "eA=="}


def test_an_overlay_with_elasticsearch_gets_them_and_another_does_not(cluster):
    assert outcomes(ensure(cluster, OVERLAY))["logstash"] == "created"
    with pytest.raises(ClusterError, match="Secret logstash is yours to bring"):
        ensure(FakeCluster(), OVERLAY[1:])


@pytest.mark.parametrize(("name", "good"), [("elasticsearch.observability.svc", True), ("evil.example", False)])
def test_clients_trust_the_certificate_under_the_servers_names_only(cluster, tmp_path, name, good):
    ensure_elk(cluster)
    error = _handshake(cluster, tmp_path, cluster.value("elasticsearch", "ca.crt"), name)
    assert (error is None) == good


def test_clients_of_another_authority_do_not_trust_it(cluster, tmp_path):
    ensure_elk(cluster)
    assert "verify failed" in str(
        _handshake(cluster, tmp_path, make_pair(["elasticsearch"]).authority, "elasticsearch")
    )


def _handshake(cluster, folder, authority, name):
    """Return why a client that trusts an authority does not talk to a server with the Secret's pair, or None."""
    for key in ("tls.crt", "tls.key"):
        (folder / key).write_text(cluster.value(SERVER, key))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    client = ssl.create_default_context(cadata=authority)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    near, far = socket.socketpair()
    thread = threading.Thread(target=_accept, args=(server, far))
    thread.start()
    try:
        client.wrap_socket(near, server_hostname=name).close()
    except ssl.SSLError as error:
        return error
    finally:
        near.close()
        thread.join()
    return None


def _accept(context, connection):
    try:
        context.wrap_socket(connection, server_side=True).close()
    except OSError:
        connection.close()
