"""A platform under another name is a platform: what is renamed renders, is in style, and its tests pass."""

import re

import pytest
import yaml
from tests.scaffold.conftest import contents, copied, run

from scaffold import renaming, service
from scaffold.errors import ScaffoldError
from scaffold.tree import Tree

NAME, NAMESPACE, REGISTRY = "quartz-forge", "bazaar", "registry.quartz.example:5000/platform"


@pytest.fixture(scope="module")
def renamed(tmp_path_factory):
    """The tree under another name; nobody changes it."""
    root = copied(tmp_path_factory.mktemp("renamed") / "tree")
    tree = Tree(root)
    renaming.rename(tree, NAME, NAMESPACE, REGISTRY)
    tree.write()
    return root


def test_nothing_bears_the_old_name(renamed, original):
    old = renaming.identity(Tree(original))
    assert renaming.identity(Tree(renamed)) == renaming.Identity(NAME, NAMESPACE, REGISTRY)
    word = re.compile(r"(?i)" + "[-_ ]?".join(old.name.split("-")))
    texts = {path: text.decode(errors="ignore") for path, text in contents(renamed).items()}
    pictures = (".svg", ".png")
    assert [path for path, text in texts.items() if word.search(text) and not path.endswith(pictures)] == []


def test_doing_it_twice_changes_nothing(renamed):
    assert renaming.rename(Tree(renamed), NAME, NAMESPACE, REGISTRY) == []
    assert renaming.rename(Tree(renamed), NAME) == []


def test_everything_is_where_it_was_told_to_be(renamed):
    told = run(renamed, "python", "-c", "import yaml; from cluster.manifests import render; "
               "print(yaml.safe_dump_all(render('production')))")  # fmt: skip
    objects = [body for body in yaml.safe_load_all(told) if body]
    assert {body["metadata"].get("namespace", NAMESPACE) for body in objects} == {NAMESPACE}
    assert {body["metadata"]["labels"]["app.kubernetes.io/part-of"] for body in objects} == {NAME}
    images = set(re.findall(r"image: ([^\s@]+)", told))
    assert images == {f"{REGISTRY}/order:v1", f"{REGISTRY}/user:v1"}


def test_it_is_in_the_style_of_the_tree_and_what_is_generated_is_up_to_date(renamed):
    run(renamed, "ruff", "check", "--no-cache", ".")
    run(renamed, "ruff", "format", "--no-cache", "--check", ".")
    run(renamed, "python", "-m", "monitoring", "check")


def test_its_tests_pass_and_its_drills_are_there(renamed):
    chosen = [
        "manifests/test_overlays.py",
        "unit/cluster/test_choosing_a_cluster.py",
        "unit/manifests/test_ownership.py",
        "unit/manifests/test_render_parameters.py",
        "unit/manifests/test_stage_order.py",
    ]
    told = run(renamed, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *(f"tests/{each}" for each in chosen))
    assert " passed" in told
    assert "canary: " in run(renamed, "python", "-m", "drills", "list")


def test_a_service_can_be_made_there_as_well(renamed):
    tree = Tree(renamed)
    service.new(tree, "payment")
    overlay = tree.read("k8s/overlays/production/kustomization.yaml")
    assert f"newName: {REGISTRY}/payment" in overlay


REFUSED = {
    ("",): "NAME='' cannot be used",
    ("Acme",): "NAME='Acme' cannot be used",
    ("acme corp",): "cannot be used",
    ("a" * 60,): "at most",
    ("canary",): "NAME=canary cannot be used: it means something else in",
    ("acme", "kube-system"): "NAMESPACE=kube-system cannot be used",
    ("acme", "order"): "NAMESPACE=order cannot be used: it means something else in",
    ("acme", "acme"): "NAME and NAMESPACE are both acme",
    ("acme", "", "https://registry.example.com"): "is no prefix of images",
    ("acme", "", "registry"): "is no prefix of images",
}


@pytest.mark.parametrize(("arguments", "said"), REFUSED.items())
def test_a_bad_name_is_refused_in_one_line(original, arguments, said):
    tree = Tree(original)
    with pytest.raises(ScaffoldError) as error:
        renaming.rename(tree, *arguments)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert tree.changes == {}
