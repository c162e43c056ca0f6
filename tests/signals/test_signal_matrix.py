"""Every signal of the matrix is there for one order placed through the gateway, and one that is broken is named."""

import pytest
from tests.signals.matrix import KINDS, gaps

from cluster import wait
from cluster.stage import stage

# A walk with a gap lasts as long as it may: what has not come by then does not come on the embedded cluster.
BROKEN = 12.0


@pytest.mark.parametrize("kind", KINDS)
def test_every_signal_of_the_matrix_is_there(walk, sound, kind):
    if reason := walk.absent(kind):
        pytest.skip(reason)
    entries, seen = sound
    assert not gaps(entries, seen, [kind])


@pytest.fixture
def broken(cluster, shop):
    """Change the running shop; afterwards it is as Git describes it again."""
    if not cluster.embedded:
        pytest.skip("a cluster that others use is not broken on purpose")

    def change(collection, name, patch):
        collection.patch(name, patch)
        if collection is shop.deployments:
            wait.rolled_out(shop, name)

    yield change
    stage(shop, "embedded")


def test_exporter_that_is_taken_out_of_user_is_named(walk, shop, broken):
    broken(
        shop.deployments, "user", {"spec": {"template": {"spec": container("user", OTEL_EXPORTER_OTLP_ENDPOINT="")}}}
    )
    entries, seen = walk.go(BROKEN)
    assert heads(gaps(entries, seen)) == ["user: span", "user -> database: span"]


def test_trace_context_that_is_dropped_on_the_way_to_user_is_named(walk, shop, broken):
    def drop(body):
        for route in body["spec"]["http"]:
            route["headers"] = {"request": {"remove": ["traceparent"]}}
        return {"spec": body["spec"]}

    broken(shop.virtual_services, "user-mesh", drop(shop.virtual_services.get("user-mesh")))
    entries, seen = walk.go(BROKEN)
    assert heads(gaps(entries, seen)) == ["user: span", "user: log", "user -> database: span"]


def test_metrics_and_log_lines_of_order_that_are_gone_are_named(walk, shop, broken):
    quiet = container("order", LOG_LEVEL="error")
    unscraped = {"metadata": {"annotations": {"prometheus.io/scrape": "false"}}, "spec": quiet}
    broken(shop.deployments, "order", {"spec": {"template": unscraped}})
    entries, seen = walk.go(BROKEN)
    assert heads(gaps(entries, seen)) == ["order: metric", "order: log", "order -> database: metric"]


def container(name, **variables):
    return {"containers": [{"name": name, "env": [{"name": key, "value": value} for key, value in variables.items()]}]}


def heads(found):
    """Return of each gap its part and kind."""
    return [": ".join(gap.split(": ")[:2]) for gap in found]
