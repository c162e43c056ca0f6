"""Every signal of the matrix is there for each of its requests through the gateway, and one that is broken is named."""

import pytest
from tests.signals.matrix import KINDS, gaps

from cluster import wait
from cluster.collection import STRATEGIC
from cluster.stage import stage

# A walk with a gap lasts as long as it may: what has not come by then does not come on the embedded cluster.
BROKEN = 12.0


@pytest.mark.parametrize("kind", KINDS)
def test_every_signal_of_the_matrix_is_there(cluster, walk, sound, kind):
    if reason := walk.absent(kind):
        assert not cluster.embedded, reason  # a team may leave a tool out; the embedded cluster has them all
        pytest.skip(reason)
    entries, seen = sound
    assert not gaps(entries, seen, [kind])


@pytest.fixture
def broken(cluster, shop):
    """Change the running shop; afterwards it is as Git describes it again."""
    if not cluster.embedded:
        pytest.skip("a cluster that others use is not broken on purpose")

    yield shop
    stage(shop, "embedded")


def test_exporter_that_is_taken_out_of_user_is_named(walk, broken):
    roll(broken, "user", {"spec": container("user", OTEL_EXPORTER_OTLP_ENDPOINT="")})
    entries, seen = walk.go(BROKEN)
    assert heads(gaps(entries, seen)) == ["user: span", "user -> database: span"]


def test_propagator_that_is_taken_out_of_order_is_named(walk, broken):
    roll(broken, "order", {"spec": container("order", OTEL_PROPAGATORS="none")})
    entries, seen = walk.go(BROKEN)
    lost = ["order", "order -> user", "user"]
    assert {gap for gap in heads(gaps(entries, seen)) if gap.endswith("log")} == {f"{part}: log" for part in lost}
    spans = {f"{part}: span" for part in (*lost, "order -> database", "user -> database")}
    assert {gap for gap in heads(gaps(entries, seen)) if gap.endswith("span")} == spans


def test_metrics_and_log_lines_of_order_that_are_gone_are_named(walk, broken):
    unscraped = {"annotations": {"prometheus.io/scrape": "false"}}
    roll(broken, "order", {"metadata": unscraped, "spec": container("order", LOG_LEVEL="error")})
    entries, seen = walk.go(BROKEN)
    assert heads(gaps(entries, seen)) == ["order: metric", "order: log", "order -> database: metric"]


def roll(shop, name, template):
    """Change the pods of a Deployment, and wait until only the changed ones are left."""
    shop.deployments.patch(name, {"spec": {"template": template}}, STRATEGIC)
    wait.deployment_ready(shop, name)


def container(name, **variables):
    return {"containers": [{"name": name, "env": [{"name": key, "value": value} for key, value in variables.items()]}]}


def heads(found):
    """Return of each gap its part and kind."""
    return [": ".join(gap.split(": ")[:2]) for gap in found]
