"""The Tiltfile, evaluated: all that it names is there, and a Tiltfile that names something else is caught."""

import os
import re
import shlex
import subprocess
from functools import cache
from pathlib import Path

import pytest
import yaml
from tests.unit.tilt.tilt_api import MANUAL, Tilt, TiltfileError

from cluster.settings import KIND_CONTEXT, KIND_KUBECONFIG
from drills.__main__ import EVERY
from drills.twins import TWINS
from images import catalogue
from provision.report import TOOLS

REPOSITORY = Path(__file__).resolve().parents[3]
TEXT = (REPOSITORY / "Tiltfile").read_text()
LABEL = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")


def evaluate(text=TEXT, **options):
    return Tilt(REPOSITORY, **options).evaluate(text)


def faults(tilt):
    """Yield what a Tiltfile gets wrong about this repository."""
    yield from (f"no path {path}" for path in tilt.paths if not (REPOSITORY / path).exists())
    deployed = {body["metadata"]["name"] for body in tilt.objects}
    yield from (f"no Deployment {name}" for name in tilt.workloads if name not in deployed)
    yield from (f"no image {name} in the catalogue" for name in tilt.images if name not in built())
    known = {*tilt.workloads, *tilt.local}
    for name, resource in {**tilt.workloads, **tilt.local}.items():
        yield from (f"{name} waits for {each}" for each in resource["resource_deps"] if each not in known)
        yield from (f"{name} has the label {each}" for each in resource["labels"] if not LABEL.fullmatch(each))
    yield from faults_of_images(tilt)
    yield from (
        f"make cannot do: {each['cmd']}" for each in tilt.local.values() if each["cmd"] and not can(each["cmd"])
    )


def faults_of_images(tilt):
    for name, image in tilt.images.items():
        for step in image["live_update"]:
            path = step.get("local_path") or step.get("files", image["context"])
            if not Path(path).is_relative_to(image["context"]):
                yield f"{name} watches {path} outside of its build"
        copied = [Path(step["local_path"]).name for step in image["live_update"] if step["step"] == "sync"]
        yield from (f"{name} copies {each}, which is not built" for each in copied if each not in image["only"])


def built():
    return {image.service: image for image in catalogue.load() if image.context == "services"}


@cache
def can(command):
    """Tell whether make knows all that a command asks of it."""
    program, *arguments = shlex.split(command)
    kept = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        [program, "--dry-run", *arguments], cwd=REPOSITORY, env=kept, capture_output=True, check=False, timeout=30
    )
    return program == "make" and done.returncode == 0


@pytest.fixture(scope="module")
def tilt():
    return evaluate()


def test_all_that_the_tiltfile_names_is_there(tilt):
    assert list(faults(tilt)) == []


def test_it_is_for_the_cluster_of_this_checkout_and_no_other(tilt):
    assert tilt.contexts == [KIND_CONTEXT]
    assert KIND_KUBECONFIG == REPOSITORY / ".kind" / "kubeconfig"
    for context in ("minikube", "team", "kind-another"):
        with pytest.raises(TiltfileError, match="make up CLUSTER=kind"):
            evaluate(context=context)


def test_every_service_is_live_and_nothing_else_is_put_on_the_cluster(tilt):
    assert set(tilt.images) == set(tilt.workloads) == set(built())
    assert {body["kind"] for body in tilt.objects} == {"Deployment"}
    for name, image in built().items():
        assert tilt.images[name]["dockerfile"] == image.dockerfile
        steps = [step["step"] for step in tilt.images[name]["live_update"]]
        assert steps == ["fall_back_on", "sync", "sync", "run"]  # the only order that Tilt takes
        folder = Path(image.dockerfile).parent.name
        copied = {step["local_path"] for step in tilt.images[name]["live_update"] if step["step"] == "sync"}
        assert copied == {"services/chassis", f"services/{folder}"}


def test_the_image_runs_its_own_command_below_the_script(tilt):
    services = yaml.safe_load(catalogue.CATALOGUE.read_text())["services"]
    script = (REPOSITORY / "scripts/dev/live.sh").read_text()
    for name, image in tilt.images.items():
        assert image["entrypoint"] == ["sh", "-c", script, "live", *services[name]["command"]]
    assert "$(" not in script  # Kubernetes would expand it in a command


def test_a_base_image_of_a_mirror_is_built_upon(monkeypatch):
    monkeypatch.delenv("BASE_IMAGE", raising=False)
    assert {tuple(image["build_args"]) for image in evaluate().images.values()} == {("APP_VERSION",)}
    monkeypatch.setenv("BASE_IMAGE", "registry.example.com/python:3.13")
    for image in evaluate().images.values():
        assert image["build_args"]["BASE_IMAGE"] == "registry.example.com/python:3.13"


def test_files_go_where_the_script_runs_them_from(tilt):
    script = (REPOSITORY / "scripts/dev/live.sh").read_text()
    live, server = re.search(r"LIVE_COPY:-(\S+)\} ", script)[1], re.search(r"LIVE_SERVER:-(\S+)\}", script)[1]
    for image in tilt.images.values():
        for step in image["live_update"]:
            if step["step"] == "sync":
                assert step["remote_path"] == f"{live}/{Path(step['local_path']).name}"
        assert server in image["live_update"][-1]["cmd"]
    # That place is a volume of every pod, since the root file system is for reading only.
    for body in tilt.objects:
        (container,) = body["spec"]["template"]["spec"]["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert "/tmp" in [mount["mountPath"] for mount in container["volumeMounts"]]


def test_every_drill_with_every_release_is_a_button(tilt):
    buttons = {name: each for name, each in tilt.local.items() if each["labels"] == ["drills"]}
    assert {each["cmd"] for each in buttons.values()} == {
        f"make drill-{drill} TWIN={twin} CLUSTER=kind"
        for drill in EVERY
        for twin in TWINS
        if (REPOSITORY / "Makefile").read_text().count(f"drill-{drill}: ")
    }
    assert all(each["trigger_mode"] == MANUAL and not each["auto_init"] for each in buttons.values())


def test_nothing_is_done_without_being_asked_but_forwarding(tilt):
    for name, each in tilt.local.items():
        assert each["serve_cmd"] or (each["trigger_mode"] == MANUAL and not each["auto_init"]), name


def test_the_tools_are_forwarded_from_where_they_answer(tilt):
    served = {name: each for name, each in tilt.local.items() if each["serve_cmd"]}
    assert {"grafana", "jaeger", "prometheus"} <= served.keys()
    for name, each in served.items():
        assert each["serve_cmd"][:5] == ["kubectl", "--kubeconfig", ".kind/kubeconfig", "--context", KIND_CONTEXT]
        assert each["serve_cmd"][-2:] == [f"service/{name}", str(TOOLS[name])]
        assert each["readiness_probe"]["http_get"]["port"] == TOOLS[name]
        assert each["links"] == [{"url": f"http://127.0.0.1:{TOOLS[name]}", "name": name}]


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('"k8s/overlays/kind"', '"k8s/overlays/gone"', "gone"),
        ('"scripts/dev/live.sh"', '"scripts/dev/gone.sh"', "gone.sh"),
        ("live_update=[", "live_updates=[", "live_updates"),
        ("trigger_mode=TRIGGER_MODE_MANUAL", "trigger_mode=MANUAL", "MANUAL"),
        ("docker_build(", "docker_biuld(", "docker_biuld"),
        ('"order": ["user"]', '"order": ["users"]', "order waits for users"),
        ("make drill-{} ", "make dril-{} ", "make cannot do: make dril-canary"),
        ('"make status CLUSTER=kind"', '"make status CLUSTER=knid"', "make cannot do: make status"),
        ('labels=["drills"]', 'labels=["the drills"]', "label the drills"),
        ('only=["requirements.txt", "chassis", folder]', 'only=["requirements.txt", folder]', "copies chassis"),
        ('fall_back_on(context + "/requirements.txt")', 'fall_back_on("pyproject.toml")', "outside of its build"),
        ('links=[link("{}/{}s"', 'links=[f"{link}"', "arse error"),
    ],
)
def test_what_is_wrong_is_caught(right, wrong, said):
    assert right in TEXT
    try:
        found = list(faults(evaluate(TEXT.replace(right, wrong))))
    except Exception as error:  # noqa: BLE001 - however it is noticed
        found = [str(error)]
    assert any(said in each for each in found), found
