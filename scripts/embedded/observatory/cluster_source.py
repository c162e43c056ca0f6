"""Asking the API server of the cluster."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from embedded.observatory.errors import ObservatoryError, SourceError

Object = dict[str, Any]
_TIMEOUT = aiohttp.ClientTimeout(total=5)
_WATCH = aiohttp.ClientTimeout(total=None, sock_connect=5)
# One event of a watch is one object: bounded by what the API server takes.
_LINE = 4 * 1024 * 1024
PATHS = {
    "pods": "/api/v1{scope}/pods",
    "services": "/api/v1{scope}/services",
    "deployments": "/apis/apps/v1{scope}/deployments",
    "virtualservices": "/apis/networking.istio.io/v1{scope}/virtualservices",
}


class ClusterApi:
    """The API server behind a kubeconfig.

    Args:
        kubeconfig: the file; None where there is no cluster.

    Raises:
        ObservatoryError: the file cannot be used.
    """

    def __init__(self, kubeconfig: Path | None) -> None:
        self._access = _read(kubeconfig) if kubeconfig else None
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Object:
        """Return the JSON at a path of the API server, such as ``/api/v1/namespaces/shop/pods``.

        Raises:
            SourceError: it does not answer, or not with 200.
        """
        try:
            async with self._opened().get(path, params=query, timeout=_TIMEOUT) as answer:
                content: Object = await answer.json()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SourceError(f"the API server does not answer: {error or type(error).__name__}") from error
        if answer.status != 200:
            raise SourceError(f"the API server answers {answer.status} to {path}: {content.get('message')}")
        return content

    async def list(self, plural: str, namespace: str = "") -> list[Object]:
        """Return all pods, services, deployments or virtualservices, of one namespace or of all.

        Raises:
            SourceError: the API server does not answer, or not with 200.
        """
        scope = f"/namespaces/{namespace}" if namespace else ""
        items: list[Object] = (await self.get(PATHS[plural].format(scope=scope)))["items"]
        return items

    async def watch(self, plural: str) -> AsyncIterator[tuple[str, Object]]:
        """Yield the type and the object of every event, the present objects first, until the API server ends it.

        Raises:
            SourceError: the API server does not answer.
        """
        path = PATHS[plural].format(scope="")
        try:
            async with self._opened().get(path, params={"watch": "true"}, timeout=_WATCH) as answer:
                async for line in answer.content:
                    event = json.loads(line)
                    yield event["type"], event["object"]
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SourceError(f"the API server ends the watch: {error or type(error).__name__}") from error

    def _opened(self) -> aiohttp.ClientSession:
        if self._access is None:
            raise SourceError("no cluster is named: start with --kubeconfig FILE")
        if self._session is None:
            server, token, tls = self._access
            self._session = aiohttp.ClientSession(
                server,
                headers={"Authorization": f"Bearer {token}"},
                connector=aiohttp.TCPConnector(ssl=tls),
                read_bufsize=_LINE,
            )
        return self._session

    async def close(self) -> None:
        """Let go of the connections."""
        if self._session is not None:
            await self._session.close()
            # The transports of TLS close a turn later.
            await asyncio.sleep(0)


def _read(kubeconfig: Path) -> tuple[str, str, ssl.SSLContext]:
    try:
        config = yaml.safe_load(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        return cluster["server"], user["token"], ssl.create_default_context(cadata=authority)
    except OSError as error:
        raise ObservatoryError(f"cannot read {kubeconfig}: {error.strerror}") from error
    except (yaml.YAMLError, KeyError, TypeError, IndexError, ValueError) as error:
        raise ObservatoryError(f"{kubeconfig} is no kubeconfig of an embedded cluster") from error
