"""Towards the API server the proxy is who the kubeconfig says: TLS that is checked, and a client certificate."""

import datetime
import ipaddress
import ssl
import threading
from contextlib import contextmanager

import pytest
import requests
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.unit.cluster.fake_api import FakeApi, Handler, Server

from cluster.settings import Settings
from cluster.transport import Transport
from drills.chaos.api_proxy import ApiProxy


def certificate(folder, name):
    """Write a certificate that vouches for itself, and its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    built = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / f"{name}.crt", folder / f"{name}.key"
    pem.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    private.write_bytes(key.private_bytes(*form))
    return pem, private


@pytest.fixture
def server(tmp_path):
    """An API server over TLS that lets in nobody without the right certificate."""
    api, (own, key), (client, _) = FakeApi(), certificate(tmp_path, "server"), certificate(tmp_path, "client")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=client)
    context.load_cert_chain(own, key)
    context.verify_mode = ssl.CERT_REQUIRED
    listening = Server(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"api": api}))
    listening.handle_error = lambda *_args: None  # who is not let in
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{listening.server_address[1]}"
    listening.shutdown()
    listening.server_close()
    thread.join()


@contextmanager
def proxy_for(tmp_path, url, **changes):
    cluster = {"server": url, "certificate-authority": str(tmp_path / "server.crt")} | changes.get("cluster", {})
    user = {"client-certificate": str(tmp_path / "client.crt"), "client-key": str(tmp_path / "client.key")}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "embedded",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": changes.get("user", user)}],
        "contexts": [{"name": "embedded", "context": {"cluster": "c", "user": "u"}}],
    }
    (tmp_path / "secured").write_text(yaml.safe_dump(content))
    upstream = Transport.open(Settings.resolve(tmp_path / "secured")).upstream()
    with ApiProxy(upstream, "embedded", "shop") as proxy:
        yield proxy


def test_it_shows_its_certificate_and_checks_the_servers(server, tmp_path):
    with proxy_for(tmp_path, server) as proxy:
        assert requests.get(f"{proxy.url}/version", timeout=5).json() == {"gitVersion": "v1.37.0"}


@pytest.mark.parametrize(
    "changes",
    [{"user": {"token": "secret"}}, {"cluster": {"certificate-authority": "client.crt"}}],
    ids=["no certificate of its own", "a server that nobody vouches for"],
)
def test_without_either_nothing_gets_through(server, tmp_path, changes, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with proxy_for(tmp_path, server, **changes) as proxy, pytest.raises(requests.ConnectionError):
        requests.get(f"{proxy.url}/version", timeout=5)
