"""What a newcomer meets first, each provoked: one clear line for each thing, all of them at once."""

import json
import os
import platform
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.unit.provision.fakes import DOCKER_INFO

from provision import docker, kind, ports, tools
from provision.errors import ProvisionError
from provision.setup import Wishes, check_machine
from provision.versions import FILE, load, numbers

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def wishes(free_port):
    return Wishes.read({"GATEWAY_PORT": str(free_port)})


def problems(wishes):
    with pytest.raises(ProvisionError) as error:
        check_machine(wishes)
    assert not [problem for problem in error.value.problems if "\n" in problem]
    return error.value.problems


def test_a_machine_that_has_all_of_it_is_taken(fakes, wishes):
    fakes.add_all()
    check_machine(wishes)


def test_everything_that_is_missing_is_told_at_once(fakes, wishes):
    found = problems(wishes)
    assert [problem.split()[:3] for problem in found] == [[name, "is", "missing,"] for name in tools.TOOLS]


@pytest.mark.parametrize(("system", "how"), [("Linux", "go install sigs.k8s.io/kind@v"), ("Darwin", "brew install")])
def test_how_to_get_it_is_told_for_this_machine(fakes, monkeypatch, system, how):
    monkeypatch.setattr(platform, "system", lambda: system)
    [line] = tools.problems(["kind"])
    assert how in line


def test_a_program_that_is_too_old_is_named_with_both_versions(fakes, wishes):
    fakes.add_all()
    fakes.add("kind", ("version", 0, "kind v0.20.0 go1.20 linux/amd64"))
    [line] = problems(wishes)
    assert line.startswith("kind is 0.20.0, 0.33.0 or newer is needed: ")


def test_a_program_that_cannot_be_run_is_named(fakes, wishes):
    fakes.add_all()
    fakes.add("helm", ("version", 127, "cannot execute: wrong architecture"))
    [line] = problems(wishes)
    assert line.startswith("helm does not tell its version")
    assert "wrong architecture" in line


SILENT = [
    ("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is it running?", "start it with `"),
    ("permission denied while trying to connect to the Docker daemon socket", "usermod -aG docker"),
]


@pytest.mark.parametrize(("said", "how"), SILENT)
def test_a_daemon_that_does_not_answer_is_one_line(fakes, wishes, said, how):
    fakes.add_all()
    fakes.add("docker", ("info", 1, f"Client:\n Version: 28\n\nServer:\n{said}\n"))
    [line] = problems(wishes)
    assert how in line
    assert docker.silence() == line


def test_errors_of_the_daemon_may_come_without_an_exit_status(fakes, wishes):
    fakes.add_all()
    fakes.add("docker", ("info", 0, json.dumps({"ServerErrors": ["Cannot connect to the Docker daemon"]})))
    [line] = problems(wishes)
    assert "the Docker daemon does not answer" in line


@pytest.mark.parametrize(
    ("info", "line"),
    [
        ({"MemTotal": 2 * 1024**3}, "Docker has 2.0 GiB of memory, 5 are needed"),
        ({"NCPU": 2}, "Docker has 2 cores, 3 are needed"),
        ({"CgroupVersion": "1"}, "cgroup v1"),
    ],
)
def test_a_daemon_without_room_for_a_cluster_is_one_line(fakes, wishes, info, line):
    fakes.add_all()
    fakes.add("docker", ("info", 0, json.dumps({**DOCKER_INFO, **info})))
    [found] = problems(wishes)
    assert line in found
    assert docker.silence() is None


def test_what_is_left_out_needs_no_room(fakes, free_port):
    fakes.add_all()
    fakes.add("docker", ("info", 0, json.dumps({**DOCKER_INFO, "MemTotal": 4 * 1024**3, "NCPU": 3})))
    memory, cores = problems(Wishes.read({"GATEWAY_PORT": str(free_port), "OBSERVABILITY": "elk"}))
    assert "4.0 GiB of memory, 8 are needed" in memory
    assert "3 cores, 4 are needed" in cores
    check_machine(Wishes.read({"GATEWAY_PORT": str(free_port), "OBSERVABILITY": "prometheus"}))


def test_a_port_that_is_taken_is_named_with_whoever_has_it(fakes):
    fakes.add_all()
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        [line] = problems(Wishes.read({"GATEWAY_PORT": str(port)}))
    assert f"port {port} is taken by process {os.getpid()} (" in line
    assert "GATEWAY_PORT" in line


def test_the_port_of_a_cluster_that_runs_is_its_own(fakes):
    fakes.add_all()
    fakes.add("kind", ("get clusters", 0, f"other\n{kind.NAME}\n"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_machine(Wishes.read({"GATEWAY_PORT": str(server.getsockname()[1])}))


@pytest.mark.parametrize("port", ["http", "-1", "8080.5"])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(ProvisionError, match="is no port"):
        Wishes.read({"GATEWAY_PORT": port})


def test_a_port_beyond_all_ports_is_refused():
    [line] = ports.problems(70000)
    assert "is no port" in line


def run(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "provision", *arguments],
        cwd=REPOSITORY,
        env={"PYTHONPATH": str(REPOSITORY / "scripts"), "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "environment", "words"),
    [
        (["up", "--kind"], {}, ["docker is missing", "kind is missing", "kubectl is missing", "helm is missing"]),
        (["down", "--kind"], {}, ["docker is missing", "kind is missing"]),
        (["up"], {}, ["name the cluster: KUBECONTEXT="]),
        (["up", "--context", "team"], {}, ["context team is looked up in ~/.kube/config, which is not there"]),
        (["up", "--context", "team"], {"INSTALL_ISTIO": "1"}, ["helm is missing"]),
        (["down"], {"KUBECONTEXT": "team"}, ["only kind's cluster is deleted from here"]),
        (["up", "--kind"], {"IMAGE_REGISTRY": "https://a"}, ["IMAGE_REGISTRY=https://a is no prefix"]),
        (["up", "--kind"], {"GATEWAY_PORT": "x"}, ["GATEWAY_PORT=x is no port"]),
    ],
)
def test_on_the_command_line_each_is_a_line_of_its_own(tmp_path, free_port, arguments, environment, words):
    done = run(*arguments, **{"PATH": str(tmp_path), "GATEWAY_PORT": str(free_port), **environment})
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == len(words), lines
    for line, word in zip(lines, words, strict=True):
        assert line.startswith("error: ")
        assert word in line


def test_versions_are_pinned_to_the_digit_and_the_node_to_its_content():
    assert "@sha256:" in load().node
    assert len(load().node.rpartition(":")[2]) == 64
    assert all(len(numbers(pinned.version)) == 3 for pinned in load().charts.values())
    assert set(load().tools) == set(tools.TOOLS)


def test_every_version_is_text():
    content = yaml.safe_load(FILE.read_text())
    assert all(isinstance(version, str) for version in content["tools"].values())  # 1.30 is not 1.3


@pytest.mark.parametrize(
    ("text", "found"),
    [("v1.30.0+a", (1, 30, 0)), ("Docker version 20.10.24+dfsg1, build 2", (20, 10, 24)), ("none", ()), ("v4", ())],
)
def test_versions_are_read_as_numbers(text, found):
    assert numbers(text) == found
    assert numbers("1.9") < numbers("1.30")
