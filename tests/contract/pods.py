"""Single pods of the contract tests: a line of Python in an image of the shop, and what becomes of it."""

from kubernetes import client
from tests.contract.waiting import until
from tests.contract.workloads import CONTAINER_SECURITY, IMAGE, POD_SECURITY


class Pods:
    """One namespace's pods, through the official client."""

    def __init__(self, api_client, namespace):
        self.namespace = namespace
        self.core = client.CoreV1Api(api_client)

    def create(self, source, name="probe", spec=None, metadata=None, **container):
        defaults = {"name": "main", "image": IMAGE, "imagePullPolicy": "IfNotPresent"} | CONTAINER_SECURITY
        container = {**defaults, "command": ["python", "-c", source], **container}
        spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 2, "containers": [container]} | (spec or {})
        body = {"metadata": {"name": name, **(metadata or {})}, "spec": POD_SECURITY | spec}
        return self.core.create_namespaced_pod(self.namespace, body)

    def read(self, name="probe"):
        return self.core.read_namespaced_pod(name, self.namespace)

    def status(self, name="probe"):
        """Return the status of the container; a mesh may have put others beside it."""
        return next((each for each in self.read(name).status.container_statuses or () if each.name == "main"), None)

    def state(self, name="probe"):
        status = self.status(name)
        return status.state if status else None

    def waits_for(self, reason, name="probe"):
        def found():
            state = self.state(name)
            return state and state.waiting and state.waiting.reason == reason and state.waiting

        return until(found, f"waiting: {reason}")

    def ended(self, name="probe"):
        return until(lambda: self.read(name).status.phase in ("Succeeded", "Failed") and self.read(name), "the end")

    def terminated(self, name="probe"):
        """Wait for the end of the container itself and return its exit code."""
        until(lambda: self.state(name) and self.state(name).terminated, "the container's end")
        return self.state(name).terminated.exit_code

    def log(self, name="probe", **which):
        return self.core.read_namespaced_pod_log(name, self.namespace, container="main", **which)

    def events(self, reason):
        events = self.core.list_namespaced_event(self.namespace).items
        return [event.message for event in events if event.reason == reason]
