"""The ways to a tool beside the shop: straight to an address, through the API server's proxy, or by port-forward."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote, urlencode, urlsplit

from cluster.client import Cluster
from cluster.endpoints import SERVICE_NAME
from cluster.errors import BackendError, NotFound

NAMESPACE = "observability"
# What these tools tell is worth a moment: each answers in milliseconds, or something is wrong with it.
TIMEOUT = 3.0
# More than any trace or page of log lines has.
MAX_BYTES = 32_000_000
# Of a refusal, as much as fits on a line.
MAX_SAID = 200
AUTHORITY = "ca.crt"

Query = Mapping[str, str]


@dataclass(frozen=True)
class Place:
    """Where a tool is.

    Attributes:
        name: how people call it.
        service: name of its Service, and of the Secret with its credentials.
        port: port of the Service.
        url: address that stands in for all of this, None for none.
        user_key: the Secret's key with the name of the user.
        password_key: likewise the password.
    """

    name: str
    service: str
    port: int
    url: str | None = None
    user_key: str = "username"
    password_key: str = "password"  # noqa: S105 - the name of a key


class Way(Protocol):
    """One way to a tool."""

    def send(self, method: str, path: str, query: Query, body: Any) -> Any:
        """Send a request and return the JSON of its answer.

        Raises:
            NotFound: the answer is 404.
            ClusterError: it is no success, or there is none.
            OSError: there is none; likewise HTTPException.
            ValueError: it is no JSON.
        """


class Address:
    """Straight to an address.

    Args:
        name: how people call the tool.
        url: the address; credentials may stand in it, as in ``https://user:password@host``.
    """

    def __init__(self, name: str, url: str) -> None:
        self._name = name
        self._url = urlsplit(url)
        user, password = self._url.username, self._url.password
        self._headers = _basic(unquote(user), unquote(password or "")) if user else {}

    def send(self, method: str, path: str, query: Query, body: Any) -> Any:
        """See `Way.send`."""
        kind = http.client.HTTPSConnection if self._url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self._url.hostname or "", self._url.port, timeout=TIMEOUT)
        return _exchange(self._name, connection, method, _target(self._url.path + path, query), self._headers, body)


class Proxy:
    """Through the API server, which carries no credentials of the tool.

    Args:
        cluster: where the tool is.
        place: where in it.
    """

    def __init__(self, cluster: Cluster, place: Place) -> None:
        self._cluster = cluster
        self._service = f"{place.service}:{place.port}"

    def send(self, method: str, path: str, query: Query, body: Any) -> Any:
        """See `Way.send`."""
        return self._cluster.through_service(
            NAMESPACE, self._service, path, query, method=method, body=body, timeout=TIMEOUT
        )


class Forward:
    """By port-forward, with credentials, and encrypted where the Secret knows the authority.

    Args:
        tools: the namespace of the tools.
        place: where in it.
        secret: what the Secret holds.
    """

    def __init__(self, tools: Cluster, place: Place, secret: Mapping[str, str]) -> None:
        self._tools = tools
        self._place = place
        self._host = f"{place.service}.{NAMESPACE}.svc"
        self._headers = _basic(secret[place.user_key], secret[place.password_key])
        self._tls = ssl.create_default_context(cadata=secret[AUTHORITY]) if AUTHORITY in secret else None

    def send(self, method: str, path: str, query: Query, body: Any) -> Any:
        """See `Way.send`."""
        pod, port = next(self._pods(), (None, 0))
        if pod is None:
            raise BackendError(f"{self._place.name} has no pod that is ready")
        connection = http.client.HTTPConnection(self._host, self._place.port)
        with _ended_gently(self._tools.forward(pod, port)) as line:
            connection.sock = self._tls.wrap_socket(line, server_hostname=self._host) if self._tls else line
            return _exchange(self._place.name, connection, method, _target(path, query), self._headers, body)

    def _pods(self) -> Iterator[tuple[str, int]]:
        """Yield the pods that are ready, each with the number of its port."""
        ports = self._tools.services.get(self._place.service)["spec"]["ports"]
        names = {port.get("name", "") for port in ports if port["port"] == self._place.port}
        for endpoints in self._tools.endpoint_slices.list({SERVICE_NAME: self._place.service}):
            numbers = [port["port"] for port in endpoints.get("ports") or () if port.get("name", "") in names]
            for endpoint in endpoints.get("endpoints") or ():
                ready = (endpoint.get("conditions") or {}).get("ready") is not False
                if numbers and ready and endpoint.get("targetRef"):
                    yield endpoint["targetRef"]["name"], numbers[0]


@contextlib.contextmanager
def _ended_gently(line: Any) -> Iterator[socket.socket]:
    """Give a copy of a line away, and read the line to its end afterwards.

    The thread at the other end takes the reset of a line with something left in it for a bug, and says so at length.
    """
    copy: socket.socket = line.dup()
    copy.settimeout(TIMEOUT)
    try:
        yield copy
    finally:
        copy.close()
        with contextlib.suppress(OSError):
            line.shutdown(socket.SHUT_WR)
            line.settimeout(TIMEOUT)
            while line.recv(MAX_BYTES):
                pass
        line.close()


def _target(path: str, query: Query) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _exchange(
    name: str,
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: Any,
) -> Any:
    """Send one request over a connection of its own and return the JSON of the answer."""
    data = None if body is None else json.dumps(body).encode()
    kind = {} if data is None else {"Content-Type": "application/json"}
    try:
        connection.request(method, target, data, {**headers, **kind})
        response = connection.getresponse()
        return _read(name, response.status, response.read(MAX_BYTES))
    finally:
        connection.close()


def _read(name: str, status: int, data: bytes) -> Any:
    if status == http.HTTPStatus.NOT_FOUND:
        raise NotFound(f"{name} does not have it [404]")
    if not 200 <= status < 300:
        said = " ".join(data[:MAX_SAID].decode(errors="replace").split())
        raise BackendError(f"{name} refuses: {said or 'no reason given'} [{status}]")
    return json.loads(data) if data else None


def _basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}
