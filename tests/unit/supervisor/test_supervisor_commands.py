"""up, down, status, reset: what they print, what they leave, what they refuse."""

import signal
import socket
import stat
import urllib.error

import pytest


def test_up_status_down_up_again(cluster):
    printed = cluster.up()
    assert "The cluster is ready" in printed
    assert f"export KUBECONFIG={cluster.state.kubeconfig}" in printed
    cluster.create_pod()
    shown = cluster.command("status").stdout
    assert "envoy" in shown
    assert "prometheus" in shown
    assert "observatory http://" in shown
    assert "web" in shown
    assert "1/1" in shown

    assert "is stopped" in cluster.command("down").stdout
    assert cluster.supervisor is None
    assert not cluster.children()
    down = cluster.command("status")
    assert (down.returncode, down.stderr.count("\n")) == (1, 1)
    assert "not running" in down.stderr
    assert "was not running" in cluster.command("down").stdout

    cluster.up()
    assert cluster.ready_pod()["status"]["containerStatuses"][0]["restartCount"] == 1


def test_a_second_up_starts_nothing(cluster):
    cluster.up()
    first = cluster.supervisor, cluster.children()
    printed = cluster.up()
    assert "running already" in printed
    assert "export KUBECONFIG" in printed
    assert (cluster.supervisor, cluster.children()) == first


def test_two_at_the_same_time_start_one(cluster, until):
    both = [cluster.popen("up", "--images", str(cluster.images)) for _ in range(2)]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sum("is ready" in text for text in said) == 1
    assert cluster.supervisor


def test_ctrl_c_in_the_foreground_stops_everything(cluster, until):
    process = cluster.popen("up", "--foreground", "--images", str(cluster.images))
    until(lambda: cluster.state.status.exists())
    cluster.create_pod()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "Ctrl-C stops it" in out
    assert not cluster.children()


def test_reset_deletes_the_state_and_nothing_else(cluster, tmp_path):
    cluster.up()
    assert "is deleted" in cluster.command("reset").stdout
    assert not cluster.state.folder.exists()
    assert not cluster.children()
    other = tmp_path / "photos"
    other.mkdir()
    cluster.state.folder = other
    refused = cluster.command("reset")
    assert refused.returncode == 1
    assert "nothing deleted" in refused.stderr
    assert other.exists()
    cluster.state.folder = tmp_path / "state"


def test_only_the_owner_gets_in(cluster):
    cluster.up()
    assert stat.S_IMODE(cluster.state.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(cluster.state.kubeconfig.stat().st_mode) == 0o600
    with pytest.raises(urllib.error.HTTPError, match="401"):
        cluster.request("/api/v1/pods", token="wrong")


def test_an_address_in_use_is_one_clear_line(cluster):
    cluster.up()
    host = cluster.request("/api/v1/nodes/embedded")["status"]["addresses"][0]["address"]
    server = cluster.state.kubeconfig.read_text().partition("server: https://")[2].split()[0]
    cluster.command("down")
    with socket.create_server((host, int(server.rpartition(":")[2]))):
        failed = cluster.command("up")
    if "EMBEDDED_NETWORK=shared" in failed.stderr:
        assert failed.returncode == 1
        assert failed.stderr.count("\n") == 1
        assert f"{server} is in use by another program" in failed.stderr
    else:
        # With shared addresses another port is chosen instead.
        assert failed.returncode == 0


def test_a_state_folder_that_cannot_be_had_is_one_clear_line(cluster, tmp_path):
    (tmp_path / "file").write_text("")
    cluster.state.folder = tmp_path / "file" / "state"
    failed = cluster.command("up")
    cluster.state.folder = tmp_path / "state"
    assert (failed.returncode, failed.stderr.count("\n")) == (1, 1)
    assert "choose another with --state" in failed.stderr


def test_two_clusters_do_not_collide(make_cluster):
    one, two = make_cluster("one"), make_cluster("two")
    one.up()
    two.up()
    for cluster in (one, two):
        cluster.create_pod()
    one.command("down")
    assert two.ready_pod()["status"]["phase"] == "Running"
    assert not one.children()
    assert two.children()
