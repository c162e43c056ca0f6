"""The platform on a cluster that is there: in which order, what is somebody else's, and what is told of it."""

import contextlib
import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from rich.console import Console
from tests.unit.manifests.fake_cluster import FakeTransport

from cluster import wait
from cluster.client import Cluster
from cluster.errors import Unready
from cluster.settings import Settings
from cluster.stage import Change
from cluster.workloads import DAEMON_SET
from provision import report, staging
from provision.errors import ProvisionError
from provision.steps import Steps


@pytest.fixture
def told():
    return io.StringIO()


@pytest.fixture
def steps(told):
    return Steps(Console(file=told, highlight=False, soft_wrap=True))


def shop(**changes):
    fields = {"gateway_url": "http://gateway", "prometheus_url": None, **changes}
    return Cluster(FakeTransport(), Settings("", None, "shop", confirmed=True, **fields))


@pytest.fixture
def staged(monkeypatch):
    """What is staged, checked and made, in order, with what staging says came of it."""
    done = []
    outcomes = {}

    def stage(cluster, folder, timeout):
        done.append(f"stage {cluster.namespace}")
        stage.folders.append(folder)
        return [
            Change(outcome, "ConfigMap", "a") for outcome in outcomes.get(cluster.namespace, ["unchanged", "ready"])
        ]

    monkeypatch.setattr(staging, "stage", stage)
    monkeypatch.setattr(staging, "check_fit", lambda cluster, objects, releases=True: done.append("check"))
    monkeypatch.setattr(staging.secrets, "ensure", lambda cluster, objects: done.append("secrets") or [])
    monkeypatch.setattr(staging, "render", lambda *_arguments: [])
    stage.done, stage.outcomes, stage.folders = done, outcomes, []
    return stage


def test_everything_is_checked_before_anything_is_changed(staged, steps):
    staging.put(shop(), "kind", steps, own_gateway=True)
    assert staged.done == [
        *["check"] * 3,
        *["secrets"] * 3,
        "stage istio-system",
        "stage observability",
        "stage shop",
    ]


def test_a_gateway_that_serves_others_too_is_not_added_to(staged, steps):
    staging.put(shop(), "kind", steps, own_gateway=False)
    assert "stage istio-system" not in staged.done


def test_a_prometheus_that_was_named_is_not_set_up(staged, steps):
    staging.put(shop(prometheus_url="http://prometheus"), "kind", steps, own_gateway=True)
    assert "stage observability" not in staged.done


def test_what_lets_the_platform_be_seen_is_chosen_by_name_by_folder_or_not_at_all(staged, steps, tmp_path):
    (tmp_path / "kustomization.yaml").touch()
    for chosen in ("", "elk", str(tmp_path), "none"):
        staging.put(shop(), "kind", steps, own_gateway=False, observability=chosen)
    overlays = [staging.OVERLAYS / "standard", staging.OVERLAYS / "elk", tmp_path]
    assert [folder for folder in staged.folders if folder != "kind"] == overlays


def test_what_is_named_is_set_up_beside_somebody_elses_prometheus(staged, steps):
    staging.put(shop(prometheus_url="http://prometheus"), "kind", steps, own_gateway=False, observability="elk")
    assert staging.OVERLAYS / "elk" in staged.folders


def test_what_stores_logs_gets_a_shipper_in_a_namespace_of_its_own(staged, steps, monkeypatch):
    store = {"kind": "StatefulSet", "metadata": {"name": "elasticsearch"}}
    brought = {staging.OVERLAYS / "elk": [store]}
    monkeypatch.setattr(staging, "render", lambda folder, *_rest: brought.get(folder, []))
    for chosen in ("standard", "elk"):
        staging.put(shop(), "kind", steps, own_gateway=False, observability=chosen)
    without = ["stage observability", "stage shop"]
    with_logs = ["stage observability", "stage observability-agents", "stage shop"]
    assert [each for each in staged.done if each.startswith("stage")] == [*without, *with_logs]


def test_an_overlay_that_is_none_is_told_before_anything_is_changed(staged, steps):
    with pytest.raises(
        ProvisionError, match=r"OBSERVABILITY=elc is no overlay: choose elk, prometheus, standard, none"
    ):
        staging.put(shop(), "kind", steps, own_gateway=False, observability="elc")
    assert staged.done == []


def test_what_changed_is_told_and_counted(staged, steps, told):
    staging.put(shop(), "kind", steps, own_gateway=False)
    assert steps.changed is False
    assert "kind in namespace shop: unchanged" in told.getvalue()
    staged.outcomes["shop"] = ["created", "created", "unchanged", "pruned", "ready"]
    staging.put(shop(), "kind", steps, own_gateway=False)
    assert steps.changed is True
    assert "kind in namespace shop: 2 created, 1 pruned" in told.getvalue()


def test_a_step_that_fails_says_no_outcome(steps, told):
    with contextlib.suppress(ValueError), steps.step("a"):
        raise ValueError
    assert told.getvalue() == "a ...\n"
    assert steps.changed is False


# Daemon sets

PATH = "/apis/apps/v1/namespaces/istio-system/daemonsets/cni"
POD = "/api/v1/namespaces/istio-system/pods/cni-1"


def daemon_set(**status):
    return {
        "kind": "DaemonSet",
        "metadata": {"name": "cni", "generation": 2},
        "spec": {"selector": {"matchLabels": {"app": "cni"}}},
        "status": status,
    }


@pytest.fixture
def cluster():
    return shop().at("istio-system")


def put(cluster, path, body):
    cluster._transport.objects[path] = body


READY = {"observedGeneration": 2, "desiredNumberScheduled": 1, "updatedNumberScheduled": 1, "numberAvailable": 1}


def test_a_daemon_set_on_all_nodes_is_ready(cluster):
    put(cluster, PATH, daemon_set(**READY))
    wait.ready(cluster, DAEMON_SET, "cni", timeout=1)


@pytest.mark.parametrize("field", ["observedGeneration", "updatedNumberScheduled", "numberAvailable"])
def test_one_that_is_not_says_how_far_it_is(cluster, field):
    put(cluster, PATH, daemon_set(**{**READY, field: READY[field] - 1}))
    with pytest.raises(
        Unready, match=r"DaemonSet cni is not ready: Timeout .\d of 1 updated, \d available; waited 0\.1"
    ):
        wait.ready(cluster, DAEMON_SET, "cni", timeout=0.1)


def test_one_whose_image_is_not_to_be_had_says_so(cluster):
    put(cluster, PATH, daemon_set(**{**READY, "numberAvailable": 0}))
    waiting = {"name": "install", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such host"}}}
    pod = {"kind": "Pod", "metadata": {"name": "cni-1", "uid": "1", "labels": {"app": "cni"}}}
    put(cluster, POD, {**pod, "status": {"containerStatuses": [waiting]}})
    with pytest.raises(Unready, match=r"DaemonSet cni is not ready: ErrImagePull .*no such host"):
        wait.ready(cluster, DAEMON_SET, "cni", timeout=0.1)


# The gateway


@pytest.fixture
def gateway():
    class Handler(BaseHTTPRequestHandler):
        statuses = [200]  # noqa: RUF012

        def do_GET(self):
            self.send_response(self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Handler.url = f"http://127.0.0.1:{server.server_port}"
    yield Handler
    server.shutdown()
    server.server_close()


def test_the_gateway_may_take_a_moment(gateway, monkeypatch):
    monkeypatch.setattr(report, "ASK_AGAIN", 0.01)
    gateway.statuses[:] = [404, 503, 200]
    report.await_gateway(gateway.url, 10)


def test_a_shop_that_wants_a_token_is_there(gateway):
    gateway.statuses[:] = [401]
    report.await_gateway(gateway.url, 0)


@pytest.mark.parametrize(("status", "said"), [(503, "status 503"), (404, "status 404")])
def test_a_gateway_behind_which_nobody_answers_is_told(gateway, status, said):
    gateway.statuses[:] = [status]
    with pytest.raises(ProvisionError, match=f"does not answer at {gateway.url} .{said}.*GATEWAY_URL"):
        report.await_gateway(gateway.url, 0)


def test_a_gateway_that_cannot_be_reached_is_told():
    with pytest.raises(ProvisionError, match="Connection refused"):
        report.await_gateway("http://127.0.0.1:1", 0)


def test_where_everything_answers_is_told():
    told = shop(gateway_url="http://127.0.0.1:8080")
    for name in ("prometheus", "grafana"):
        body = {"kind": "Service", "metadata": {"name": name}}
        put(told, f"/api/v1/namespaces/observability/services/{name}", body)
    lines = "\n".join(report.addresses(told))
    assert "http://127.0.0.1:8080/orders" in lines
    assert "kubectl port-forward -n observability service/prometheus 9090" in lines
    assert "kubectl port-forward -n observability service/grafana 3000" in lines
    assert "kibana" not in lines, "what is not there is not named"
    assert "make drill-canary KUBECONTEXT=fake" in lines


def test_a_prometheus_that_was_named_answers_there():
    lines = "\n".join(report.addresses(shop(prometheus_url="http://metrics.example")))
    assert "prometheus   http://metrics.example" in lines
