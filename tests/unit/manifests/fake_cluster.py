"""An API server in memory: controllers that a test can hold back, and a journal of what was written, in order."""

import copy
import json
import threading

from cluster.client import Cluster
from cluster.errors import Conflict, Invalid, NotFound
from cluster.settings import Settings

KINDS = {
    "/api/v1": {
        "Namespace": "namespaces",
        "Service": "services",
        "ConfigMap": "configmaps",
        "Secret": "secrets",
        "ServiceAccount": "serviceaccounts",
        "PersistentVolumeClaim": "persistentvolumeclaims",
        "Pod": "pods",
        "Event": "events",
    },
    "/apis/apps/v1": {"Deployment": "deployments", "StatefulSet": "statefulsets"},
    "/apis/batch/v1": {"Job": "jobs"},
    "/apis/rbac.authorization.k8s.io/v1": {"ClusterRole": "clusterroles"},
    "/apis/networking.istio.io/v1": {
        "Gateway": "gateways",
        "VirtualService": "virtualservices",
        "DestinationRule": "destinationrules",
    },
    "/apis/security.istio.io/v1": {
        "PeerAuthentication": "peerauthentications",
        "AuthorizationPolicy": "authorizationpolicies",
    },
    "/apis/telemetry.istio.io/v1": {"Telemetry": "telemetries"},
}


CLUSTER_WIDE = ("Namespace", "ClusterRole")


class FakeTransport:
    """Speaks for the API server; `journal` lists writes as ``verb Kind/name``."""

    name = "fake"

    def __init__(self, *without):
        self.kinds = {root: kinds for root, kinds in KINDS.items() if not any(each in root for each in without)}
        self.objects = {}
        self.journal = []
        self.brings_up = lambda deployment: True
        self.completes = lambda job: True
        self.logs = {}
        self.tells_observed = True
        self._revision = 0
        self._changed = threading.Condition()

    def request(self, method, path, *, body=None, query=None, content_type="application/json", timeout=None):
        if path.endswith("/log"):
            return self.logs[path.rpartition("/pods/")[2].removesuffix("/log")].encode()
        return json.dumps(self._answer(method, path, body, query or {})).encode()

    def watch(self, path, query):
        return _FakeChanges(self._changed)

    def close(self):
        pass

    def _answer(self, method, path, body, query):
        if path == "/version":
            return {}
        if path.startswith(("/api/", "/apis/")) and path in KINDS:
            return self._discovery(path)
        if method == "PATCH":
            return self._apply(path, body)
        if method == "DELETE":
            return self._delete(path)
        return self._read(path, query)

    def _discovery(self, root):
        if root not in self.kinds:
            raise NotFound(root)
        return {
            "resources": [
                {"kind": kind, "name": plural, "namespaced": kind not in CLUSTER_WIDE}
                for kind, plural in self.kinds[root].items()
            ]
        }

    def _read(self, path, query):
        if path in self.objects:
            return self.objects[path]
        plurals = [plural for kinds in self.kinds.values() for plural in kinds.values()]
        if path.rpartition("/")[2] not in plurals:
            raise NotFound(path)
        wanted = dict(pair.split("=") for pair in query.get("labelSelector", "").split(",") if pair)
        items = [
            body
            for at, body in self.objects.items()
            if at.rpartition("/")[0] == path and wanted.items() <= (body["metadata"].get("labels") or {}).items()
        ]
        return {"metadata": {"resourceVersion": str(self._revision)}, "items": items}

    def _apply(self, path, body):
        old = self.objects.get(path)
        new = copy.deepcopy(body)
        new["status"] = copy.deepcopy((old or {}).get("status", {}))
        if old and body["kind"] == "Job":
            new["spec"]["selector"] = old["spec"]["selector"]
        new["metadata"]["generation"] = (old or {}).get("metadata", {}).get("generation", 0)
        new["metadata"]["resourceVersion"] = (old or {}).get("metadata", {}).get("resourceVersion", "")
        new["metadata"]["uid"] = (old or {}).get("metadata", {}).get("uid", f"uid-{self._revision}")
        if new == old:
            return old
        if old and body["kind"] == "Job" and body["spec"]["template"] != old["spec"]["template"]:
            raise Invalid(f"Job {body['metadata']['name']}: spec.template: field is immutable [422 to PATCH]")
        self.journal.append(f"apply {body['kind']}/{body['metadata']['name']}")
        new["metadata"]["generation"] += 1
        return self.put(path, new)

    def _delete(self, path):
        if path not in self.objects:
            raise NotFound(path)
        body = self.objects.pop(path)
        self.journal.append(f"delete {body['kind']}/{body['metadata']['name']}")
        if body["kind"] == "Deployment":
            self._remove_pods(body["metadata"]["name"])
        return {}

    def put(self, path, body):
        """Store an object and let the controllers look at it."""
        self._revision += 1
        body["metadata"]["resourceVersion"] = str(self._revision)
        self.objects[path] = body
        if body["kind"] == "Deployment":
            self.control(body)
        if body["kind"] == "StatefulSet":
            self._run_set(body)
        if body["kind"] == "Job":
            self._run(body)
        if body["kind"] == "VirtualService" and self.tells_observed:
            body["status"]["observedGeneration"] = body["metadata"]["generation"]
        with self._changed:
            self._changed.notify_all()
        return body

    def control(self, deployment):
        """Play the Deployment controller: pods of the newest template, if the test lets them come up."""
        name, wanted = deployment["metadata"]["name"], deployment["spec"].get("replicas", 1)
        up = self.brings_up(deployment)
        if up:
            self._remove_pods(name)
            for number in range(wanted):
                self._add_pod(deployment, number)
        status = {"observedGeneration": deployment["metadata"]["generation"], "replicas": wanted}
        updated = wanted if up else 0
        deployment["status"] = {
            **status,
            "updatedReplicas": updated,
            "availableReplicas": updated,
            "readyReplicas": updated,
        }
        with self._changed:
            self._changed.notify_all()

    def _run(self, job):
        """Play the Job controller: one pod, which ends as the test says."""
        name, good = job["metadata"]["name"], self.completes(job)
        kind, reason = ("Complete", "CompletionsReached") if good else ("Failed", "BackoffLimitExceeded")
        said = "" if good else "Job has reached the specified backoff limit"
        job["spec"]["selector"] = {"matchLabels": {"job": name}}
        job["status"] = {"conditions": [{"type": kind, "status": "True", "reason": reason, "message": said}]}
        state = {"terminated": {"exitCode": 0 if good else 3, "reason": "Completed" if good else "Error"}}
        self.objects[f"/api/v1/namespaces/shop/pods/{name}-x"] = {
            "kind": "Pod",
            "metadata": {"name": f"{name}-x", "labels": {"job": name}, "uid": f"{name}-x"},
            "status": {
                "phase": "Succeeded" if good else "Failed",
                "containerStatuses": [{"name": "migrate", "state": state}],
            },
        }

    def _run_set(self, stateful_set):
        """Play the StatefulSet controller."""
        wanted = stateful_set["spec"].get("replicas", 1) if self.brings_up(stateful_set) else 0
        seen = {"observedGeneration": stateful_set["metadata"]["generation"]}
        stateful_set["status"] = {**seen, "readyReplicas": wanted, "updateRevision": "r", "currentRevision": "r"}

    def _add_pod(self, deployment, number):
        name = f"{deployment['metadata']['name']}-{number}"
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        self.objects[f"/api/v1/namespaces/shop/pods/{name}"] = {
            "kind": "Pod",
            "metadata": {"name": name, "labels": labels, "uid": name},
            "status": {"conditions": [{"type": "Ready", "status": "True"}]},
        }

    def _remove_pods(self, deployment):
        for number in range(20):
            self.objects.pop(f"/api/v1/namespaces/shop/pods/{deployment}-{number}", None)

    # What tests say and ask

    def path(self, kind, name):
        root, plural = next((root, kinds[kind]) for root, kinds in KINDS.items() if kind in kinds)
        return f"{root}/namespaces/shop/{plural}/{name}"

    def get(self, kind, name):
        return self.objects.get(self.path(kind, name))

    def edit(self, kind, name, change):
        """Change an object as somebody else would."""
        body = copy.deepcopy(self.get(kind, name))
        change(body)
        body["metadata"]["generation"] = body["metadata"].get("generation", 0) + 1
        return self.put(self.path(kind, name), body)

    def copy(self, kind, name, new, change):
        """Store a changed copy under another name, as a release does."""
        if self.get(kind, new):
            raise Conflict(new)
        body = copy.deepcopy(self.get(kind, name))
        body["metadata"]["name"] = new
        change(body)
        return self.put(self.path(kind, new), body)


class _FakeChanges:
    """A watch that speaks once when something changed, then ends, as watches do."""

    def __init__(self, changed):
        self._changed = changed

    def __iter__(self):
        with self._changed:
            self._changed.wait(0.05)
        yield {}

    def stop(self):
        with self._changed:
            self._changed.notify_all()


def connect(transport, namespace="shop"):
    return Cluster(transport, Settings("", None, namespace, "http://gateway", None, confirmed=True))
