"""Single pods on any cluster: what they are given, how they crash, how they end."""

from tests.contract.waiting import until
from tests.contract.workloads import CONTAINER_SECURITY, IMAGE


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


def test_a_crash_loop_backs_off_and_keeps_the_previous_log(pods, differs):
    pods.create("print('no database'); raise SystemExit(3)", spec={"restartPolicy": "Always"})
    first = "back-off 1s" if differs("crash-back-off") else "back-off 10s"
    assert first in pods.waits_for("CrashLoopBackOff").message
    status = pods.status()
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
    init |= CONTAINER_SECURITY
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
    until(lambda: not pods.core.list_namespaced_pod(pods.namespace).items, "the end")
