"""The cluster accepts every overlay as it stands in Git: strictly, and by all that checks what is written to it.

On a real cluster that is the API server with Istio's own schemas, istiod's webhook and Pod Security.
"""

import os

import pytest
import yaml
from tests.manifests.rendered import APART, OVERLAYS, named

from cluster.kustomize import build

# What is applied there already, by whomever, shall not matter: nothing is written.
APPLY = ("apply", "--server-side", "--dry-run=server", "--force-conflicts", "--validate=strict", "-f", "-")


@pytest.fixture
def kinds(kubectl):
    """Returns the kinds that the cluster serves, as (apiVersion, kind)."""
    lines = [line.split() for line in kubectl("api-resources", "--no-headers").splitlines()]
    return {(columns[-3], columns[-1]) for columns in lines}


@pytest.fixture
def render(kinds, namespace, tmp_path):
    """Renders a folder into the namespace of the test."""

    def render(folder):
        base = os.path.relpath(folder, tmp_path.resolve())
        (tmp_path / "kustomization.yaml").write_text(f"namespace: {namespace}\nresources: [{base}]\n")
        objects = build(tmp_path)
        missing = {body["kind"] for body in objects if (body["apiVersion"], body["kind"]) not in kinds}
        if missing:
            pytest.skip(f"this cluster does not serve {', '.join(sorted(missing))}")
        return objects

    return render


@pytest.mark.parametrize("folder", [*OVERLAYS, *APART], ids=lambda folder: folder.name)
def test_it_accepts_everything(folder, render, kubectl):
    objects = render(folder)
    answer = kubectl(*APPLY, stdin=yaml.safe_dump_all(objects))
    assert answer.count("serverside-applied") == len(objects)


# (kind, name, how the object is spoilt, words of the refusal)
MISTAKES = [
    ("Deployment", "order", lambda body: body["spec"].update(replica=3), "replica"),
    ("Service", "order", lambda body: body["spec"]["ports"][0].update(targetport="http"), "targetport"),
]


@pytest.mark.parametrize(("kind", "name", "spoil", "words"), MISTAKES, ids=[each[3] for each in MISTAKES])
def test_it_refuses_what_no_kind_has(kind, name, spoil, words, render, kubectl):
    body = named(render(next(folder for folder in OVERLAYS if folder.name == "embedded")), kind, name)
    spoil(body)
    assert words in kubectl.fails(*APPLY, stdin=yaml.safe_dump(body))


ISTIO_MISTAKES = [
    ("VirtualService", "order", lambda body: body["spec"]["http"][0].update(timeouts="1s"), "timeouts"),
    ("VirtualService", "order", lambda body: body["spec"]["http"][0]["retries"].update(retryOn="often"), "often"),
    ("AuthorizationPolicy", "allow-user", lambda body: body["spec"].update(rule=[]), "rule"),
    ("PeerAuthentication", "default", lambda body: body["spec"]["mtls"].update(mode="MAYBE"), "MAYBE"),
]


@pytest.mark.parametrize(("kind", "name", "spoil", "words"), ISTIO_MISTAKES, ids=[each[3] for each in ISTIO_MISTAKES])
def test_istio_refuses_what_it_does_not_know(kind, name, spoil, words, render, kubectl):
    if "istio" not in kubectl.run("get", "validatingwebhookconfigurations", "-o", "name").stdout:
        pytest.skip("no istiod looks at what is written to this cluster; the embedded one names mistakes in events")
    body = named(render(next(folder for folder in OVERLAYS if folder.name == "embedded")), kind, name)
    spoil(body)
    assert words in kubectl.fails(*APPLY, stdin=yaml.safe_dump(body))
