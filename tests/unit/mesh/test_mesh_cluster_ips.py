"""Services at their own addresses, for callers that use no proxy; where every address of 127.0.0.0/8 exists."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.unit.mesh.mesh_lab import Lab, ports, service, until

from embedded.apiserver.resources import AUTHORIZATION_POLICIES, EVENTS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="macOS has only 127.0.0.1")
CLUSTER_IP = "127.215.3.7"


@pytest_asyncio.fixture
async def linux(tmp_path: Path) -> AsyncIterator[Lab]:
    laboratory = Lab(tmp_path / "envoy", cluster_ips=True)
    yield laboratory
    await laboratory.stop()


async def test_a_service_answers_at_its_own_address(linux: Lab) -> None:
    (port,) = ports(1)
    await linux.two_tracks()
    linux.apply(service("order", port, clusterIP=CLUSTER_IP))
    await linux.start()
    await linux.settled()
    async with linux.client.get(f"http://{CLUSTER_IP}:{port}/") as response:
        assert response.status == 200
        assert await response.text() in ("stable-1", "canary-1")


async def test_what_is_no_http_passes_unread(linux: Lab) -> None:
    (port,) = ports(1)
    await linux.two_tracks()
    body = service("order", port, clusterIP=CLUSTER_IP)
    body["spec"]["ports"][0]["appProtocol"] = "tcp"
    linux.apply(body)
    await linux.start()
    await linux.settled()
    reader, writer = await asyncio.open_connection(CLUSTER_IP, port)
    writer.write(b"GET /tcp HTTP/1.1\r\nhost: x\r\nx-Odd-Case: 1\r\n\r\n")
    assert b"200" in await reader.readline()
    writer.close()
    seen = [
        headers for upstream in linux.upstreams.values() for _m, path, headers in upstream.requests if path == "/tcp"
    ]
    assert "x-forwarded-proto" not in seen[0], "a proxy that reads HTTP would have added it"


async def test_a_taken_address_is_named_and_disturbs_nobody(linux: Lab) -> None:
    taken, free = ports(2)
    await linux.two_tracks()
    with socket.socket() as other:
        other.bind((CLUSTER_IP, taken))
        other.listen()
        linux.apply(service("blocked", taken, clusterIP=CLUSTER_IP), service("order", free, clusterIP=CLUSTER_IP))
        linux.weigh(100, 0)
        await linux.start()
        await linux.settled()
        assert (await linux.get())[0] == 200
        async with linux.client.get(f"http://{CLUSTER_IP}:{free}/") as response:
            assert response.status == 200
        await until(lambda: linux.events("blocked"))
        reason, message = linux.events("blocked")[0]
        assert reason == "CannotListen"
        assert f"{CLUSTER_IP}:{taken}" in message


async def test_an_address_that_only_envoy_finds_taken_is_named_and_left_out(
    linux: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedded.mesh.sockets._try", lambda _address: None)
    (taken,) = ports(1)
    await linux.two_tracks()
    linux.weigh(100, 0)
    await linux.start()
    with socket.socket() as other:
        other.bind((CLUSTER_IP, taken))
        other.listen()
        linux.apply(service("blocked", taken, clusterIP=CLUSTER_IP))
        await until(lambda: linux.events("blocked"))
    linux.weigh(0, 100)
    await linux.settled()
    assert await linux.answers(5) == {"canary-1": 5}


async def test_kinds_without_effect_are_named(linux: Lab) -> None:
    await linux.two_tracks()
    await linux.start()
    meta = {"name": "deny", "namespace": "shop"}
    linux.store.create(AUTHORIZATION_POLICIES, {"kind": "AuthorizationPolicy", "metadata": meta, "spec": {}})
    await until(lambda: linux.events("deny"))
    (event,) = [e for e in linux.store.list(EVENTS) if e["involvedObject"]["name"] == "deny"]
    assert (event["reason"], event["type"]) == ("Unsupported", "Warning")
    assert "every request is allowed" in event["message"]
