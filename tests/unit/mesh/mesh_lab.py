"""A mesh with a real Envoy, upstreams of a few lines and a store: what the tests of the mesh stand on."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp

from embedded.apiserver.resources import (
    DESTINATION_RULES,
    ENDPOINT_SLICES,
    EVENTS,
    GATEWAYS,
    PODS,
    SERVICES,
    VIRTUAL_SERVICES,
    Resource,
)
from embedded.apiserver.store import Store
from embedded.mesh.addresses import Address, MeshAddresses
from embedded.mesh.mesh import Mesh

Object = dict[str, Any]
HOST = "127.0.0.1"
DEADLINE = 20.0


def free_ports() -> Iterator[int]:
    """Return ports that nobody uses, none of them twice."""
    given: set[int] = set()
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = probe.getsockname()[1]
        if port not in given:
            given.add(port)
            yield port


def ports(count: int) -> list[int]:
    return list(itertools.islice(free_ports(), count))


async def until(condition: Callable[[], Any] | Callable[[], Awaitable[Any]], what: str = "condition") -> None:
    """Wait for a condition with a deadline."""
    async with asyncio.timeout(DEADLINE):
        while True:
            result = condition()
            if asyncio.iscoroutine(result):
                result = await result
            if result:
                return
            await asyncio.sleep(0.005)
    raise AssertionError(what)


class Upstream:
    """An HTTP server that answers with its name; counts, holds, delays or fails on demand."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.status = 200
        self.delay = 0.0
        self.gate = asyncio.Event()
        self.gate.set()
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self.connections: set[asyncio.StreamWriter] = set()

    async def start(self) -> Upstream:
        self._server = await asyncio.start_server(self._serve, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        assert self._server
        self._server.close()
        for writer in list(self.connections):
            writer.close()

    def paths(self) -> list[str]:
        return [path for _method, path, _headers in self.requests]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                await self._answer(await reader.readuntil(b"\r\n\r\n"), writer)
        self.connections.discard(writer)
        writer.close()

    async def _answer(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        lines = head.decode().split("\r\n")
        method, path, _version = lines[0].split(" ")
        fields = dict(line.split(": ", 1) for line in lines[1:] if line)
        self.requests.append((method, path, {name.lower(): value for name, value in fields.items()}))
        await self.gate.wait()
        await asyncio.sleep(self.delay)
        body = self.name.encode()
        status = f"HTTP/1.1 {self.status} X\r\nserver: upstream\r\ncontent-length: {len(body)}\r\n\r\n"
        writer.write(status.encode() + body)
        await writer.drain()


def meta(name: str, namespace: str = "shop", **labels: str) -> Object:
    return {"name": name, "namespace": namespace, "labels": labels}


def service(name: str, port: int = 8080, port_name: str = "http", namespace: str = "shop", **spec: Any) -> Object:
    ports_of = [{"name": port_name, "port": port, "protocol": "TCP"}]
    return {
        "kind": "Service",
        "metadata": meta(name, namespace),
        "spec": {"ports": ports_of, "selector": {"app": name}, **spec},
    }


def pod(name: str, namespace: str = "shop", **labels: str) -> Object:
    return {"kind": "Pod", "metadata": meta(name, namespace, **labels), "spec": {}}


def endpoint_slice(service_name: str, pod_name: str, port: int, ready: bool = True, namespace: str = "shop") -> Object:
    target = {"kind": "Pod", "name": pod_name, "namespace": namespace}
    return {
        "kind": "EndpointSlice",
        "metadata": meta(f"{service_name}-{pod_name}", namespace, **{"kubernetes.io/service-name": service_name}),
        "addressType": "IPv4",
        "endpoints": [{"addresses": [HOST], "conditions": {"ready": ready}, "targetRef": target}],
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
    }


def gateway(**spec: Any) -> Object:
    servers = [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}]
    default = {"selector": {"istio": "ingressgateway"}, "servers": servers}
    return {"kind": "Gateway", "metadata": meta("shop"), "spec": default | spec}


def virtual_service(name: str, http: list[Object], **spec: Any) -> Object:
    default = {"hosts": ["*"], "gateways": ["shop"], "http": http}
    return {"kind": "VirtualService", "metadata": meta(name), "spec": default | spec}


def to(host: str, subset: str | None = None, weight: int | None = None, **more: Any) -> Object:
    destination = {"host": host} | ({"subset": subset} if subset else {})
    return {"destination": destination, **({} if weight is None else {"weight": weight}), **more}


def destination_rule(name: str, *subsets: str, policy: Object | None = None, **spec: Any) -> Object:
    listed = [{"name": each, "labels": {"track": each}} for each in subsets]
    body = {"host": name, "subsets": listed, **({"trafficPolicy": policy} if policy else {}), **spec}
    return {"kind": "DestinationRule", "metadata": meta(name), "spec": body}


RESOURCES = {
    "Service": SERVICES,
    "Pod": PODS,
    "EndpointSlice": ENDPOINT_SLICES,
    "Gateway": GATEWAYS,
    "VirtualService": VIRTUAL_SERVICES,
    "DestinationRule": DESTINATION_RULES,
}


class Lab:
    """A store, a mesh, an Envoy and a client."""

    def __init__(self, folder: Path, cluster_ips: bool = False, traces: Address | None = None) -> None:
        self.store = Store()
        self.folder = folder
        self._numbers = free_ports()
        gateway_port, admin, stats = itertools.islice(self._numbers, 3)
        self._outbound: dict[str, Address] = {}
        self.addresses = MeshAddresses(
            gateway=Address(HOST, gateway_port),
            admin=Address(HOST, admin),
            stats=Address(HOST, stats),
            outbound=self._outbound_address,
            traces=traces,
            cluster_ips=cluster_ips,
        )
        self.mesh = Mesh(self.store, self.addresses, folder)
        self.upstreams: dict[str, Upstream] = {}
        self.client: aiohttp.ClientSession
        self._envoy: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    def _outbound_address(self, namespace: str) -> Address:
        if namespace not in self._outbound:
            self._outbound[namespace] = Address(HOST, next(self._numbers))
        return self._outbound[namespace]

    def apply(self, *bodies: Object) -> None:
        for body in bodies:
            resource, where = RESOURCES[body["kind"]], body["metadata"]
            if self.store.find(resource, where["namespace"], where["name"]):
                self.store.update(resource, body)
            else:
                self.store.create(resource, body)

    def delete(self, resource: Resource, name: str) -> None:
        self.store.delete(resource, "shop", name, grace=0)

    async def add(self, name: str, service_name: str, **labels: str) -> Upstream:
        """Start an upstream and make it a ready pod of a Service."""
        upstream = self.upstreams[name] = await Upstream(name).start()
        self.apply(pod(name, **labels), endpoint_slice(service_name, name, upstream.port))
        return upstream

    async def two_tracks(self) -> tuple[Upstream, Upstream]:
        """Set up a Service ``order`` with a stable and a canary pod, and a gateway."""
        stable = await self.add("stable-1", "order", track="stable")
        canary = await self.add("canary-1", "order", track="canary")
        self.apply(service("order"), destination_rule("order", "stable", "canary"), gateway())
        return stable, canary

    def weigh(self, stable: int, canary: int, **route: Any) -> None:
        split = [to("order", "stable", stable), to("order", "canary", canary)]
        self.apply(virtual_service("order", [{"route": split, **route}]))

    async def start(self) -> None:
        self.client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        self.mesh.prepare()
        self._task = asyncio.create_task(self.mesh.run())
        await self.start_envoy()

    async def start_envoy(self) -> None:
        self._envoy = await asyncio.create_subprocess_exec(
            *self.mesh.envoy_command(), stderr=asyncio.subprocess.DEVNULL
        )
        await until(self._is_up)

    async def _is_up(self) -> bool:
        assert self._envoy
        assert self._envoy.returncode is None, (self.folder / "envoy.log").read_text()
        return self.mesh.ready() and await self._answers()

    async def _answers(self) -> bool:
        try:
            return (await self.get())[0] > 0
        except aiohttp.ClientError:
            return False

    async def kill_envoy(self) -> None:
        assert self._envoy
        if self._envoy.returncode is None:
            self._envoy.kill()
        await self._envoy.wait()

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._envoy:
            await self.kill_envoy()
        for upstream in self.upstreams.values():
            await upstream.stop()
        await self.client.close()
        self.store.close()

    async def settled(self) -> None:
        """Wait until Envoy has everything that stands in the store now."""
        await self.mesh.drained(HOST, 1)

    async def get(self, path: str = "/", method: str = "GET", **headers: str) -> tuple[int, str]:
        """Ask the gateway."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.request(
            method, f"http://{self.addresses.gateway}{path}", headers=named, allow_redirects=False
        ) as response:
            return response.status, await response.text()

    async def call(self, url: str, namespace: str = "shop", **headers: str) -> tuple[int, str]:
        """Ask as a pod of a namespace does, through the proxy."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.get(url, proxy=self.mesh.outbound_proxy(namespace), headers=named) as response:
            return response.status, await response.text()

    async def answers(self, count: int, path: str = "/", **headers: str) -> Counter[str]:
        """Count which upstream answered how often."""
        found: Counter[str] = Counter()
        for _ in range(count):
            status, text = await self.get(path, **headers)
            found[text if status == 200 else str(status)] += 1
        return found

    def events(self, name: str | None = None) -> list[tuple[str, str]]:
        found = self.store.list(EVENTS)
        return [(e["reason"], e["message"]) for e in found if name in (None, e["involvedObject"]["name"])]

    @contextlib.asynccontextmanager
    async def load(self, rate: int = 300) -> AsyncIterator[Counter[int]]:
        """Send requests at a steady rate while the body acts; what came back is counted by status."""
        statuses: Counter[int] = Counter()
        running: set[asyncio.Task[None]] = set()

        async def one() -> None:
            try:
                statuses[(await self.get())[0]] += 1
            except aiohttp.ClientError:
                statuses[0] += 1

        async def steadily() -> None:
            loop = asyncio.get_running_loop()
            start = loop.time()
            for number in itertools.count():
                await asyncio.sleep(start + number / rate - loop.time())
                task = asyncio.create_task(one())
                running.add(task)
                task.add_done_callback(running.discard)

        driver = asyncio.create_task(steadily())
        try:
            yield statuses
        finally:
            driver.cancel()
            await asyncio.gather(driver, *running, return_exceptions=True)
