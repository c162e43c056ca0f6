"""Requests to one API server: JSON in, JSON out, over the transport and the authentication of the `kubernetes` package.

The package's models are left out on purpose: they refuse objects that the API server accepts, and building them takes
longer than the request.
"""

from __future__ import annotations

import contextlib
import ipaddress
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

import urllib3
import yaml
from kubernetes import client as kubernetes_client
from kubernetes.client.exceptions import ApiException
from kubernetes.config import ConfigException, kube_config
from kubernetes.config.incluster_config import InClusterConfigLoader
from kubernetes.stream.ws_client import portforward_call
from kubernetes.watch.watch import Watch

from cluster.errors import Busy, ClusterError, Unreachable, refusal
from cluster.patience import Bearing
from cluster.settings import EMBEDDED_CONTEXT, IN_CLUSTER, KIND_PREFIX, Settings
from cluster.upstream import Upstream, upstream_of

# An API server that takes longer than this to begin an answer is as good as away.
CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 30.0
# Who is going to ask again need not wait so long for an answer that was lost.
PATIENT_READ_TIMEOUT = 5.0
# A watch is asked anew after this time, so that a connection that died without a word is noticed.
WATCH_SECONDS = 60
# Drills, waits and the analysis ask at the same time from threads of their own.
CONNECTIONS = 16

# So often a connection that fails is tried again: one that was kept may have been closed meanwhile.
RETRIES = 3

Json = dict[str, Any]


class Transport:
    """The connection to one API server.

    Args:
        name: how the cluster is called in messages.
        client: an ``ApiClient`` of the `kubernetes` package.
        patience: with an API server that is away or overloaded; None for no patience.
    """

    def __init__(self, name: str, client: Any, patience: Bearing | None = None) -> None:
        self.name = name
        self._client = client
        self._patience = patience

    @classmethod
    def open(cls, settings: Settings, *, retries: bool = True) -> Transport:
        """Read the kubeconfig and return the connection; nothing is sent yet.

        Args:
            settings: which cluster.
            retries: whether a connection that fails is tried again.

        Raises:
            ClusterError: the kubeconfig cannot be used, or the context is not to be touched.
        """
        configuration: Any = kubernetes_client.Configuration()
        context = _enter(settings, configuration) if settings.account else _choose(settings, configuration)
        configuration.connection_pool_maxsize = CONNECTIONS
        configuration.retries = _Retry(RETRIES) if retries else urllib3.Retry(0)
        if _is_loopback(configuration.host):
            configuration.proxy = None
        return cls(context, kubernetes_client.ApiClient(configuration))

    def patient(self, patience: Bearing) -> Transport:
        """Return the same connection with patience for every request; watches are asked anew by who follows them."""
        return Transport(self.name, self._client, patience)

    def upstream(self) -> Upstream:
        """Return how to reach the same API server as the same user by other means."""
        return upstream_of(self._client.configuration)

    @property
    def server(self) -> str:
        """Return the address of the API server."""
        return str(self._client.configuration.host)

    def request(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        timeout: float = READ_TIMEOUT,
    ) -> bytes:
        """Ask the API server and return the body of its answer.

        Args:
            method: HTTP method.
            path: path of the address.
            body: becomes JSON.
            query: parameters.
            content_type: of the body.
            timeout: seconds within which an answer has to begin.

        Raises:
            ClusterError: or one of its kinds, for no answer and for every answer but a success.
        """

        def ask(limit: float = timeout) -> bytes:
            return self._receive(method, path, self._send(method, path, query, body, content_type, limit))

        if self._patience is None:
            return ask()
        return self._patience.bear(lambda: ask(min(timeout, PATIENT_READ_TIMEOUT)))

    def watch(self, path: str, query: Mapping[str, str]) -> Changes:
        """Return the changes below an address; nothing is asked before they are iterated over."""
        return Changes(self, path, query)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def open_stream(self, path: str, query: Mapping[str, str]) -> Any:
        """Begin a watch and return the raw response."""
        response = self._send("GET", path, query, None, "application/json", WATCH_SECONDS + 5.0)
        if not 200 <= response.status < 300:
            raise refusal(self.name, f"WATCH {path}", response.status, response.read() or b"")
        return response.response

    def forward(self, pod: str, port: int) -> Any:
        """Return a socket that leads to a port of a pod, as ``kubectl port-forward`` does.

        Args:
            pod: address of the pod, such as ``/api/v1/namespaces/shop/pods/order-1``.
            port: number of the port.

        Raises:
            ClusterError: the API server does not lead there.
        """
        address = f"{quote(pod, safe='/:')}/portforward?ports={port}"
        try:
            method, url, headers, *_ = self._client.param_serialize(
                "GET", address, header_params={}, auth_settings=["BearerToken"]
            )
            lower = {name.lower(): value for name, value in headers.items()}
            forward: Any = portforward_call(self._client.configuration, method, url, headers=lower)  # type: ignore[no-untyped-call]
        except ApiException as error:
            why = " ".join(str(error.reason).split())
            raise ClusterError(f"cluster {self.name}: no port-forward to {pod}: {why}") from error
        return forward.socket(port)

    def _receive(self, method: str, path: str, response: Any) -> bytes:
        try:
            data = bytes(response.read() or b"")
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from error
        if 200 <= response.status < 300:
            return data
        refused = refusal(self.name, f"{method} {path}", response.status, data)
        if isinstance(refused, Busy):
            refused.retry_after = _seconds(response.headers.get("Retry-After"))
        raise refused

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: Any,
        content_type: str,
        timeout: float,
    ) -> Any:
        headers = {"Accept": "application/json", "Content-Type": content_type}
        address = quote(path, safe="/:") + (f"?{urlencode(query)}" if query else "")
        try:
            request = self._client.param_serialize(
                method, address, header_params=headers, body=body, auth_settings=["BearerToken"]
            )
            return self._client.call_api(*request, _request_timeout=(CONNECT_TIMEOUT, timeout))
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(error) from error
        except ApiException as error:
            raise ClusterError(
                f"cluster {self.name} at {self.server}: {' '.join(str(error.reason).split())}"
            ) from error

    def _unreachable(self, error: Exception) -> Unreachable:
        why = getattr(error, "reason", None) or error
        if isinstance(why, urllib3.exceptions.SSLError):
            return Unreachable(
                f"cluster {self.name} at {self.server} is not whom its kubeconfig expects"
                f" ({' '.join(str(why).split())}): was the cluster made anew since?"
            )
        if isinstance(why, urllib3.exceptions.ReadTimeoutError):
            return Unreachable(
                f"cluster {self.name} at {self.server} did not answer in time, or whom it had to ask did not"
            )
        return Unreachable(
            f"cluster {self.name} does not answer at {self.server} ({type(why).__name__}): is it running?"
            + _how_to_start(self.name)
        )


class _Retry(urllib3.Retry):
    """Gives a connection that fails another try, but not an answer that is late: it would be late again."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: Any = None,
        error: Exception | None = None,
        _pool: Any = None,
        _stacktrace: Any = None,
    ) -> Self:
        """See urllib3: return what is left of the tries, or raise."""
        if isinstance(error, urllib3.exceptions.ReadTimeoutError):
            raise error
        return super().increment(method, url, response, error, _pool, _stacktrace)


class Changes:
    """The changes of one watch, as ``{"type": ..., "object": ...}``; `stop` ends the iteration from any thread."""

    def __init__(self, transport: Transport, path: str, query: Mapping[str, str]) -> None:
        self._transport = transport
        self._path = path
        self._query = {**query, "watch": "true", "timeoutSeconds": str(WATCH_SECONDS)}
        self._lock = threading.Lock()
        self._stopped = False
        self._response: Any = None

    def __iter__(self) -> Iterator[Json]:
        """Iterate until the API server ends the watch, or `stop` does.

        Raises:
            ClusterError: Expired for 410, Unreachable when the connection breaks.
        """
        watch: Any = Watch()  # type: ignore[no-untyped-call]
        try:
            yield from watch.stream(self._open)
        except ApiException as error:
            raise refusal(
                self._transport.name, f"WATCH {self._path}", int(error.status or 0), str(error.reason)
            ) from error
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise Unreachable(f"the watch of {self._path} broke: {type(error).__name__}") from error

    def stop(self) -> None:
        """End the iteration, also one that has not begun."""
        with self._lock:
            self._stopped = True
            if self._response is not None:
                self._shut(self._response)

    def _open(self, **_options: Any) -> Any:
        response = self._transport.open_stream(self._path, self._query)
        with self._lock:
            self._response = response
            if self._stopped:
                self._shut(response)
        return response

    def _shut(self, response: Any) -> None:
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            response.shutdown()


def _enter(settings: Settings, configuration: Any) -> str:
    """Take the way that Kubernetes gives to a pod; its token is read anew before it is too old."""
    folder = Path(settings.account)
    try:
        loader: Any = InClusterConfigLoader(str(folder / "token"), str(folder / "ca.crt"))  # type: ignore[no-untyped-call]
        loader.load_and_set(configuration)
    except (ConfigException, OSError) as error:
        raise ClusterError(f"service account in {folder}: {' '.join(str(error).split())}") from error
    return IN_CLUSTER


def _choose(settings: Settings, configuration: Any) -> str:
    """Take the way of a kubeconfig, if its cluster is meant."""
    try:
        context = _context(settings)
        kube_config.load_kube_config(settings.kubeconfig, context, configuration, persist_config=False)  # type: ignore[no-untyped-call]
    except (ConfigException, yaml.YAMLError, TypeError, KeyError, ValueError) as error:
        raise ClusterError(f"kubeconfig {settings.kubeconfig}: {' '.join(str(error).split())}") from error
    settings.check_meant(context, configuration.host)
    return context


def _context(settings: Settings) -> str:
    contexts, current = kube_config.list_kube_config_contexts(settings.kubeconfig)  # type: ignore[no-untyped-call]
    names = [str(context["name"]) for context in contexts]
    chosen = settings.context or (str(current["name"]) if current else "")
    if chosen not in names:
        raise ConfigException(f"there is no context {chosen or '(none is current)'}, only {', '.join(names) or 'none'}")
    return chosen


def _seconds(text: str | None) -> float:
    """Return what a Retry-After asks for; a date, which no API server sends, asks for nothing."""
    return float(text) if text and text.isdecimal() else 0.0


def _how_to_start(context: str) -> str:
    if context == EMBEDDED_CONTEXT:
        return " `make up` starts it"
    return " `make up CLUSTER=kind` starts this checkout's" if context.startswith(KIND_PREFIX) else ""


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
