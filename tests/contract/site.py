"""A namespace in the mesh with backends in it, and hosts of its own at the gateway: nothing else is disturbed."""

import uuid
from collections import Counter
from pathlib import Path

import requests
from tests.contract.waiting import converged, until
from tests.contract.workloads import CONTAINER_SECURITY, POD_SECURITY

from cluster import wait
from cluster.client import NETWORKING

BACKEND = (Path(__file__).parent / "backend.py").read_text()
# On a real cluster requests reach the gateway through a port of the machine or a load balancer.
TIMEOUT = 20


def backend(name, track="stable", image="user:v1", replicas=1, env=(), **labels):
    """Return a Deployment of the backend; `track` is the label by which subsets choose."""
    labels = {"app": "backend", "track": track, **labels}
    variables = {"SHUTDOWN_DELAY_SECONDS": "3", "HTTP_THREADS": "32", **dict(env)}
    environment = [{"name": key, "value": value} for key, value in variables.items()]
    environment.append({"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}})
    program = ["python", "-m", "gunicorn", "--config", "python:chassis.serving", "--pythonpath", "/backend"]
    container = {
        "name": "backend",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": [*program, "backend:create_app()"],
        "env": environment,
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": "http"}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "20m", "memory": "64Mi"}},
        "volumeMounts": [{"name": "backend", "mountPath": "/backend"}],
        **CONTAINER_SECURITY,
    }
    pod = {"containers": [container], "volumes": [{"name": "backend", "configMap": {"name": "backend"}}]}
    strategy = {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "strategy": strategy,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {**pod, **POD_SECURITY}},
        },
    }


def to(host, subset=None, weight=None):
    """Return a destination of a route."""
    destination = {"host": host, **({"subset": subset} if subset else {})}
    return {"destination": destination, **({} if weight is None else {"weight": weight})}


class Site:
    """The namespace.

    Args:
        api: the namespace as the scripts see it.
    """

    def __init__(self, api):
        self.api = api
        self.namespace = api.namespace
        self.gateways = api.collection(NETWORKING, "gateways")
        self.config_maps = api.collection("/api/v1", "configmaps")

    def furnish(self):
        """Make the gateway, the program of the backends, and a Service that always selects them.

        Istio gives a sidecar a way in for the ports of the Services that select its pod. A pod that the last of them
        lets go of answers requests that are still under way to it with an empty 503: measured at every other switch.
        """
        self._service("backends", {"app": "backend"})
        self.config_maps.create({"metadata": {"name": "backend"}, "data": {"backend.py": BACKEND}})
        server = {"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": [f"*.{self.domain}"]}
        self.gateways.create(
            self._istio("Gateway", "site", {"selector": {"istio": "ingressgateway"}, "servers": [server]})
        )

    @property
    def domain(self):
        return f"{self.namespace}.contract.test"

    def start(self, *deployments):
        """Start backends and wait until they are ready."""
        for body in deployments:
            self.api.deployments.create({"apiVersion": "apps/v1", "kind": "Deployment", **body})
        for body in deployments:
            wait.deployment_ready(self.api, body["metadata"]["name"])

    def entrance(self, **selector):
        """Return a Service of its own for pods of these labels, with a host of its own; nothing leads to it yet."""
        name = f"e{uuid.uuid4().hex[:8]}"
        self._service(name, selector)
        return Entrance(self, name)

    def _service(self, name, selector):
        ports = [{"name": "http", "port": 8080, "targetPort": "http"}]
        self.api.services.create({"metadata": {"name": name}, "spec": {"selector": selector, "ports": ports}})

    def put(self, collection, kind, name, spec):
        """Create an object of Istio's networking, or replace what it states."""
        if collection.find(name):
            collection.amend(name, lambda _body: {"spec": spec})
        else:
            collection.create(self._istio(kind, name, spec))

    def _istio(self, kind, name, spec):
        return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


class Entrance:
    """One host at the gateway and one Service behind it, for one test alone."""

    def __init__(self, site, name):
        self.site = site
        self.name = name
        self.host = f"{name}.{site.domain}"
        self.session = self.new_session()

    def new_session(self):
        """Return connections that lead straight to the gateway, whatever proxy the environment names."""
        session = requests.Session()
        session.trust_env = False
        return session

    def rule(self, **policy):
        """Set the DestinationRule: subsets stable and canary, and the traffic policy."""
        subsets = [{"name": track, "labels": {"track": track}} for track in ("stable", "canary")]
        spec = {"host": self.name, "subsets": subsets, **({"trafficPolicy": policy} if policy else {})}
        self.site.put(self.site.api.destination_rules, "DestinationRule", self.name, spec)

    def routes(self, *http):
        """Set the routes of the host."""
        spec = {"hosts": [self.host], "gateways": ["site"], "http": list(http)}
        self.site.put(self.site.api.virtual_services, "VirtualService", self.name, spec)

    def split(self, **weights):
        """Send shares of the requests to the subsets."""
        self.routes({"route": [self.to(subset, weight) for subset, weight in weights.items()]})

    def to(self, subset=None, weight=None):
        return to(self.name, subset, weight)

    def open(self, **route):
        """Lead everything to the Service, with these fields of the route, and wait until it arrives."""
        self.routes({"route": [self.to()], **route})
        converged(lambda: self.get("/livez").status_code != 404, f"the host {self.host} at the gateway")
        return self

    def get(self, path="/", session=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = self.site.api.gateway_url + path
        return (session or self.session).get(url, headers={"Host": self.host, **named}, timeout=TIMEOUT)

    def statuses(self, count, path="/", **headers):
        return Counter(self.get(path, **headers).status_code for _ in range(count))

    def versions(self, count, path="/", **headers):
        """Return how many requests each version answered; answers of nobody count by their status."""
        answers = [self.get(path, **headers) for _ in range(count)]
        return Counter(answer.headers.get("X-App-Version", str(answer.status_code)) for answer in answers)

    def answers_with(self, version, path="/", **headers):
        """Wait until nobody but this version answers."""
        converged(lambda: self.versions(1, path, **headers) == {version: 1}, f"{version} alone")

    def seen(self, key):
        """Return how often the backend met a key."""
        return self.get(f"/seen?key={key}").json()

    def close(self):
        """Take the host away."""
        self.session.close()
        for collection in (self.site.api.virtual_services, self.site.api.destination_rules, self.site.api.services):
            collection.delete(self.name)


def gone(collection, name):
    """Wait until an object is gone."""
    until(lambda: collection.find(name) is None, f"{name} gone")
