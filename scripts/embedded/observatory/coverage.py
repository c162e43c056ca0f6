"""What the observatory covers of the APIs that it speaks, for the generated page."""

from __future__ import annotations

from embedded.observatory import log_store, spans
from embedded.observatory.annotations import LIMIT as ANNOTATIONS

_BOUND = "the oldest go first, after 24 h at the latest; those of failed requests go last"

COVERAGE: list[tuple[str, str, str]] = [
    ("OTLP over HTTP: POST /v1/traces", "supported", "protobuf and JSON, packed or not; every trace is kept"),
    ("OTLP: metrics, logs, gRPC", "refused", "Prometheus scrapes the pods, their logs are read from files"),
    ("Jaeger: services, operations, traces by id", "supported", ""),
    (
        "Jaeger: search by service, operation, tags, start, end, minDuration, maxDuration, limit",
        "supported",
        "an attribute of the resource counts as a tag of each span",
    ),
    ("Jaeger: dependencies, metrics, archive, API v3", "refused", ""),
    (
        "Elasticsearch: _search of logs-proving_ground-*",
        "partly",
        "bool, term, terms, range, match, match_phrase, match_all, exists; sort by @timestamp; size, from",
    ),
    ("Elasticsearch: everything else", "refused", "400 for a query that is not supported, 501 for other paths"),
    ("Grafana: annotations", "partly", "made, found, changed by PATCH, deleted; not of one dashboard"),
    ("Grafana: everything else", "refused", "the pages of the observatory show the same pictures"),
    ("Spans that are kept", "supported", f"{spans.LIMIT}; {_BOUND}"),
    ("Lines that are kept", "supported", f"{log_store.LIMIT}; {_BOUND}"),
    ("Annotations that are kept", "supported", f"{ANNOTATIONS}"),
    ("Credentials", "partly", "none; it answers on loopback only, as Prometheus does"),
]
