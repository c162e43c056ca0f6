"""Single pods on any cluster: what they are given, how they crash, how they end."""

import pytest
from kubernetes import client
from tests.contract.workloads import IMAGE, until


class Pods:
    """One namespace's pods, through the official client."""

    def __init__(self, api_client, namespace):
        self.namespace = namespace
        self.core = client.CoreV1Api(api_client)

    def create(self, source, name="probe", spec=None, **container):
        defaults = {"name": "main", "image": IMAGE, "imagePullPolicy": "IfNotPresent"}
        container = {**defaults, "command": ["python", "-c", source], **container}
        spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 2, "containers": [container]} | (spec or {})
        self.core.create_namespaced_pod(self.namespace, {"metadata": {"name": name}, "spec": spec})

    def read(self, name="probe"):
        return self.core.read_namespaced_pod(name, self.namespace)

    def state(self, name="probe"):
        statuses = self.read(name).status.container_statuses
        return statuses[0].state if statuses else None

    def waits_for(self, reason, name="probe"):
        def found():
            state = self.state(name)
            return state and state.waiting and state.waiting.reason == reason and state.waiting

        return until(found, f"waiting: {reason}")

    def ended(self, name="probe"):
        return until(lambda: self.read(name).status.phase in ("Succeeded", "Failed") and self.read(name), "the end")

    def log(self, name="probe", **which):
        return self.core.read_namespaced_pod_log(name, self.namespace, **which)

    def events(self, reason):
        events = self.core.list_namespaced_event(self.namespace).items
        return [event.message for event in events if event.reason == reason]


@pytest.fixture
def pods(api_client, namespace):
    return Pods(api_client, namespace)


def test_a_pod_gets_what_its_manifest_states(pods):
    core, namespace = pods.core, pods.namespace
    core.create_namespaced_config_map(namespace, {"metadata": {"name": "settings"}, "data": {"colour": "green"}})
    core.create_namespaced_secret(namespace, {"metadata": {"name": "key"}, "stringData": {"key": "s3cret"}})
    env = [
        {"name": "COLOUR", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "colour"}}},
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "BOTH", "value": "$(COLOUR)-$(NAME)-$$(NAME)"},
        {"name": "FILE", "value": "/settings/colour"},
    ]
    pods.create(
        "import os; e = os.environ; print(e['BOTH'], e['S_key'], open(e['FILE']).read())",
        spec={"volumes": [{"name": "settings", "configMap": {"name": "settings"}}]},
        env=env,
        envFrom=[{"prefix": "S_", "secretRef": {"name": "key"}}],
        volumeMounts=[{"name": "settings", "mountPath": "/settings"}],
    )
    assert pods.ended().status.phase == "Succeeded"
    assert pods.log() == "green-probe-$(NAME) s3cret green\n"


def test_a_missing_configmap_holds_the_container_back_until_it_exists(pods):
    source = {"configMapKeyRef": {"name": "late", "key": "word"}}
    pods.create("import os; print(os.environ['WORD'])", env=[{"name": "WORD", "valueFrom": source}])
    assert 'configmap "late" not found' in pods.waits_for("CreateContainerConfigError").message
    pods.core.create_namespaced_config_map(pods.namespace, {"metadata": {"name": "late"}, "data": {"word": "here"}})
    pods.ended()
    assert pods.log() == "here\n"


def test_an_exit_code_is_told(pods):
    pods.create("raise SystemExit(7)")
    status = pods.ended().status
    assert status.phase == "Failed"
    assert status.container_statuses[0].state.terminated.exit_code == 7
    assert status.container_statuses[0].state.terminated.reason == "Error"


def test_a_crash_loop_backs_off_and_keeps_the_previous_log(pods):
    pods.create("print('no database'); raise SystemExit(3)", spec={"restartPolicy": "Always"})
    assert "back-off" in pods.waits_for("CrashLoopBackOff").message
    status = pods.read().status.container_statuses[0]
    assert status.restart_count >= 1
    assert status.last_state.terminated.exit_code == 3
    assert pods.log(previous=True) == "no database\n"
    assert any("Back-off restarting failed container main" in message for message in pods.events("BackOff"))


def test_an_unknown_image_is_an_image_pull_back_off(pods):
    pods.create("", image="registry.invalid/none:v0")
    assert "none:v0" in pods.waits_for("ImagePullBackOff").message


def test_init_containers_come_first_and_share_volumes(pods):
    mounts = [{"name": "scratch", "mountPath": "/scratch"}]
    init = {"name": "init", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "volumeMounts": mounts}
    init["command"] = ["sh", "-c", "echo first > /scratch/trace"]
    pods.create(
        "import sys; print(open(sys.argv[1]).read() + 'second')",
        args=["/scratch/trace"],
        volumeMounts=mounts,
        spec={"initContainers": [init], "volumes": [{"name": "scratch", "emptyDir": {}}]},
    )
    assert pods.ended().status.init_container_statuses[0].state.terminated.reason == "Completed"
    assert pods.log() == "first\nsecond\n"


def test_a_failing_liveness_probe_restarts_the_container(pods):
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1}
    pods.create("import time; time.sleep(600)", livenessProbe=probe, spec={"restartPolicy": "Always"})
    until(lambda: any(each.restart_count >= 1 for each in pods.read().status.container_statuses or []), "a restart")
    assert any("Liveness probe failed" in message for message in pods.events("Unhealthy"))


def test_a_pod_that_wants_too_much_stays_pending_and_says_why(pods):
    pods.create("", resources={"requests": {"cpu": "100000"}})
    until(lambda: any("Insufficient cpu" in message for message in pods.events("FailedScheduling")), "the reason")
    assert pods.read().status.phase == "Pending"


def test_a_deleted_pod_gets_sigterm_and_its_grace(pods):
    stubborn = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    pods.create(stubborn)
    until(lambda: pods.state() and pods.state().running and pods.log() == "up\n", "the start")
    pods.core.delete_namespaced_pod("probe", pods.namespace)
    assert pods.read().metadata.deletion_timestamp is not None
    names = lambda: [pod.metadata.name for pod in pods.core.list_namespaced_pod(pods.namespace).items]  # noqa: E731
    until(lambda: "probe" not in names(), "the end")
