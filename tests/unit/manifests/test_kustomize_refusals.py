"""What the renderer cannot do, or nobody could, ends in one line that names file and field."""

import pytest
from tests.unit.manifests.kubectl import needs_kubectl, refuses

from cluster.kustomize import ManifestError, build

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\ndata: {a: b}\n"
DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n"


def write(folder, kustomization, **files):
    folder.mkdir(exist_ok=True)
    (folder / "kustomization.yaml").write_text(kustomization)
    for name, text in {"config": CONFIG, "web": DEPLOYMENT, **files}.items():
        (folder / f"{name}.yaml").write_text(text)
    return folder


# Wrong for kustomize as well: (what is wrong, kustomization, other files, words of the message)
WRONG = {
    "unknown field": ("resorces: [config.yaml]", {}, ["kustomization.yaml", "resorces"]),
    "missing file": ("resources: [nothing.yaml]", {}, ["kustomization.yaml", "nothing.yaml"]),
    "file outside": ("resources: [../outside.yaml]", {}, ["outside.yaml"]),
    "broken YAML": ("resources: [broken.yaml]", {"broken": "a: 1\nb: c: d\n"}, ["broken.yaml:2", "wrong YAML"]),
    "key given twice": ("resources: [twice.yaml]", {"twice": CONFIG + "kind: Secret\n"}, ["twice.yaml:5", "'kind'"]),
    "no kind": ("resources: [odd.yaml]", {"odd": "apiVersion: v1\nmetadata: {name: x}\n"}, ["odd.yaml", "kind"]),
    "object given twice": ("resources: [config.yaml, again.yaml]", {"again": CONFIG}, ["again.yaml", "given twice"]),
    "patch without an object": (
        "resources: [config.yaml]\npatches: [{path: web.yaml}]",
        {},
        ["web.yaml", "Deployment web"],
    ),
    "patch that does not fit": (
        "resources: [web.yaml]\npatches: [{path: p.yaml, target: {kind: Deployment}}]",
        {"p": "- {op: replace, path: /spec/template/spec, value: 1}"},
        ["p.yaml", "Deployment web"],
    ),
    "test that fails": (
        "resources: [web.yaml]\npatches: [{path: p.yaml, target: {kind: Deployment}}]",
        {"p": "- {op: test, path: /spec/replicas, value: 2}"},
        ["p.yaml", "Deployment web"],
    ),
    "replicas of nothing": ("resources: [web.yaml]\nreplicas: [{name: wep, count: 2}]", {}, ["replicas", "wep"]),
    "component among resources": ("resources: [part]", {}, ["part", "Component"]),
    "merge of nothing": (
        "configMapGenerator: [{name: x, behavior: merge, literals: [a=b]}]",
        {},
        ["configMapGenerator", "merge"],
    ),
    "literal without a value": ("configMapGenerator: [{name: x, literals: [a]}]", {}, ["literals", "'a'"]),
    "label that is a number": ("resources: [config.yaml]\nlabels: [{pairs: {a: 1}}]", {}, ["labels", "quotes"]),
    "path that is no text": ("resources: [{a: b}]", {}, ["kustomization.yaml", "resources", "{'a': 'b'}"]),
    "patch that is no mapping": ("resources: [web.yaml]\npatches: [web.yaml]", {}, ["patches", "mapping"]),
    "tag that is a number": ("resources: [web.yaml]\nimages: [{name: web, newTag: 1}]", {}, ["newTag", "string"]),
    "namespace that is a number": ("resources: [web.yaml]\nnamespace: 7", {}, ["namespace", "string"]),
    "list that is none": ("resources: web.yaml", {}, ["resources", "list"]),
    "empty file": ("", {}, ["kustomization.yaml"]),
    "includes itself": ("resources: [../stage]", {}, ["includes itself"]),
}
# kustomize would do it; this renderer says that it does not.
LEFT_OUT = {
    "replacements": ("resources: [config.yaml]\nreplacements: []", {}, ["replacements", "not supported"]),
    "helm charts": ("helmCharts: [{name: x}]", {}, ["helmCharts"]),
    "remote bases": ("resources: ['https://example.org/base?ref=v1']", {}, ["https://example.org"]),
    "label fields": ("resources: [config.yaml]\nlabels: [{pairs: {a: b}, fields: []}]", {}, ["labels", "fields"]),
    "values from the environment": (
        "configMapGenerator: [{name: x, envs: [values.yaml]}]",
        {"values": "A=1\nHOME\n"},
        ["values.yaml:2", "'HOME'"],
    ),
    "bare dates": ("resources: [d.yaml]", {"d": CONFIG.replace("b}", "2026-01-01}")}, ["d.yaml:4", "quotes"]),
    "patch directives": (
        "resources: [web.yaml]\npatches: [{path: p.yaml}]",
        {"p": DEPLOYMENT.replace("replicas: 1", "$retainKeys: [a]")},
        ["p.yaml", "$retainKeys"],
    ),
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "outside.yaml").write_text(CONFIG)

    def make(kustomization, files):
        made = write(tmp_path / "stage", kustomization, **files)
        write(made / "part", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n")
        return made

    return make


@pytest.mark.parametrize("case", [*WRONG, *LEFT_OUT])
def test_it_is_refused_in_one_line(case, folder):
    kustomization, files, words = {**WRONG, **LEFT_OUT}[case]
    with pytest.raises(ManifestError) as caught:
        build(folder(kustomization, files))
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


@needs_kubectl
@pytest.mark.parametrize("case", WRONG)
def test_kubectl_refuses_it_too(case, folder):
    kustomization, files, _words = WRONG[case]
    assert refuses(folder(kustomization, files))


def test_without_a_kustomization_the_folder_is_named(tmp_path):
    with pytest.raises(ManifestError, match=rf"{tmp_path}.*kustomization.yaml"):
        build(tmp_path)


def test_the_refused_cases_differ_from_one_that_is_right(folder):
    objects = build(folder("resources: [config.yaml, web.yaml]", {}))
    assert [body["kind"] for body in objects] == ["ConfigMap", "Deployment"]


def test_an_anchor_shared_by_two_objects_is_not_changed_through_one_of_them(folder):
    shared = "x: &pod {spec: {containers: [{name: a, image: web}]}}\n"
    first = DEPLOYMENT.replace("spec: {replicas: 1}", "spec: {template: {spec: {containers: [{name: a, image: web}]}}}")
    made = folder("resources: [one.yaml, two.yaml]\nimages: [{name: web, newTag: v1}]", {})
    (made / "one.yaml").write_text(first)
    (made / "two.yaml").write_text(
        f"{shared}apiVersion: example.org/v1\nkind: Two\nmetadata: {{name: two}}\nfirst: *pod\n"
    )
    two = next(body for body in build(made) if body["kind"] == "Two")
    two["x"]["spec"]["containers"][0]["image"] = "changed"
    assert two["first"]["spec"]["containers"][0]["image"] == "web:v1"
