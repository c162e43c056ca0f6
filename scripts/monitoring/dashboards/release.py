"""A release as it goes on: the new version beside the one that stays, and what the drill did meanwhile."""

from __future__ import annotations

from monitoring.dashboards import objectives, promql
from monitoring.dashboards.dashboard import Dashboard, Row
from monitoring.dashboards.notes import Notes
from monitoring.dashboards.panels import OBJECTIVE, Panel, Stat
from monitoring.dashboards.query import EVERY_SECOND, Query
from monitoring.dashboards.service import USERS
from monitoring.dashboards.variables import Variable

_REQUESTS = "gateway:requests:total"
_BUCKETS = "gateway:duration_seconds:bucket"
_SERVICE = ('namespace="$namespace"', 'service="$service"')
# Requests that reached no pod have no track, nor have those of a Service without subsets: they are nobody's.
_TRACKS = (*_SERVICE, 'track!=""')
_BY_TRACK = "{{track}}"
_CANARY, _STABLE = 'track="canary"', 'track="stable"'

_POD_REQUESTS = "http_requests_total"
_POD_BUCKETS = "http_request_duration_seconds_bucket"
_POD = (*_SERVICE, USERS)
_BY_VERSION = "{{version}}"

_AT_THE_GATEWAY = "Counted at the gateway, as the analysis of a release counts."
_IN_THE_PODS = "Counted in the pods: blue and green are told apart by version, and so is a promoted canary."


def _asked(expr: str, legend: str) -> Query:
    return Query(expr, legend, step=EVERY_SECOND)


def _share_of(track: str) -> str:
    return f"{promql.rate(_REQUESTS, *_SERVICE, track)} / {promql.rate(_REQUESTS, *_SERVICE)}"


def _percentile(share: float) -> Panel:
    name = f"p{share * 100:g}"
    return Panel(
        f"{name} by track",
        f"{name} of the time to answer. {_AT_THE_GATEWAY} Dashed: the objective's threshold.",
        (
            _asked(promql.quantile(share, _BUCKETS, *_TRACKS, by="track"), _BY_TRACK),
            Query(objectives.threshold(), OBJECTIVE),
        ),
        unit="s",
    )


def _now(title: str, about: str, expr: str, unit: str) -> Stat:
    return Stat(title, f"{about} {_AT_THE_GATEWAY}", (_asked(expr, title),), unit=unit)


_NOW = Row(
    "Now",
    (
        _now("Canary's share of traffic", "What the weight came to.", _share_of(_CANARY), "percentunit"),
        _now("Requests", "Of all versions.", promql.rate(_REQUESTS, *_SERVICE), "reqps"),
        _now(
            "Canary's errors",
            "Share of the canary's requests that ended in a 5xx.",
            promql.share(_REQUESTS, *_SERVICE, _CANARY, bad=promql.FAILED),
            "percentunit",
        ),
        _now(
            "Stable's errors",
            "Share of the stable version's requests that ended in a 5xx.",
            promql.share(_REQUESTS, *_SERVICE, _STABLE, bad=promql.FAILED),
            "percentunit",
        ),
    ),
)

_GATEWAY = Row(
    "At the gateway: stable beside canary",
    (
        Panel(
            "Observed share of traffic",
            f"Of the requests that reached a track; the asked weights stand in the notes. {_AT_THE_GATEWAY}",
            (
                _asked(
                    f"{promql.rate(_REQUESTS, *_TRACKS, by='track')}"
                    f" / on () group_left () {promql.rate(_REQUESTS, *_TRACKS)}",
                    _BY_TRACK,
                ),
            ),
            unit="percentunit",
            stacked=True,
            most=1,
        ),
        Panel(
            "Requests by track",
            f"Requests a second. {_AT_THE_GATEWAY}",
            (_asked(promql.rate(_REQUESTS, *_TRACKS, by="track"), _BY_TRACK),),
            unit="reqps",
        ),
        Panel(
            "Errors by track",
            f"Share of requests that ended in a 5xx. {_AT_THE_GATEWAY} Dashed: the objective.",
            (
                _asked(promql.share(_REQUESTS, *_TRACKS, bad=promql.FAILED, by="track"), _BY_TRACK),
                Query(objectives.allowed("availability"), OBJECTIVE),
            ),
            unit="percentunit",
        ),
        _percentile(0.5),
        _percentile(0.95),
        _percentile(0.99),
    ),
)

_PODS = Row(
    "In the pods: blue beside green",
    (
        Panel(
            "Requests by version",
            f"Requests a second. {_IN_THE_PODS}",
            (_asked(promql.rate(_POD_REQUESTS, *_POD, by="version"), _BY_VERSION),),
            unit="reqps",
        ),
        Panel(
            "Errors by version",
            f"Share of requests that ended in a 5xx. {_IN_THE_PODS}",
            (_asked(promql.share(_POD_REQUESTS, *_POD, bad=promql.FAILED, by="version"), _BY_VERSION),),
            unit="percentunit",
        ),
        Panel(
            "p95 by version",
            f"p95 of the time to answer; each dot is a request whose trace opens from it. {_IN_THE_PODS}",
            (Query(promql.quantile(0.95, _POD_BUCKETS, *_POD, by="version"), _BY_VERSION, exemplars=True),),
            unit="s",
        ),
    ),
)

_NOTES = Row(
    "Steps and verdicts",
    (Notes("Notes of the drill", "What the drill did, judged and ended with; a click leads there.", (), width=24),),
)

DASHBOARD = Dashboard(
    "release",
    "Release",
    "The new version of a service beside the one that stays, and what the drill did meanwhile.",
    (
        Variable("namespace", _REQUESTS, "namespace", default="shop"),
        # A preview is its Service's other side, and no service of its own.
        Variable(
            "service",
            promql.selected(_REQUESTS, 'namespace="$namespace"'),
            "service",
            default="order",
            only="/^(?!.*-preview$).+$/",
        ),
    ),
    (_NOW, _GATEWAY, _PODS, _NOTES),
    since="now-15m",
    refresh="5s",
)
