"""How to reach an API server without the `kubernetes` package: for what stands between a client and its API server."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Upstream:
    """An API server and the credentials of one kubeconfig.

    Attributes:
        url: address without a path.
        tls: what its certificate is checked with, and the client's own; None over plain HTTP.
        server_name: name in its certificate where that is not the address; None where it is.
        headers: returns the headers that say who asks; asked anew each time, since tokens expire.
    """

    url: str
    tls: ssl.SSLContext | None
    server_name: str | None
    headers: Callable[[], Mapping[str, str]]


def upstream_of(configuration: Any) -> Upstream:
    """Return what a ``Configuration`` of the `kubernetes` package knows."""
    url = str(configuration.host).rstrip("/")

    def headers() -> Mapping[str, str]:
        entries = configuration.auth_settings().values()
        return {entry["key"]: entry["value"] for entry in entries if entry["in"] == "header" and entry["value"]}

    tls = _context(configuration) if url.startswith("https://") else None
    return Upstream(url, tls, getattr(configuration, "tls_server_name", None) or None, headers)


def _context(configuration: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert or None)
    if not configuration.verify_ssl:  # the kubeconfig says insecure-skip-tls-verify
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file or None)
    return context
