"""What probes and lifecycle hooks do: an HTTP request, a connection, a command, a pause."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from embedded.kubelet.environment import ConfigError
from embedded.network import PodAddress
from embedded.processes import ProcessTable

KINDS = ("httpGet", "tcpSocket", "exec", "sleep")
# As much of an answer or of a command's output as goes into an event.
_EXCERPT = 1024


@dataclass(frozen=True)
class Target:
    """The container that an action is about.

    Attributes:
        container: its part of the manifest.
        address: where its pod is reached.
        env: its environment.
        cwd: its working directory.
        rewrite: see `volumes.rewriter`.
    """

    container: dict[str, Any]
    address: PodAddress
    env: Mapping[str, str]
    cwd: Path
    rewrite: Callable[[str], str]

    def port(self, port: int | str) -> int:
        """Return the port of this machine for a port number or name of the manifest.

        Raises:
            ConfigError: the container has no port of that name.
        """
        if isinstance(port, str) and not port.isdecimal():
            declared = self.container.get("ports") or ()
            number = next((item["containerPort"] for item in declared if item.get("name") == port), None)
            if number is None:
                raise ConfigError(f'container "{self.container["name"]}" has no port named "{port}"')
            port = number
        return self.address.real(int(port))


class Actions:
    """Carries out actions.

    Args:
        processes: starts commands.
        scratch: folder for their output.
    """

    def __init__(self, processes: ProcessTable, scratch: Path) -> None:
        self._processes = processes
        self._scratch = scratch
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def perform(self, action: Mapping[str, Any], target: Target) -> str | None:
        """Carry out one action and return what went wrong, None if nothing did."""
        try:
            if "httpGet" in action:
                return await self._get(action["httpGet"], target)
            if "tcpSocket" in action:
                await self._connect(action["tcpSocket"], target)
            elif "exec" in action:
                return await self._execute(action["exec"]["command"], target)
            else:
                await asyncio.sleep(action["sleep"]["seconds"])
        except (aiohttp.ClientError, OSError, ConfigError) as error:
            return str(error) or type(error).__name__
        return None

    async def _get(self, spec: Mapping[str, Any], target: Target) -> str | None:
        if self._session is None:
            # Every probe opens a connection of its own, so that it sees what a new client would see.
            connector = aiohttp.TCPConnector(force_close=True, limit=0, ssl=False)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        scheme, host = spec.get("scheme", "HTTP").lower(), spec.get("host") or target.address.ip
        url = f"{scheme}://{host}:{target.port(spec['port'])}/{(spec.get('path') or '/').lstrip('/')}"
        headers = {"User-Agent": "kube-probe/embedded"}
        headers |= {item["name"]: item["value"] for item in spec.get("httpHeaders") or ()}
        async with self._session.get(url, headers=headers, allow_redirects=False) as answer:
            if answer.status < 200 or answer.status >= 400:
                return f"HTTP probe failed with statuscode: {answer.status}"
        return None

    async def _connect(self, spec: Mapping[str, Any], target: Target) -> None:
        _reader, writer = await asyncio.open_connection(
            spec.get("host") or target.address.ip, target.port(spec["port"])
        )
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _execute(self, command: list[str], target: Target) -> str | None:
        with tempfile.NamedTemporaryFile(dir=self._scratch, prefix="exec-") as output:
            words = [target.rewrite(word) for word in command]
            process = await self._processes.start(words, target.env, target.cwd, Path(output.name))
            try:
                code = await process.wait()
            finally:
                # The time given may be over before the command is.
                process.kill()
                await asyncio.shield(process.wait())
            if code == 0:
                return None
            text = output.read(_EXCERPT).decode(errors="replace").strip()
            return f"command exited with {code}: {text}" if text else f"command exited with {code}"


def unsupported(action: Mapping[str, Any]) -> str | None:
    """Return the name of what an action or probe asks for that does not exist here, if it does."""
    return (
        None if any(kind in action for kind in KINDS) else next((key for key in ("grpc",) if key in action), "handler")
    )
