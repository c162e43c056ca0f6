"""Probes and hooks, on real servers."""

import json

import pytest

HTTP = {"httpGet": {"path": "/", "port": "http"}}
SICK = {"httpGet": {"path": "/fail", "port": 8080}, "periodSeconds": 1, "failureThreshold": 1}


def folder(node):
    return next(node.state.pods.iterdir())


async def test_readiness_follows_the_probe_and_does_not_restart(node):
    node.create(containers=[{"readinessProbe": SICK}])
    await node.until(node.is_ready)
    (folder(node) / "sick").touch()
    await node.until(lambda: not node.is_ready())
    (folder(node) / "sick").unlink()
    await node.until(node.is_ready)
    assert node.container()["restartCount"] == 0
    assert any("statuscode: 503" in message for message in node.events("Unhealthy"))


async def test_a_failed_liveness_probe_restarts_the_container(node):
    node.create(containers=[{"startupProbe": HTTP, "livenessProbe": SICK}])
    await node.until(node.is_ready)
    sick = folder(node) / "sick"
    sick.touch()
    await node.until(lambda: node.container()["restartCount"] == 1)
    sick.unlink()
    await node.until(node.is_ready)
    assert any("failed liveness probe, will be restarted" in message for message in node.events("Killing"))


async def test_a_startup_probe_holds_the_others_back(node, script):
    slow = "import time, os; time.sleep(0.3); open('started', 'w'); time.sleep(600)"
    started = {"exec": {"command": ["test", "-e", "started"]}, "periodSeconds": 1}
    bad = {"exec": {"command": ["test", "-e", "started"]}, "periodSeconds": 1, "failureThreshold": 1}
    node.create(containers=[script(slow, startupProbe=started, livenessProbe=bad)])
    await node.until(node.is_ready)
    assert node.container()["restartCount"] == 0


async def test_a_startup_probe_that_fails_for_good_restarts_the_container(node):
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1}
    node.create(containers=[{"startupProbe": never}])
    await node.until(lambda: node.container().get("restartCount") == 1)
    assert not node.is_ready()
    assert any("Startup probe failed: command exited with 1" in message for message in node.events("Unhealthy"))


async def test_a_probe_that_hangs_has_failed(node):
    hang = {"exec": {"command": ["sleep", "600"]}, "timeoutSeconds": 1, "periodSeconds": 1, "failureThreshold": 1}
    node.create(containers=[{"livenessProbe": hang}])
    await node.until(lambda: any("timed out after 1s" in message for message in node.events("Unhealthy")))


async def test_a_tcp_probe_waits_for_the_socket(node):
    node.create(containers=[{"readinessProbe": {"tcpSocket": {"port": "http"}}}])
    await node.until(node.is_ready)
    assert (await node.ask())["env"]["APP_VERSION"] == "v1"


async def test_a_grpc_probe_is_refused_by_name(node):
    node.create(containers=[{"readinessProbe": {"grpc": {"port": 8080}}}])
    await node.until(lambda: node.reason() == "CreateContainerConfigError")
    assert node.message() == "readinessProbe by grpc is not supported by the embedded cluster"


async def test_the_prestop_hook_comes_before_sigterm_with_the_containers_environment(node, tmp_path, script):
    trace = tmp_path / "trace"
    main = f"""
        import signal, sys, time
        def stop(*_):
            open({str(trace)!r}, "a").write("sigterm ")
            sys.exit(0)
        signal.signal(signal.SIGTERM, stop)
        print("up", flush=True)
        time.sleep(600)
    """
    hook = {"preStop": {"exec": {"command": ["sh", "-c", f'printf "%s " "$WHO" >> {trace}']}}}
    node.create(containers=[script(main, lifecycle=hook, env=[{"name": "WHO", "value": "hook"}])])
    await node.until(node.is_ready)
    await node.eventually(lambda: "up" in node.log())
    node.delete()
    await node.until(lambda: node.pod() is None)
    assert trace.read_text() == "hook sigterm "


async def test_a_prestop_hook_cannot_outlast_the_grace_period(node):
    hook = {"preStop": {"sleep": {"seconds": 600}}}
    node.create(containers=[{"lifecycle": hook}], terminationGracePeriodSeconds=1)
    await node.until(node.is_ready)
    node.delete()
    await node.until(lambda: node.pod() is None)


async def test_a_failed_poststart_hook_ends_the_container(node):
    node.create(containers=[{"lifecycle": {"postStart": {"exec": {"command": ["false"]}}}}], restartPolicy="Never")
    await node.until(lambda: node.ended())
    assert node.events("FailedPostStartHook")


@pytest.mark.parametrize("gate", [True, False])
async def test_a_readiness_gate_is_waited_for(node, gate):
    from embedded.apiserver.resources import PODS

    node.create(readinessGates=[{"conditionType": "example.org/open"}])
    await node.until(lambda: node.container().get("ready"))
    assert not node.is_ready()
    if gate:
        condition = {"type": "example.org/open", "status": "True"}
        node.store.mutate(PODS, "shop", "web", lambda pod: pod["status"]["conditions"].append(condition), "status")
        await node.until(node.is_ready)
    else:
        assert "readiness gate" in json.dumps(node.pod()["status"]["conditions"])
