"""Killed at any moment the cluster leaves no process, and it starts again."""

import contextlib
import functools
import os
import signal
import subprocess
import sys
import urllib.error

import pytest

from embedded import orphans
from embedded.processes import ProcessTable
from embedded.state import Lock

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")


# A child that does not look after its parent: the kernel ends the parent only, the guardian ends both.
WITH_CHILD = {"env": [{"name": "CHILD", "value": "yes"}]}


def kill(*pids):
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def gone(cluster, until):
    until(lambda: not cluster.children())


def starts_again(cluster):
    cluster.up()
    assert cluster.ready_pod()["status"]["containerStatuses"][0]["restartCount"] >= 1


def test_supervisor_killed(cluster, until):
    cluster.up()
    cluster.create_pod(**WITH_CHILD)
    assert len(cluster.children()) == len(("envoy", "prometheus", "observatory", "server", "its child"))
    kill(cluster.supervisor)
    gone(cluster, until)
    starts_again(cluster)


def test_guardian_killed_is_replaced_and_the_cluster_goes_on(cluster, until):
    cluster.up()
    cluster.create_pod(**WITH_CHILD)
    first = cluster.guardian
    kill(first)
    until(lambda: cluster.guardian not in (None, first) and orphans.identity(cluster.guardian))
    assert cluster.pod()["status"]["containerStatuses"][0]["restartCount"] == 0
    kill(cluster.supervisor)
    gone(cluster, until)
    starts_again(cluster)


@linux_only
def test_supervisor_and_guardian_killed(cluster, until):
    cluster.up()
    cluster.create_pod()
    kill(cluster.guardian, cluster.supervisor)
    gone(cluster, until)
    starts_again(cluster)


def test_killed_while_it_starts(cluster, until):
    process = cluster.popen("up", "--foreground", "--images", str(cluster.images))
    until(cluster.children)
    process.kill()
    process.communicate()
    gone(cluster, until)
    cluster.up()


@pytest.mark.parametrize("interrupted", [True, False])
def test_stopped_while_it_starts(cluster, until, interrupted):
    # Whoever runs the tests in the background has their shell ignore SIGINT, and children inherit that.
    heeds_sigint = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = cluster.popen("up", "--images", str(cluster.images), start_new_session=True, preexec_fn=heeds_sigint)
    until(cluster.state.lock.exists)
    if interrupted:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert cluster.command("down").returncode == 0
    process.communicate(timeout=60)
    assert process.returncode != 0
    assert cluster.supervisor is None
    assert not cluster.children()


def test_a_killed_envoy_is_started_again_and_told_of(cluster, until):
    cluster.up()
    envoy = cluster.process("envoy")
    kill(envoy)
    until(lambda: cluster.process("envoy") != envoy)

    def told():
        events = cluster.request("/api/v1/namespaces/default/events")["items"]
        return [event["message"] for event in events if event["reason"] == "Restarting"]

    assert "envoy ended with 137" in until(told)[0]


def test_a_killed_observatory_is_started_again_with_what_it_knew(cluster, until):
    cluster.up()
    annotations = "/api/v1/namespaces/observability/services/grafana:3000/proxy/api/annotations"
    cluster.request(annotations, {"text": "before"})
    observatory = cluster.process("observatory")
    kill(observatory)
    until(lambda: cluster.process("observatory") not in (None, observatory))

    def answered():
        # At first the API server finds nobody behind the Service.
        with contextlib.suppress(urllib.error.HTTPError):
            return cluster.request(annotations)
        return []

    assert [each["text"] for each in until(answered)] == ["before"]


def test_a_new_start_waits_for_a_guardian_that_still_cleans_up(cluster):
    cluster.state.prepare()
    lock = Lock(cluster.state.lock)
    assert lock.acquire()
    lock.sign("999999999 long gone")
    # As a guardian does: it holds the lock a little longer than its supervisor lived.
    holder = subprocess.Popen(["sleep", "1"], pass_fds=[lock.descriptor])
    lock.release()
    try:
        assert "is ready" in cluster.up()
    finally:
        holder.wait()


def test_a_recycled_process_id_is_left_alone(tmp_path):
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        (tmp_path / str(stranger.pid)).write_text("an earlier boot 12345")
        orphans.end_all(tmp_path, "marker of this test")
        assert stranger.poll() is None
        assert list(tmp_path.iterdir()) == []
    finally:
        stranger.kill()
        stranger.wait()


async def test_what_is_written_down_is_ended_with_its_group(tmp_path):
    table = ProcessTable(tmp_path / "processes", "marker of this test")
    env = {"PATH": os.environ["PATH"]}
    process = await table.start(["sh", "-c", "sleep 600 & exec sleep 600"], env, tmp_path, tmp_path / "log")
    orphans.end_all(tmp_path / "processes", "marker of this test")
    assert await process.wait() == 128 + signal.SIGKILL
    assert not list((tmp_path / "processes").iterdir())


@linux_only
def test_a_child_that_left_its_group_is_found_by_its_environment(tmp_path):
    env = {**os.environ, orphans.MARKER: str(tmp_path)}
    stray = subprocess.Popen(["setsid", "sleep", "600"], env=env)
    orphans.end_all(tmp_path / "none", str(tmp_path))
    assert stray.wait() != 0
