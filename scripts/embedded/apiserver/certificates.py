"""Certificates: the cluster's own authority, the API server's certificate, and the one that lets its user in."""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_VALIDITY = datetime.timedelta(days=3650)
# A machine's clock may have been ahead when it made the certificate.
_BACKDATING = datetime.timedelta(hours=1)
_USER, _GROUP = "admin", "system:masters"


@dataclass(frozen=True)
class Certificates:
    """Files of one cluster, all PEM.

    Attributes:
        authority: certificate of the authority, which clients trust.
        server: certificate of the API server.
        server_key: its key.
        client: certificate of the cluster's one user.
        client_key: its key.
    """

    authority: Path
    server: Path
    server_key: Path
    client: Path
    client_key: Path

    def server_context(self) -> ssl.SSLContext:
        """Return how the API server speaks TLS: clients may show a certificate of this authority, and need not."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.server, self.server_key)
        context.load_verify_locations(self.authority)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context


def ensure(folder: Path, addresses: tuple[str, ...] = ("127.0.0.1",)) -> Certificates:
    """Return a cluster's certificates; they are made on the first call, readable by nobody but this user.

    Args:
        folder: where they are kept.
        addresses: loopback addresses under which the API server is called.
    """
    found = Certificates(
        *(folder / name for name in ("ca.crt", "apiserver.crt", "apiserver.key", "client.crt", "client.key"))
    )
    if not all(file.exists() for file in vars(found).values()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make(found, addresses)
    return found


def _make(files: Certificates, addresses: tuple[str, ...]) -> None:
    authority_key = ec.generate_private_key(ec.SECP256R1())
    authority_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "embedded-ca")])
    authority = (
        _builder(authority_name, authority_name, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signing_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    write_private(files.authority, authority.public_bytes(serialization.Encoding.PEM))
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in ("localhost", "kubernetes.default.svc")]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    server = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")])
    _leaf(files.server, files.server_key, server, (authority, authority_key), ExtendedKeyUsageOID.SERVER_AUTH, names)
    user = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, _GROUP), x509.NameAttribute(NameOID.COMMON_NAME, _USER)]
    )
    _leaf(files.client, files.client_key, user, (authority, authority_key), ExtendedKeyUsageOID.CLIENT_AUTH, [])


def _leaf(
    file: Path,
    key_file: Path,
    name: x509.Name,
    authority: tuple[x509.Certificate, ec.EllipticCurvePrivateKey],
    purpose: x509.ObjectIdentifier,
    alternatives: list[x509.GeneralName],
) -> None:
    issuer, issuer_key = authority
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        _builder(name, issuer.subject, key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signing_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    write_private(key_file, _pem(key))
    write_private(file, builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATING)
        .not_valid_after(now + _VALIDITY)
    )


def _usage(*, signing_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signing_certificates,
        crl_sign=signing_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only this user may read, in one step."""
    temporary = file.with_name(f".{file.name}.new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        target.write(content)
    temporary.replace(file)
