"""The API server's certificate and the token: who does not have the kubeconfig cannot start processes here."""

from __future__ import annotations

import datetime
import ipaddress
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# A cluster for one machine that is reset at will: nobody has to renew anything.
_VALID_FOR = datetime.timedelta(days=3650)
# A clock that is set back a little must not make the certificate invalid.
_CLOCK_SKEW = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Credentials:
    """What the API server proves itself with and asks for.

    Attributes:
        ca: certificate of the cluster's own authority.
        certificate: the server's certificate.
        key: its key.
        token: the bearer token of every request.
    """

    ca: Path
    certificate: Path
    key: Path
    token: str


def credentials(folder: Path, host: str) -> Credentials:
    """Return the credentials kept in a folder; they are made at the first start, and anew for another address."""
    folder.mkdir(parents=True, exist_ok=True)
    ca, certificate, key, token = (folder / name for name in ("ca.crt", "server.crt", "server.key", "token"))
    made_for = folder / "host"
    if not made_for.exists() or made_for.read_text() != host:
        _make(host, ca, certificate, key)
        _write(token, secrets.token_urlsafe(32).encode())
        _write(made_for, host.encode())
    return Credentials(ca, certificate, key, token.read_text())


def _make(host: str, ca_file: Path, certificate_file: Path, key_file: Path) -> None:
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _ca(ca_key)
    certificate = _server(host, key, ca, ca_key)
    _write(ca_file, ca.public_bytes(serialization.Encoding.PEM))
    _write(certificate_file, certificate.public_bytes(serialization.Encoding.PEM))
    # The authority's key is forgotten: nothing else can be signed in its name.
    plain = serialization.NoEncryption()
    _write(key_file, key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))


def _ca(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = _name("embedded-ca")
    usage = _usage(sign_certificates=True)
    return (
        _builder(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )


def _server(
    host: str, key: ec.EllipticCurvePrivateKey, ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    addresses = [x509.IPAddress(ipaddress.ip_address(address)) for address in dict.fromkeys([host, "127.0.0.1"])]
    names = [x509.DNSName(name) for name in ("localhost", "kubernetes.default.svc")]
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
    return (
        _builder(_name("kube-apiserver"), ca.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(sign_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([*addresses, *names]), critical=False)
        .add_extension(authority, critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    moment = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - _CLOCK_SKEW)
        .not_valid_after(moment + _VALID_FOR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write(file: Path, content: bytes) -> None:
    """Write a file that nobody else can read, not even for a moment."""
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(content)
