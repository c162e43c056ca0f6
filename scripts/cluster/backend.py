"""The tools that keep traces, logs and dashboards, by whichever way leads to them.

An address that the environment names wins. Where the cluster keeps credentials for the tool in a Secret, a port-forward
carries them: the API server strips them from what it proxies. Else the API server's proxy of Services leads there.
"""

from __future__ import annotations

import base64
import binascii
import http.client
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from cluster.client import CORE, Cluster
from cluster.errors import Absent, BackendError, ClusterError, NotFound
from cluster.settings import EMBEDDED_CONTEXT
from cluster.ways import NAMESPACE, Address, Forward, Place, Proxy, Way


def called(cluster: Cluster, tool: str, url: str | None) -> str:
    """Return what a tool is called; on the embedded cluster the observatory answers in its place, and is named too."""
    stands_in = cluster.name == EMBEDDED_CONTEXT and not url
    return f"{tool} (observatory)" if stands_in else tool


class Backend:
    """One tool.

    Args:
        cluster: where it runs.
        place: where it is found.
    """

    def __init__(self, cluster: Cluster, place: Place) -> None:
        self._cluster = cluster
        self._place = place

    def ask(self, method: str, path: str, query: Mapping[str, str] | None = None, body: Any = None) -> Any:
        """Ask the tool and return the JSON of its answer.

        Raises:
            Absent: the cluster has no such tool.
            NotFound: the tool has not what it was asked for.
            BackendError: it does not answer, refuses, or answers no JSON.
        """
        name = self._place.name
        try:
            return self._way.send(method, path, query or {}, body)
        except (BackendError, NotFound):
            raise
        except ClusterError as error:
            raise BackendError(f"{name} cannot be asked: {error}") from error
        except (OSError, http.client.HTTPException) as error:
            raise BackendError(f"{name} does not answer: {_line(error)}") from error
        except ValueError as error:
            raise BackendError(f"{name} answers no JSON: {_line(error)}") from error

    @cached_property
    def _way(self) -> Way:
        """Find the way; one that was not found is looked for again at the next request."""
        if self._place.url:
            return Address(self._place.name, self._place.url)
        tools = self._cluster.at(NAMESPACE)
        if tools.services.find(self._place.service) is None:
            raise Absent(f"namespace {NAMESPACE} has no Service {self._place.service}")
        secret = tools.collection(CORE, "secrets").find(self._place.service)
        if secret is None:
            return Proxy(self._cluster, self._place)
        return Forward(tools, self._place, _decoded(secret, self._place))


def _decoded(secret: Mapping[str, Any], place: Place) -> dict[str, str]:
    data = secret.get("data") or {}
    if missing := [key for key in (place.user_key, place.password_key) if key not in data]:
        raise BackendError(f"Secret {place.service} in namespace {NAMESPACE} has no {', '.join(missing)}")
    try:
        return {key: base64.b64decode(value).decode() for key, value in data.items()}
    except (binascii.Error, UnicodeDecodeError) as error:
        raise BackendError(f"Secret {place.service} in namespace {NAMESPACE} cannot be read: {error}") from error


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
