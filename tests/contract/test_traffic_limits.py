"""Where the mesh says no: a full connection pool, a pod that answers errors, a limit on the rate."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.contract.site import backend
from tests.contract.waiting import converged, until

from cluster.client import GATEWAY_NAMESPACE, NETWORKING

CROWD = 12
RATE_LIMIT = "contract.local_ratelimit"
LIMITED = 5


@pytest.fixture
def stable(entrance):
    entrance.split(stable=100, canary=0)
    entrance.answers_with("v1")
    return entrance


def crowd(entrance, path="/?ms=800"):
    """Send requests at the same time and return the answers."""

    def one(_number):
        with entrance.new_session() as session:
            return entrance.get(path, session)

    with ThreadPoolExecutor(CROWD) as pool:
        return list(pool.map(one, range(CROWD)))


def test_without_a_limit_everybody_is_served(stable):
    assert [answer.status_code for answer in crowd(stable)] == [200] * CROWD


@pytest.mark.parametrize(
    "pool",
    [{"tcp": {"maxConnections": 1}, "http": {"http1MaxPendingRequests": 1}}, {"http": {"http2MaxRequests": 1}}],
    ids=["connections", "requests"],
)
def test_a_full_connection_pool_overflows_with_503(stable, pool):
    stable.rule(connectionPool=pool)
    stable.routes({"route": [stable.to("stable")], "retries": {"attempts": 0}})

    def overflown():
        return [answer for answer in crowd(stable) if answer.status_code == 503]

    refused = until(overflown, "a request too many")
    # Envoy's words for the flag UO: the pool is full, the pod was not even asked.
    assert all("overflow" in answer.text for answer in refused), refused[0].text
    # The breaker closes as soon as there is room.
    converged(lambda: stable.get().status_code == 200, "room for one")


def test_a_pod_that_answers_nothing_but_errors_is_ejected(site):
    broken = backend("broken", env={"FAULT_ERROR_SHARE": "1"}, state="broken")
    site.start(backend("sound", state="sound"), broken)
    entrance = site.entrance(app="backend").open()
    until(lambda: {200, 500} <= set(entrance.statuses(20)), "requests on both pods")
    outliers = {"consecutive5xxErrors": 3, "interval": "1s", "baseEjectionTime": "120s", "maxEjectionPercent": 100}
    entrance.rule(outlierDetection=outliers)
    converged(lambda: entrance.get().status_code == 200, "the broken pod ejected", times=40)


def test_requests_beyond_a_rate_are_refused_with_429(stable, cluster, differs, gateway_filters):
    gateway_filters(stable.name, rate_limit(stable.host))
    if differs("rate-limit"):
        named(cluster, stable.name)
        assert stable.statuses(LIMITED * 4) == {200: LIMITED * 4}
        return
    until(lambda: 429 in stable.statuses(LIMITED * 4), "the limit")
    found = stable.statuses(LIMITED * 4)
    assert set(found) == {200, 429} or set(found) == {429}, found


def named(cluster, name):
    """Wait for the event that says the object has no effect."""
    with cluster.connect(GATEWAY_NAMESPACE) as api:
        events = lambda: api.events.list(fields={"involvedObject.name": name, "reason": "Unsupported"})  # noqa: E731
        assert "not enforced" in until(events, "its event")[0]["message"]


@pytest.fixture
def gateway_filters(cluster):
    """Put an EnvoyFilter beside the gateway, where it has to be; afterwards it is gone."""
    made = []
    with cluster.connect(GATEWAY_NAMESPACE) as api:
        filters = api.collection(NETWORKING.replace("/v1", "/v1alpha3"), "envoyfilters")

        def put(name, spec):
            body = {"apiVersion": "networking.istio.io/v1alpha3", "kind": "EnvoyFilter", "metadata": {"name": name}}
            filters.create({**body, "spec": spec})
            made.append(name)

        yield put
        for name in made:
            filters.delete(name)


def rate_limit(host):
    """Return the EnvoyFilter: a filter without a limit of its own, and the limit for one host alone."""
    kind = "type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"
    everything = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}, "runtime_key": "contract"}
    bucket = {"max_tokens": LIMITED, "tokens_per_fill": LIMITED, "fill_interval": "10s"}
    limit = {"@type": kind, "stat_prefix": "contract", "token_bucket": bucket}
    limit |= {"filter_enabled": everything, "filter_enforced": everything}
    router = {"name": "envoy.filters.network.http_connection_manager", "subFilter": {"name": ROUTER}}
    unlimited = {"name": RATE_LIMIT, "typed_config": {"@type": kind, "stat_prefix": "contract"}}
    return {
        "workloadSelector": {"labels": {"istio": "ingressgateway"}},
        "configPatches": [
            {
                "applyTo": "HTTP_FILTER",
                "match": {"context": "GATEWAY", "listener": {"filterChain": {"filter": router}}},
                "patch": {"operation": "INSERT_BEFORE", "value": unlimited},
            },
            {
                "applyTo": "VIRTUAL_HOST",
                "match": {"context": "GATEWAY", "routeConfiguration": {"vhost": {"name": f"{host}:80"}}},
                "patch": {"operation": "MERGE", "value": {"typed_per_filter_config": {RATE_LIMIT: limit}}},
            },
        ],
    }


ROUTER = "envoy.filters.http.router"
