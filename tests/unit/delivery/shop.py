"""A shop on the fake API server: Deployments become ready at once, endpoints follow selectors, the gateway answers."""

import contextlib
import copy
import json
import time
from http.server import BaseHTTPRequestHandler

from tests.unit.cluster.fake_api import NAMESPACED, FakeApi, fake_api, serving
from tests.unit.delivery.simulation import envoy

from cluster.client import Cluster
from delivery import carrier
from delivery.analysis import Analysis
from delivery.counters.sources import ENVOY_REQUESTS
from delivery.journal.release import MARK
from delivery.journal.touching import FENCE
from delivery.naming import version_of
from delivery.planning import traffic

EMPTY = {"resultType": "matrix", "result": []}
CONFIG_MAPS = f"/api/v1{NAMESPACED}configmaps"
LEASES = f"/apis/coordination.k8s.io/v1{NAMESPACED}leases"
DEPLOYMENTS = f"/apis/apps/v1{NAMESPACED}deployments"
SERVICES = f"/api/v1{NAMESPACED}services"
JOBS = f"/apis/batch/v1{NAMESPACED}jobs"
PODS = f"/api/v1{NAMESPACED}pods"
SLICES = f"/apis/discovery.k8s.io/v1{NAMESPACED}endpointslices"
VIRTUAL_SERVICES = f"/apis/networking.istio.io/v1{NAMESPACED}virtualservices"
RULES = f"/apis/networking.istio.io/v1{NAMESPACED}destinationrules"


def deployment(name="order", **labels):
    labels = {"app": "order", "track": "stable", **labels}
    containers = [{"name": "order", "image": "order:v1"}, {"name": "agent", "image": "agent:7"}]
    return {
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "generation": 1,
            "labels": {**labels, "version": "v1", "app.kubernetes.io/part-of": "proving-ground"},
            "annotations": {"deployment.kubernetes.io/revision": "4", "team": "shop"},
            "ownerReferences": [{"name": "somebody"}],
        },
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": {**labels, "version": "v1"}},
                "spec": {"initContainers": [{"name": "migrate", "image": "order:v1"}], "containers": containers},
            },
        },
    }


def migrate_job():
    """Return the live migration as the API server tells of it."""
    ties = {"batch.kubernetes.io/controller-uid": "u", "controller-uid": "u", "job-name": "order-migrate"}
    labels = {"app": "order-migrate", "app.kubernetes.io/part-of": "proving-ground"}
    containers = [{"name": "migrate", "image": "order:v1"}, {"name": "agent", "image": "agent:7"}]
    return {
        "kind": "Job",
        "metadata": {"name": "order-migrate", "labels": labels, "ownerReferences": [{"name": "somebody"}]},
        "spec": {
            "backoffLimit": 3,
            "manualSelector": False,
            "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}},
            "template": {
                "metadata": {"labels": {**labels, **ties}},
                "spec": {"restartPolicy": "Never", "containers": containers},
            },
        },
    }


def idle(query):
    """Answer as a Prometheus that has seen nothing since the release began, and 200 requests a second before."""
    now = time.time()
    if query == "time()":
        return {"resultType": "scalar", "result": [now, str(now)]}
    return steady(now) if query.endswith(f"[{traffic.REACH:g}s]") else EMPTY


def steady(now, rate=200):
    """Return what the gateway counted up to a moment, at one scrape a second."""
    values = [[now - age, str(1e6 - rate * age)] for age in range(20, 0, -1)]
    metric = envoy("stable", __name__=ENVOY_REQUESTS, envoy_response_code="200")
    return {"resultType": "matrix", "result": [{"metric": metric, "values": values}]}


class Shop:
    """The API server, and what its controllers and the gateway do.

    `unready` and `lost` name Deployments that never get ready, or that the gateway never leads to; `statuses` says what
    an image answers with.
    """

    def __init__(self, api: FakeApi) -> None:
        self.api = api
        self.unready: dict[str, str] = {}
        self.lost: set[str] = set()
        self.statuses: dict[str, int] = {}
        self.says: dict[str, str] = {}
        self.migrates = True
        api.react = lambda _api, method, path: self.control()
        api.ask_prometheus = idle

    def control(self) -> None:
        """Bring pods, endpoints and statuses to what the objects say."""
        with self.api.lock:
            for path in [path for path in self.api.objects if path.startswith(PODS)]:
                del self.api.objects[path]
            for path, body in list(self.api.objects.items()):
                if path.startswith(DEPLOYMENTS):
                    self._roll(path, body)
                if path.startswith(JOBS):
                    self._run(path, body)
            for path, body in list(self.api.objects.items()):
                if path.startswith(SERVICES):
                    self._endpoints(body)

    def _roll(self, path, body) -> None:
        name, wanted = body["metadata"]["name"], body["spec"]["replicas"]
        ready = 0 if name in self.unready else wanted
        counts = {"replicas": wanted, "updatedReplicas": wanted, "availableReplicas": ready}
        status = {"observedGeneration": 99, **counts}
        self.api.put(path, {**body, "status": status})
        labels = body["spec"]["template"]["metadata"]["labels"]
        state = {"waiting": {"reason": self.unready[name]}} if name in self.unready else {"running": {}}
        for number in range(wanted):
            pod = {"metadata": {"labels": labels}, "status": {"containerStatuses": [{"name": "order", "state": state}]}}
            self.api.put(f"{PODS}/{name}-{number}", pod)

    def _run(self, path, body) -> None:
        kind, reason = ("Complete", "CompletionsReached") if self.migrates else ("Failed", "BackoffLimitExceeded")
        body["spec"].setdefault("selector", {"matchLabels": {"job": body["metadata"]["name"]}})
        self.api.put(path, {**body, "status": {"conditions": [{"type": kind, "status": "True", "reason": reason}]}})

    def _endpoints(self, service) -> None:
        selector, name = service["spec"]["selector"], service["metadata"]["name"]
        chosen = [
            {"targetRef": {"name": body["metadata"]["name"]}}
            for path, body in self.api.objects.items()
            if path.startswith(PODS) and selector.items() <= body["metadata"]["labels"].items()
        ]
        labels = {"kubernetes.io/service-name": name}
        self.api.put(f"{SLICES}/{name}", {"metadata": {"labels": labels}, "endpoints": chosen})

    def behind(self, track: str) -> str | None:
        """Return the image of the pods that the gateway leads a track to."""
        wanted = {"app": "order", "track": "canary"}
        if track == "preview":
            wanted = self.object(SERVICES, "order-preview")["spec"]["selector"]
        for path, body in self.api.objects.items():
            labels = body["spec"]["template"]["metadata"]["labels"] if path.startswith(DEPLOYMENTS) else {}
            if path.startswith(DEPLOYMENTS) and wanted.items() <= labels.items() and path not in self.lost:
                return body["spec"]["template"]["spec"]["containers"][0]["image"]
        return None

    # What tests ask

    def object(self, kind, name):
        return self.api.objects[f"{kind}/{name}"]

    def weights(self):
        [split] = [route["route"] for route in self.object(VIRTUAL_SERVICES, "order")["spec"]["http"]]
        return {entry["destination"]["subset"]: entry["weight"] for entry in split}

    def selector(self, service="order"):
        return self.object(SERVICES, service)["spec"]["selector"]

    def names(self):
        return sorted(path.rsplit("/", 1)[-1] for path in self.api.objects if path.startswith(DEPLOYMENTS))

    def calls(self):
        """Return the writes in order, without those of the journal and the lease."""
        return [call for call in self.api.calls if not call[1].startswith(("configmaps", "leases"))]

    def writes(self):
        """Return the same as method and short path."""
        return [f"{method} {path}" for method, path, _body in self.calls()]

    def journal(self):
        """Return the open release and those that ended, as the journal has them."""
        data = self.api.objects.get(f"{CONFIG_MAPS}/release-order", {}).get("data", {})
        return json.loads(data.get("current", "null")), json.loads(data.get("history", "[]"))

    def holder(self):
        """Return who holds the lease."""
        return self.api.objects.get(f"{LEASES}/release-order", {}).get("spec", {}).get("holderIdentity")

    def leftovers(self):
        """Return what a release that has ended should not have left behind, in words."""
        found = [f"the mark on {path}" for path, body in self.api.objects.items() if _marked(body)]
        found += [f"Job {path}" for path in self.api.objects if path.startswith(f"{JOBS}/order-migrate-")]
        if self.weights() != {"stable": 100, "canary": 0}:
            found.append(f"weights {self.weights()}")
        if len(self.names()) != 1:
            found.append(f"Deployments {self.names()}")
        if self.journal()[0]:
            found.append(f"the journal, {self.journal()[0]['phase']}")
        if self.holder():
            found.append("the lease")
        return found

    def state(self):
        """Return all that a release may change, without what the server counts."""
        kept = {}
        for path, body in self.api.objects.items():
            if path.startswith((DEPLOYMENTS, SERVICES, VIRTUAL_SERVICES)):
                kept[path] = copy.deepcopy(body["spec"]), body["metadata"].get("labels")
        return kept


def _marked(body):
    return {MARK, FENCE} & (body["metadata"].get("annotations") or {}).keys()


def gateway(shop: Shop):
    class Gateway(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_args) -> None:
            """Keep quiet."""

        def do_GET(self) -> None:
            image = shop.behind(self.headers.get("x-track", ""))
            self.send_response(shop.statuses.get(image, 200) if image else 503)
            if image:
                self.send_header("X-App-Version", shop.says.get(image, version_of(image)))
            self.send_header("Content-Length", "0")
            self.end_headers()

    return serving(Gateway)


@contextlib.contextmanager
def open_shop(folder, monkeypatch, blue_green=False):
    with fake_api() as api:
        shop = Shop(api)
        with gateway(shop) as url:
            monkeypatch.setenv("GATEWAY_URL", url)
            monkeypatch.setenv("KUBECONFIG", str(api.kubeconfig(folder)))
            # Its users have been there all along: nobody waits for enough of them.
            monkeypatch.setattr(carrier, "steady_since", lambda _cluster, _release: 0.0)
            monkeypatch.setattr(Analysis, "_came", lambda _analysis, _steady, _begun: 0.0)
            _furnish(api, blue_green)
            shop.control()
            with Cluster.connect() as cluster:
                yield shop, cluster


def _furnish(api: FakeApi, blue_green: bool) -> None:
    if blue_green:
        api.put(f"{DEPLOYMENTS}/order-blue", deployment("order-blue", version="v1"))
        api.put(f"{SERVICES}/order-preview", {"spec": {"selector": {"app": "order", "version": "v9"}}})
    else:
        api.put(f"{DEPLOYMENTS}/order", deployment())
    version = {"version": "v1"} if blue_green else {}
    api.put(f"{SERVICES}/order", {"spec": {"selector": {"app": "order", **version}}})
    subsets = [{"name": "stable"}, {"name": "canary"}]
    api.put(f"{RULES}/order", {"spec": {"host": "order", "subsets": subsets}})
    split = [
        {"destination": {"host": "order", "subset": name}, "weight": weight}
        for name, weight in (("stable", 100), ("canary", 0))
    ]
    api.put(f"{VIRTUAL_SERVICES}/order", {"spec": {"http": [{"route": split}]}})
