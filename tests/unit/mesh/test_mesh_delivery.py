"""Changes under load: whatever is turned, no request may be lost; and what Envoy refuses changes nothing."""

from __future__ import annotations

import asyncio
import json

import pytest
from tests.unit.mesh.mesh_lab import HOST, Lab, destination_rule, gateway, pod, service, to, until, virtual_service

from embedded.apiserver.resources import ENDPOINT_SLICES, PODS, VIRTUAL_SERVICES
from embedded.mesh.admin import Admin
from embedded.mesh.delivery import Delivery
from embedded.mesh.logs import rotate
from embedded.mesh.translate import Configuration


async def test_no_request_is_lost_over_weight_changes(lab: Lab) -> None:
    await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()
    async with lab.load() as statuses:
        for weight in (*range(0, 101, 5), *range(100, -1, -5)):
            lab.weigh(100 - weight, weight)
            await lab.settled()
            seen = sum(statuses.values())
            await until(lambda seen=seen: sum(statuses.values()) > seen + 3)
    assert set(statuses) == {200}


async def test_no_request_is_lost_when_pods_come_and_go(lab: Lab) -> None:
    await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()
    async with lab.load() as statuses:
        for number in range(10):
            new = await lab.add(f"stable-{number + 2}", "order", track="stable")
            await lab.settled()
            old = lab.upstreams[f"stable-{number + 1}"]
            lab.delete(ENDPOINT_SLICES, f"order-{old.name}")
            await lab.mesh.drained(HOST, old.port)
            # Envoy lets go of its connections to an endpoint that is gone once they are idle.
            await until(lambda old=old: not old.connections)
            await old.stop()
            await until(lambda new=new: new.requests)
    assert set(statuses) == {200}


async def test_no_request_is_lost_when_a_track_is_added_weighted_and_pruned_at_once(lab: Lab) -> None:
    """Several objects change in one moment: only the order of the writes keeps requests from running into nothing."""
    await lab.add("stable-1", "order", track="stable")
    lab.apply(service("order"), destination_rule("order", "stable"), gateway())
    lab.apply(virtual_service("order", [{"route": [to("order", "stable", 100)], "retries": {"attempts": 0}}]))
    await lab.start()
    async with lab.load() as statuses:
        for number in range(8):
            canary = await lab.add(f"canary-{number}", "order", track="canary")
            lab.apply(destination_rule("order", "stable", "canary"))
            lab.weigh(0, 100, retries={"attempts": 0})
            await until(lambda canary=canary: canary.requests)
            lab.apply(virtual_service("order", [{"route": [to("order", "stable", 100)], "retries": {"attempts": 0}}]))
            lab.apply(destination_rule("order", "stable"))
            lab.delete(ENDPOINT_SLICES, f"order-{canary.name}")
            lab.delete(PODS, canary.name)
            await lab.settled()
    assert set(statuses) == {200}


async def test_no_request_is_lost_when_policies_change(lab: Lab) -> None:
    await lab.two_tracks()
    lab.weigh(100, 0, retries={"attempts": 0})
    await lab.start()
    async with lab.load() as statuses:
        for number in range(10):
            pool = {"tcp": {"maxConnections": 100 + number}}
            lab.apply(destination_rule("order", "stable", "canary", policy={"connectionPool": pool}))
            await lab.settled()
            seen = sum(statuses.values())
            await until(lambda seen=seen: sum(statuses.values()) > seen + 3)
    assert set(statuses) == {200}


async def test_the_load_bites_if_routes_come_before_what_they_lead_to(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same change as above with the endpoints removed before the routes: the load must notice."""

    async def wrong_order(self: Delivery, before: Configuration, wanted: Configuration) -> None:
        narrow = Configuration(
            before.clusters, {**before.endpoints, **wanted.endpoints}, before.routes, before.listeners
        )
        await self._write_clusters(narrow)
        await asyncio.sleep(0.1)
        await self._await(self._files.write_routes(wanted))
        await self._write_clusters(wanted)

    stable, canary = await lab.two_tracks()
    lab.weigh(0, 100, retries={"attempts": 0})
    await lab.start()
    await lab.settled()
    monkeypatch.setattr(Delivery, "_stages", wrong_order)
    async with lab.load() as statuses:
        await until(lambda: statuses[200] > 10)
        lab.weigh(100, 0, retries={"attempts": 0})
        lab.delete(ENDPOINT_SLICES, f"order-{canary.name}")
        await lab.settled()
        await until(lambda: len(stable.requests) > 10)
    assert statuses[503] > 0


async def test_a_bad_object_keeps_its_last_good_version_and_disturbs_nobody(lab: Lab) -> None:
    await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()
    split = [to("order", "stable", "many"), to("order", "canary", 100)]
    lab.apply(virtual_service("order", [{"route": split}]))
    lab.apply(virtual_service("other", [{"match": [{"uri": {"prefix": "/other"}}], "route": [to("order", "canary")]}]))
    await lab.settled()
    assert await lab.answers(5) == {"stable-1": 5}
    assert await lab.answers(5, "/other") == {"canary-1": 5}
    assert [reason for reason, message in lab.events("order") if "spec.http[0].route[0].weight" in message] == [
        "Invalid"
    ]
    lab.weigh(0, 100)
    await lab.settled()
    assert await lab.answers(5) == {"canary-1": 5}


async def test_what_envoy_refuses_is_singled_out_and_named(lab: Lab) -> None:
    """A value that only Envoy finds wrong, changed in one moment with a sound object."""
    await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()
    bad = {"route": [to("order", "canary")], "headers": {"request": {"set": {"x-bad": "%NO_SUCH_COMMAND%"}}}}
    lab.apply(virtual_service("order", [bad]))
    lab.apply(virtual_service("other", [{"match": [{"uri": {"prefix": "/other"}}], "route": [to("order", "canary")]}]))
    await until(lambda: lab.events("order"))
    await lab.settled()
    assert await lab.answers(5) == {"stable-1": 5}
    assert await lab.answers(5, "/other") == {"canary-1": 5}
    reason, message = lab.events("order")[0]
    assert reason == "Invalid"
    assert "NO_SUCH_COMMAND" in message
    assert not lab.events("other")


async def test_a_bad_object_does_not_hinder_the_start(lab: Lab) -> None:
    await lab.two_tracks()
    bad = {"route": [to("order")], "headers": {"request": {"set": {"x-bad": "%NO_SUCH_COMMAND%"}}}}
    lab.apply(virtual_service("bad", [{"match": [{"uri": {"prefix": "/bad"}}], **bad}]))
    lab.weigh(100, 0)
    await lab.start()
    await until(lambda: lab.events("bad"))
    await lab.settled()
    assert await lab.answers(5) == {"stable-1": 5}


async def test_envoy_starts_again_with_the_last_configuration(lab: Lab) -> None:
    await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()
    await lab.kill_envoy()
    lab.weigh(0, 100)
    await lab.start_envoy()
    await lab.settled()
    assert await lab.answers(5) == {"canary-1": 5}


async def test_a_pod_counts_as_drained_only_after_envoy_let_go_of_it(lab: Lab) -> None:
    await lab.two_tracks()
    lab.weigh(0, 100)
    await lab.start()
    await lab.settled()
    canary = lab.upstreams["canary-1"]
    drained = asyncio.create_task(lab.mesh.drained(HOST, canary.port))
    done, _pending = await asyncio.wait([drained], timeout=0.2)
    assert not done, "the pod is still ready"
    lab.store.mutate(PODS, "shop", "canary-1", lambda body: body["spec"].update(nodeName="embedded"))
    lab.store.delete(PODS, "shop", "canary-1")
    await drained
    assert await lab.answers(5) == {"503": 5}


async def test_what_is_unsupported_is_named_once_and_the_rest_works(lab: Lab) -> None:
    await lab.two_tracks()
    lab.weigh(100, 0, corsPolicy={"allowOrigins": [{"exact": "*"}]})
    await lab.start()
    await lab.settled()
    lab.apply(pod("other"))
    await lab.settled()
    assert await lab.answers(5) == {"stable-1": 5}
    found = [message for reason, message in lab.events("order") if reason == "Unsupported"]
    assert len(found) == 1
    assert "spec.http[0].corsPolicy" in found[0]


async def test_the_access_log_names_route_and_cluster(lab: Lab) -> None:
    await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()
    await lab.settled()
    await lab.get("/logged")
    log = lab.folder / "access.log"
    await until(lambda: "/logged" in log.read_text())
    line = json.loads(next(line for line in log.read_text().splitlines() if "/logged" in line))
    assert line["upstream_cluster"] == "outbound|8080|stable|order.shop.svc.cluster.local"
    assert (line["status"], line["route"], line["listener"]) == (200, "order.0", "gateway")


async def test_a_long_access_log_is_put_aside(lab: Lab) -> None:
    await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()
    await lab.settled()
    log, admin = lab.folder / "access.log", Admin(lab.addresses.admin, lab.addresses.stats)
    await lab.get("/before")
    await until(lambda: "/before" in log.read_text())
    await rotate(log, admin, limit=1)
    await until(log.exists)
    await lab.get("/after")
    await until(lambda: "/after" in log.read_text())
    assert "/before" in (lab.folder / "access.log.1").read_text()
    assert "/before" not in log.read_text()
    await admin.close()


async def test_an_object_says_when_it_is_carried_out(lab: Lab) -> None:
    await lab.two_tracks()
    lab.weigh(100, 0)
    await lab.start()

    def observed() -> tuple[int, int]:
        body = lab.store.get(VIRTUAL_SERVICES, "shop", "order")
        return body.get("status", {}).get("observedGeneration", 0), body["metadata"]["generation"]

    await until(lambda: observed() == (1, 1))
    lab.weigh(0, 100)
    assert observed() == (1, 2)
    await until(lambda: observed() == (2, 2))
    assert await lab.answers(5) == {"canary-1": 5}
    lab.apply(virtual_service("order", [{"route": [to("order", "stable", "many")]}]))
    await lab.settled()
    assert observed() == (2, 3), "what is wrong is not carried out"
