"""A certificate authority for one server: made, used once, and forgotten, so that nobody can sign with it later."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# Longer than such a cluster lives; whoever wants another term brings a Secret of the same keys.
LIFETIME = datetime.timedelta(days=5 * 365)
# Clocks of nodes differ.
SLACK = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Pair:
    """What a server and its clients need, as PEM.

    Attributes:
        authority: the certificate that clients trust.
        certificate: the server's.
        key: the server's private key.
    """

    authority: str
    certificate: str
    key: str


def make_pair(names: Iterable[str]) -> Pair:
    """Return a key pair that is good for some names.

    Args:
        names: host names and addresses by which clients reach the server; the first is what it is called.
    """
    names = list(names)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority = _certificate(f"{names[0]} authority", f"{names[0]} authority", authority_key, authority_key, ())
    certificate = _certificate(names[0], f"{names[0]} authority", key, authority_key, names)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Pair(_pem(authority), _pem(certificate), private.decode())


def _certificate(
    name: str, issuer: str, key: ec.EllipticCurvePrivateKey, signer: ec.EllipticCurvePrivateKey, names: Iterable[str]
) -> x509.Certificate:
    """Return a server's certificate, or without names the authority's own."""
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SLACK)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    builder = _for_server(builder, names) if names else _for_authority(builder)
    return builder.sign(signer, hashes.SHA256())


def _for_server(builder: x509.CertificateBuilder, names: Iterable[str]) -> x509.CertificateBuilder:
    return (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
    )


def _for_authority(builder: x509.CertificateBuilder) -> x509.CertificateBuilder:
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).add_extension(
        _usage(signs=True), critical=True
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
