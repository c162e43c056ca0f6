"""Pods as processes: their start, their state, their restarts and their end."""

import asyncio
import json
import os
import signal

import pytest
from kubernetes.client import ApiClient

from embedded import orphans
from embedded.apiserver.resources import PODS

IGNORES_SIGTERM = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
PROBE = {"httpGet": {"path": "/", "port": "http"}}


async def test_a_pod_answers_at_its_address(node):
    node.create(containers=[{"readinessProbe": PROBE}])
    await node.until(node.is_ready)
    answer = await node.ask()
    assert answer["env"]["APP_VERSION"] == "v1"
    assert node.events("Started") == ["Started container main"]


async def test_the_official_client_reads_the_status(node):
    node.create(containers=[{"readinessProbe": PROBE}])
    await node.until(node.is_ready)
    pod = ApiClient().deserialize(json.dumps(node.pod()), "V1Pod", "application/json")
    status = pod.status.container_statuses[0]
    assert (pod.status.phase, status.ready, status.restart_count, status.image) == ("Running", True, 0, "server:v1")
    assert status.state.running.started_at is not None
    assert status.image_id.startswith("embedded://server@sha256:")
    assert {item.type: item.status for item in pod.status.conditions} == dict.fromkeys(
        ("PodScheduled", "Initialized", "ContainersReady", "Ready"), "True"
    )


async def test_two_pods_have_the_same_port_side_by_side(node):
    node.create("one")
    node.create("two", containers=[{"image": "server:v2"}])
    answers = [(await node.until(lambda n=name: node.is_ready(n)), await node.ask(name))[1] for name in ("one", "two")]
    assert [answer["env"]["APP_VERSION"] for answer in answers] == ["v1", "v2"]


async def test_an_unknown_image_names_the_known_ones_and_is_tried_again(node):
    node.create(containers=[{"image": "registry.example/team/server:v3"}])
    await node.until(lambda: node.reason() == "ImagePullBackOff")
    assert "server:v1, server:v2" in node.message()
    node.catalogue.write_text(node.catalogue.read_text().replace("v2", "v3"))
    await node.until(node.is_ready)


async def test_init_containers_run_in_order_and_before_the_others(node, script):
    first = script("open('trace', 'a').write('first ')", name="first")
    second = script("open('trace', 'a').write('second ')", name="second")
    main = script("print(open('trace').read() + 'main', flush=True); import time; time.sleep(600)")
    node.create(containers=[main], initContainers=[first, second])
    await node.until(node.is_ready)
    await node.eventually(lambda: node.log() == "first second main\n")
    assert node.ended(key="initContainerStatuses", number=1)["reason"] == "Completed"


async def test_a_failing_init_container_is_run_again_and_holds_the_pod_back(node, script):
    flaky = "import os, sys; os.path.exists('tried') or sys.exit(bool(open('tried', 'w')))"
    node.create(initContainers=[script(flaky, name="flaky")])
    await node.until(node.is_ready)
    assert node.container(key="initContainerStatuses")["restartCount"] == 1


async def test_a_failing_init_container_fails_the_pod_when_it_may_not_be_restarted(node, script):
    node.create(initContainers=[script("raise SystemExit(3)", name="bad")], restartPolicy="Never")
    await node.until(lambda: node.phase() == "Failed")
    assert node.ended(key="initContainerStatuses")["exitCode"] == 3


async def test_a_sidecar_is_refused_by_name(node, script):
    node.create(initContainers=[script("pass", name="proxy", restartPolicy="Always")])
    await node.until(lambda: node.reason(key="initContainerStatuses") == "CreateContainerConfigError")
    assert "sidecar" in node.message(key="initContainerStatuses")


async def test_a_crashing_container_backs_off_with_its_last_state(node, script):
    node.create(containers=[script("print('no database'); raise SystemExit(7)")])
    await node.until(lambda: node.reason() == "CrashLoopBackOff")
    status = node.container()
    assert status["lastState"]["terminated"]["exitCode"] == 7
    assert status["lastState"]["terminated"]["reason"] == "Error"
    assert status["restartCount"] >= 1
    assert node.pod()["status"]["phase"] == "Running"
    assert node.log(previous=True) == "no database\n"
    assert any("Back-off restarting failed container" in message for message in node.events("BackOff"))


async def test_a_killed_container_is_started_again(node):
    node.create()
    await node.until(node.is_ready)
    pid = (await node.ask())["pid"]
    os.kill(pid, signal.SIGKILL)
    await node.until(lambda: node.container()["restartCount"] == 1 and node.is_ready())
    assert node.container()["lastState"]["terminated"]["exitCode"] == 128 + signal.SIGKILL
    assert (await node.ask())["pid"] != pid


@pytest.mark.parametrize(("policy", "code", "phase"), [("Never", 0, "Succeeded"), ("Never", 2, "Failed")])
async def test_a_pod_that_may_not_restart_ends(node, policy, code, phase, script):
    node.create(containers=[script(f"raise SystemExit({code})")], restartPolicy=policy)
    await node.until(lambda: node.phase() == phase)
    assert node.ended()["exitCode"] == code
    assert node.container()["restartCount"] == 0


async def test_on_failure_restarts_until_success(node, script):
    flaky = "import os, sys; os.path.exists('tried') or sys.exit(bool(open('tried', 'w')))"
    node.create(containers=[script(flaky)], restartPolicy="OnFailure")
    await node.until(lambda: node.phase() == "Succeeded")
    assert node.container()["restartCount"] == 1


async def test_a_command_that_does_not_exist_is_a_start_error(node):
    node.create(containers=[{"command": ["no-such-program"]}], restartPolicy="Never")
    await node.until(lambda: node.ended())
    assert node.ended()["reason"] == "StartError"
    assert "no-such-program" in node.ended()["message"]


async def test_the_last_words_are_the_message_where_the_manifest_wants_them(node, script):
    policy = {"terminationMessagePolicy": "FallbackToLogsOnError"}
    node.create(containers=[script("raise SystemExit('DATABASE_URL is missing')", **policy)], restartPolicy="Never")
    await node.until(lambda: node.ended())
    assert node.ended()["message"] == "DATABASE_URL is missing"


async def test_deletion_sends_sigterm_and_removes_every_trace(node):
    node.create(terminationGracePeriodSeconds=20)
    await node.until(node.is_ready)
    folder = next(node.state.pods.iterdir())
    pid = (await node.ask())["pid"]
    log = node.runtime.logs.path("shop", "web", "main", False).open()
    node.delete()
    await node.until(lambda: node.pod() is None)
    assert log.read().endswith("stopping\n")
    await node.eventually(lambda: not folder.exists() and not (node.state.logs / "shop" / "web").exists())
    assert orphans.identity(pid) is None


async def test_a_process_that_ignores_sigterm_is_killed_after_the_grace_period(node, script):
    node.create(containers=[script(IGNORES_SIGTERM)], terminationGracePeriodSeconds=1)
    await node.until(node.is_ready)
    await node.eventually(lambda: "up" in node.log())
    node.delete()
    await node.until(lambda: node.pod() is None)
    assert not node.left()


async def test_a_second_deletion_shortens_the_grace_period(node, script):
    node.create(containers=[script(IGNORES_SIGTERM)], terminationGracePeriodSeconds=600)
    await node.until(node.is_ready)
    await node.eventually(lambda: "up" in node.log())
    node.delete()
    await node.until(lambda: node.events("Killing"))
    node.delete(grace=1)
    await node.until(lambda: node.pod() is None)


async def test_a_forced_deletion_ends_the_process_as_well(node, script):
    node.create(containers=[script(IGNORES_SIGTERM)], terminationGracePeriodSeconds=600)
    await node.until(node.is_ready)
    node.delete(grace=0)
    assert node.pod() is None
    await node.eventually(lambda: not node.left())


async def test_a_pod_of_the_same_name_can_follow_at_once(node):
    node.create()
    await node.until(node.is_ready)
    node.delete(grace=0)
    node.create(containers=[{"image": "server:v2"}])
    await node.until(node.is_ready)
    assert (await node.ask())["env"]["APP_VERSION"] == "v2"


async def test_children_of_a_process_end_with_it(node, script):
    child = (
        "import subprocess, sys, time; subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(600)'])"
    )
    node.create(containers=[script(child)], restartPolicy="Never")
    await node.until(lambda: node.phase() == "Succeeded")
    await node.eventually(lambda: not node.left())


async def test_a_pod_is_stopped_only_when_the_proxy_has_let_go_of_it(make_node):
    asked, may_end = asyncio.Event(), asyncio.Event()
    seen = []

    async def drained(ip, port):
        seen.append((ip, port))
        asked.set()
        await may_end.wait()

    node = make_node(drained=drained)
    node.create(containers=[{"readinessProbe": PROBE}])
    await node.until(node.is_ready)
    address = node.runtime.addresses[node.pod()["metadata"]["uid"]]
    node.delete()
    await asked.wait()
    assert (await node.ask())["env"]["APP_VERSION"] == "v1"
    assert node.events("Killing") == []
    may_end.set()
    await node.until(lambda: node.pod() is None)
    assert seen == [(address.ip, address.real(8080))]


async def test_a_proxy_that_never_lets_go_is_named_and_not_waited_for(make_node, monkeypatch):
    monkeypatch.setattr("embedded.kubelet.pod.DRAIN_DEADLINE", 0.2)
    node = make_node(drained=lambda _ip, _port: asyncio.Event().wait())
    node.create()
    await node.until(node.is_ready)
    node.delete()
    await node.until(lambda: node.pod() is None)
    assert node.events("FailedDrain")


async def test_a_changed_image_of_a_running_pod_is_named_in_an_event(node):
    node.create()
    await node.until(node.is_ready)

    def change(pod):
        pod["spec"]["containers"][0]["image"] = "server:v2"

    node.store.mutate(PODS, "shop", "web", change)
    await node.until(lambda: any("replace the pod" in message for message in node.events("Unsupported")))


async def test_what_cannot_be_honoured_is_named_once_for_a_template(node):
    for name in ("one", "two"):
        node.create(name, owner="7", containers=[{"securityContext": {"runAsNonRoot": True}}], hostNetwork=True)
    await node.until(lambda: node.is_ready("one") and node.is_ready("two"))
    fields = "spec.hostNetwork, containers.securityContext.runAsNonRoot"
    assert node.events("Unsupported") == [f"fields without effect in the embedded cluster: {fields}"]
