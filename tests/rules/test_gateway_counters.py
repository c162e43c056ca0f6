"""From the gateway's own counters to a page: the whole chain of rules, for both sources, and gateways that leave."""

import pytest
from tests.rules.promtool import RULES, expects, holds, series

FILES = [RULES / f"{name}.yaml" for name in ("release", "sli", "slo")]
ORDER = ["release", "sli-gateway", "slo-order"]
PAGE = 'ALERTS{alertname="AvailabilityBurnsFast",service="order",window="1h",alertstate="firing"}'
PER_SCRAPE = 15  # one scrape every 15 s: 15 a scrape are 1 a second


def envoy(code, values, instance="envoy"):
    cluster = "outbound|8080|stable|order.shop.svc.cluster.local"
    return series(
        "envoy_cluster_upstream_rq", values, envoy_cluster_name=cluster, envoy_response_code=code, instance=instance
    )


def istio(code, values, instance="10.0.0.1:15020"):
    labels = {
        "reporter": "source",
        "source_workload": "istio-ingressgateway",
        "destination_service_name": "order",
        "destination_service_namespace": "shop",
        "destination_workload": "order",
    }
    return series("istio_requests_total", values, **labels, response_code=code, instance=instance)


def chain(folder, inputs, *moments):
    group = {"interval": "15s", "input_series": inputs, "promql_expr_test": moments}
    return holds(folder, [group], *FILES, interval="15s", order=ORDER)


@pytest.mark.parametrize("source", [envoy, istio])
def test_errors_at_the_gateway_become_ratios_and_a_page(source, tmp_path):
    inputs = [source("200", f"0+{98 * PER_SCRAPE}x40"), source("503", f"0+{2 * PER_SCRAPE}x40")]
    order = '{namespace="shop",service="order"}'
    fine, said = chain(
        tmp_path,
        inputs,
        expects("service:requests:rate1m", "5m", (f"service:requests:rate1m{order}", 100)),
        expects("service:errors:rate1m", "5m", (f"service:errors:rate1m{order}", 2)),
        expects("service:errors_per_requests:ratio_rate1h * 100", "5m", (order, 2)),
        expects(f"count({PAGE})", "5m", ("{}", 1)),
        expects(
            'service:error_budget:remaining_ratio30d{slo="availability"}',
            "5m",
            (
                'service:error_budget:remaining_ratio30d{namespace="shop",service="order",slo="availability"}',
                -19,
            ),
        ),
    )
    assert fine, said


def test_without_an_error_the_ratio_is_nothing_and_not_missing(tmp_path):
    ratio = "service:errors_per_requests:ratio_rate5m"
    wanted = (f'{ratio}{{namespace="shop",service="order"}}', 0)
    fine, said = chain(tmp_path, [envoy("200", "0+150x40")], expects(ratio, "5m", wanted), expects(PAGE, "5m"))
    assert fine, said


def took(values, bound, track="stable"):
    cluster = f"outbound|8080|{track}|order.shop.svc.cluster.local"
    labels = {"envoy_cluster_name": cluster, "le": bound, "instance": "envoy"}
    return series("envoy_cluster_upstream_rq_time_bucket", values, **labels)


def test_quantiles_are_those_of_each_track_and_missing_without_requests(tmp_path):
    """The stable version answers within 10 ms, half of the canary's requests take up to 100 ms, then nobody asks."""
    inputs = [
        *[took("0+10x40 400x40", bound) for bound in ("10", "100", "+Inf")],
        took("0+5x40 200x40", "10", "canary"),
        *[took("0+10x40 400x40", bound, "canary") for bound in ("100", "+Inf")],
    ]
    group = {"interval": "1s", "input_series": inputs}
    by_track, whole = (f"round({level}:duration_seconds:p95_rate10s * 10000)" for level in ("service_track", "service"))
    order = 'namespace="shop",service="order"'
    tracks = [(f'{{{order},track="{track}"}}', value) for track, value in (("canary", 910), ("stable", 95))]
    moments = [
        expects(by_track, "20s", *tracks),
        expects(whole, "20s", (f"{{{order}}}", 820)),
        expects(by_track, "60s"),
        expects(whole, "60s"),
    ]
    fine, said = holds(tmp_path, [{**group, "promql_expr_test": moments}], *FILES, interval="2s", order=ORDER)
    assert fine, said


def test_the_first_errors_are_counted_though_their_counter_did_not_exist(tmp_path):
    """40 errors at once in a series that begins with 40, and no further one."""
    inputs = [envoy("200", "0+150x40"), envoy("503", "_x9 40x30")]
    counted = "sum_over_time(service:errors:rate1m[5m]) * 15 > bool 30"
    fine, said = chain(tmp_path, inputs, expects(counted, "5m", ('{namespace="shop",service="order"}', 1)))
    assert fine, said


def test_a_gateway_that_leaves_counts_nothing_twice(tmp_path):
    """Two gateways; each has old errors in its counters, one leaves: no new error has happened."""
    inputs = [
        *[istio("200", f"1000000+{50 * PER_SCRAPE}x60", instance) for instance in ("a", "b")],
        *[istio("503", values, instance) for instance, values in (("a", "90000x20 stale"), ("b", "90000x60"))],
    ]
    rate = "service:errors:rate1m"
    fine, said = chain(
        tmp_path,
        inputs,
        *[expects(rate, f"{m}m", (f'{rate}{{namespace="shop",service="order"}}', 0)) for m in (4, 6, 8)],
        expects(PAGE, "8m"),
    )
    assert fine, said
