"""What users see when Istio's objects change: the same on the embedded cluster and on a real one with Istio.

Only the gateway and the API server are used. The shop of the overlay is put on the embedded cluster; on another cluster
it must be there. Every test puts back what it changed.
"""

from __future__ import annotations

import copy
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from cluster import wait
from cluster.client import Cluster
from cluster.routing import Router
from cluster.stage import stage

pytestmark = pytest.mark.timeout(300)
OVERLAY = Path(__file__).resolve().parents[2] / "k8s" / "overlays" / "embedded"
DEADLINE = 30
ORDERS = "/orders"


class Shop:
    """The shop with a canary of order beside it."""

    def __init__(self, api: Cluster) -> None:
        self.api = api
        self.router = Router(api)
        self._session = requests.Session()

    def get(self, path: str = ORDERS, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._session.get(self.api.gateway_url + path, headers=named, timeout=10)

    def versions(self, count: int, **headers: str) -> Counter[str]:
        answers = [self.get(**headers) for _ in range(count)]
        return Counter(answer.headers.get("X-App-Version", str(answer.status_code)) for answer in answers)

    def until(self, condition: Callable[[], Any], what: str) -> None:
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, f"waited in vain for {what}"
            time.sleep(0.02)

    def change_default_route(self, **fields: Any) -> None:
        """Set fields of the last route of VirtualService order."""

        def change(body: dict[str, Any]) -> dict[str, Any]:
            route = body["spec"]["http"][-1]
            route.update(fields)
            return {"spec": {"http": body["spec"]["http"]}}

        self.api.virtual_services.amend("order", change)


@pytest.fixture(scope="module")
def whole_shop(cluster: Any) -> Iterator[Shop]:
    with Cluster.connect(cluster.kubeconfig) as api:
        if cluster.embedded:
            stage(api, OVERLAY)
        shop = Shop(api)
        add_canary(api)
        yield shop
        api.deployments.delete("order-canary")


def add_canary(api: Cluster) -> None:
    stable = api.deployments.get("order")
    body = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "order-canary"}}
    body["spec"] = copy.deepcopy(stable["spec"]) | {"replicas": 1}
    labels = body["spec"]["template"]["metadata"]["labels"]
    labels |= {"track": "canary", "version": "v2"}
    body["spec"]["selector"] = {"matchLabels": {"app": "order", "track": "canary"}}
    body["metadata"]["labels"] = {**stable["metadata"]["labels"], "track": "canary"}
    pods = body["spec"]["template"]["spec"]
    for container in [*pods.get("initContainers", []), *pods["containers"]]:
        container["image"] = container["image"].rpartition(":")[0] + ":v2"
    api.deployments.create(body)
    wait.deployment_ready(api, "order-canary")


@pytest.fixture
def shop(whole_shop: Shop) -> Iterator[Shop]:
    """The shop, and afterwards VirtualService order as it was."""
    before = whole_shop.api.virtual_services.get("order")["spec"]
    whole_shop.until(lambda: whole_shop.get(x_track="canary").status_code == 200, "the canary behind its header")
    yield whole_shop
    whole_shop.api.virtual_services.amend("order", lambda _body: {"spec": before})
    whole_shop.until(lambda: whole_shop.versions(5) == {"v1": 5}, "the stable version alone")


def test_without_weight_nobody_meets_the_canary_but_who_asks_for_it(shop: Shop) -> None:
    assert shop.versions(50) == {"v1": 50}
    assert shop.versions(20, x_track="canary") == {"v2": 20}


def test_a_weight_splits_traffic_within_what_chance_allows(shop: Shop) -> None:
    shop.router.set_weights("order", {"stable": 50, "canary": 50})
    shop.until(lambda: shop.versions(10)["v2"], "the first request on the canary")
    count = 300
    found = shop.versions(count)
    assert set(found) == {"v1", "v2"}
    # Five standard deviations of a fair coin.
    assert abs(found["v2"] - count / 2) < 5 * (count / 4) ** 0.5


def test_all_weight_on_the_canary_and_back_loses_no_request(shop: Shop) -> None:
    statuses: Counter[int] = Counter()
    for weights in ({"stable": 0, "canary": 100}, {"stable": 100, "canary": 0}) * 3:
        shop.router.set_weights("order", weights)
        version = "v2" if weights["canary"] else "v1"

        def arrived(version: str = version) -> bool:
            answer = shop.get()
            statuses[answer.status_code] += 1
            return answer.headers.get("X-App-Version") == version

        shop.until(arrived, version)
    assert set(statuses) == {200}


def test_an_injected_fault_hits_the_route_and_not_its_neighbour(shop: Shop) -> None:
    shop.change_default_route(fault={"abort": {"httpStatus": 418, "percentage": {"value": 100}}})
    shop.until(lambda: shop.get().status_code == 418, "the fault")
    assert shop.versions(10, x_track="canary") == {"v2": 10}
    assert shop.get("/users").status_code == 200


def test_an_injected_delay_is_felt(shop: Shop) -> None:
    usual = statistics.median(shop.get().elapsed.total_seconds() for _ in range(5))
    shop.change_default_route(fault={"delay": {"fixedDelay": "1s", "percentage": {"value": 100}}})
    shop.until(lambda: shop.get().elapsed.total_seconds() >= max(1, usual), "the delay")


def test_an_unknown_subset_is_answered_with_503(shop: Shop) -> None:
    shop.change_default_route(route=[{"destination": {"host": "order", "subset": "nowhere"}}])
    shop.until(lambda: shop.get().status_code == 503, "the answer for an unknown subset")
    assert shop.get("/users").status_code == 200


def test_a_header_is_added_to_the_answer(shop: Shop) -> None:
    shop.change_default_route(headers={"response": {"set": {"x-routed-by": "mesh"}}})
    shop.until(lambda: shop.get().headers.get("x-routed-by") == "mesh", "the header")


def test_what_no_route_matches_is_not_found(shop: Shop) -> None:
    assert shop.get("/nothing-here").status_code == 404
