"""Whoever takes the spans may die at any moment: users notice nothing, and traces come again."""

import json
import os
import signal
import uuid
from pathlib import Path

import pytest
from kubernetes import client
from tests.contract.site import backend
from tests.contract.traffic import constant
from tests.contract.waiting import until

from cluster.errors import BackendError
from cluster.jaeger import Jaeger

pytestmark = pytest.mark.timeout(240)
NAMESPACE = "observability"
# A collector decides on a trace eleven seconds after its first span, and pods hand theirs on only now and then.
SAMPLED = 18
EXPORT = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://otel-collector.{NAMESPACE}:4318",
    "OTEL_TRACES_SAMPLER": "parentbased_always_on",
    "OTEL_BSP_SCHEDULE_DELAY": "200",
}


@pytest.fixture
def place(site, needs):
    """Two pods that send spans, with a host that leads to them."""
    needs("traces")
    site.start(backend("web", replicas=2, env=EXPORT))
    return site.entrance(app="backend").open()


@pytest.fixture
def kill_the_collector(cluster, api_client, differs):
    """Kill at once whoever takes the spans."""

    def kill():
        if differs("observatory"):
            written = json.loads((Path(cluster.kubeconfig).parent / "status.json").read_text())
            os.kill(written["processes"]["observatory"], signal.SIGKILL)
            return
        chosen = {"label_selector": "app.kubernetes.io/name=otel-collector", "grace_period_seconds": 0}
        client.CoreV1Api(api_client).delete_collection_namespaced_pod(NAMESPACE, **chosen)

    return kill


def traced(place):
    """Send a request that fails, so that every sampler keeps it; tell whether the service's span is in Jaeger."""
    trace_id = uuid.uuid4().hex
    key = uuid.uuid4().hex
    assert place.get(f"/?key={key}&fail=9", traceparent=f"00-{trace_id}-b7ad6b7169203331-01").status_code == 503

    def found():
        try:
            trace = Jaeger(place.site.api).trace(trace_id)
        except BackendError:
            # It has died, and is not back yet.
            return False
        return trace is not None and "backend" in {span.service for span in trace.spans}

    return found


def comes_again(place):
    """Wait until a request that is sent now leaves its trace: spans of the first ones may be lost with the dead."""
    until(lambda: _within_moments(traced(place)), "traces again")


def _within_moments(found):
    try:
        return until(found, "this trace", deadline=SAMPLED)
    except AssertionError:
        return False


def test_no_request_is_lost_with_the_collector(place, kill_the_collector):
    comes_again(place)
    with constant(place) as traffic:
        kill_the_collector()
        traffic.flow()
        comes_again(place)


def test_pods_end_in_time_while_nobody_takes_their_spans(place, kill_the_collector):
    with constant(place):
        kill_the_collector()
        for pod in place.site.api.pods.list({"app": "backend"}):
            place.site.api.pods.delete(pod["metadata"]["name"])
            until(lambda: len(ready(place)) == 2, "two pods are ready")


def ready(place):
    pods = place.site.api.pods.list({"app": "backend"})
    return [pod for pod in pods if not pod["metadata"].get("deletionTimestamp") and _is_ready(pod)]


def _is_ready(pod):
    conditions = pod["status"].get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
