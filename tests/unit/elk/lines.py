"""Lines as the services and the proxies write them, and events as Filebeat delivers them."""

import json
from pathlib import Path

import yaml

ISTIOD = Path(__file__).resolve().parents[3] / "istio/install/istiod.yaml"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
# What Envoy writes for each operator of the access log; numbers are numbers there.
SAID = {
    "%START_TIME%": "2026-11-24T12:00:01.250Z",
    "%REQ(:METHOD)%": "GET",
    "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%": "/orders/7?full=1",
    "%PROTOCOL%": "HTTP/1.1",
    "%REQ(:AUTHORITY)%": "shop.example",
    "%RESPONSE_CODE%": 503,
    "%RESPONSE_FLAGS%": "UF",
    "%RESPONSE_CODE_DETAILS%": "upstream_reset_before_response_started",
    "%DURATION%": 12,
    "%UPSTREAM_CLUSTER_RAW%": "outbound|80|canary|order.shop.svc.cluster.local",
    "%UPSTREAM_HOST%": "10.1.2.3:8080",
    "%DOWNSTREAM_REMOTE_ADDRESS%": "10.1.0.1:51000",
    "%REQ(X-REQUEST-ID)%": "4d2bd8c9-2a49-9d2e-8b9c-2f5b1c0a7e11",
    "%TRACE_ID%": TRACE,
}
LABELS = {"app": "order", "track": "canary", "version": "v2"}


def access_line(**changes):
    """Return a line of a proxy, in the form that istiod is installed with.

    Args:
        changes: what the proxy says instead, by the name of the field.
    """
    form = json.loads(yaml.safe_load(ISTIOD.read_text())["meshConfig"]["accessLogFormat"])
    return json.dumps({field: SAID[operator] for field, operator in form.items()} | changes)


def delivered(line, container="order", **labels):
    """Return what Filebeat makes of a line of a container's log."""
    return {
        "@timestamp": "2026-11-24T12:00:09.000Z",
        "message": line,
        "stream": "stdout",
        "kubernetes": {
            "namespace": "shop",
            "pod": {"name": "order-canary-1"},
            "container": {"name": container},
            "node": {"name": "node-1"},
            "labels": labels or LABELS,
        },
    }
