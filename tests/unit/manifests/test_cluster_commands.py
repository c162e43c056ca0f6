"""The commands: what they print, and that what goes wrong is one line and a non-zero exit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.unit.manifests.fake_cluster import FakeTransport, connect
from tests.unit.manifests.kubectl import by_id

from cluster import stage as staging
from cluster.errors import ClusterError
from cluster.manifests import render
from cluster.status import status_lines

REPOSITORY = Path(__file__).resolve().parents[3]


def run(*arguments, **environment):
    kept = {name: value for name, value in os.environ.items() if name not in ("KUBECONFIG", "KUBECONTEXT", "NAMESPACE")}
    return subprocess.run(
        [sys.executable, "-m", "cluster", *map(str, arguments)],
        cwd=REPOSITORY,
        env={**kept, "PYTHONPATH": str(REPOSITORY / "scripts"), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_render_prints_the_objects():
    done = run("render", "embedded")
    assert done.returncode == 0, done.stderr
    assert by_id(yaml.safe_load_all(done.stdout)) == by_id(render("embedded"))


def broken(folder):
    (folder / "kustomization.yaml").write_text("resources: [config.yaml]\n")
    (folder / "config.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a\n")
    return folder


KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: kind-none
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: kind-none, context: {cluster: c, user: u}}]
users: [{name: u, user: {}}]
"""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["stage", "nowhere"], ["no overlay nowhere", "embedded-blue-green"]),
        (["render", "nowhere"], ["no overlay nowhere"]),
        (["stage", "embedded", "--kubeconfig", "{folder}/absent"], ["no kubeconfig at", "absent"]),
        (["stage", "embedded", "--kubeconfig", "{folder}/kubeconfig"], ["127.0.0.1:1", "does not answer"]),
        (["status", "--kubeconfig", "{folder}/kubeconfig"], ["127.0.0.1:1", "does not answer"]),
        (["stage", "embedded", "--kubeconfig", "{folder}/kubeconfig", "--context", "other"], ["no context other"]),
        # Told before any cluster is asked.
        (["stage", "{folder}", "--kubeconfig", "{folder}/kubeconfig"], ["config.yaml:4", "wrong YAML"]),
    ],
)
def test_what_goes_wrong_is_one_line(arguments, words, tmp_path):
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    broken(tmp_path)
    done = run(*(argument.format(folder=tmp_path) for argument in arguments))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    for word in words:
        assert word in done.stderr


def test_without_a_command_help_is_shown():
    assert "stage" in run("--help").stdout
    assert run("frobnicate").returncode == 2


def test_status_shows_workloads_selectors_and_weights():
    fake = FakeTransport()
    staging.stage(connect(fake), "embedded-blue-green")
    lines = [" ".join(line.split()) for line in status_lines(connect(fake))]
    assert "order-blue 2/2 stable v1 order:v1" in lines
    assert "order app=order,version=v1" in lines
    assert "order /orders order stable 100 %, order canary 0 %" in lines
    assert "order /orders x-track: preview order-preview 100 %" in lines


def test_status_of_an_empty_namespace_says_how_to_fill_it():
    with pytest.raises(ClusterError, match="python -m cluster stage"):
        list(status_lines(connect(FakeTransport())))
