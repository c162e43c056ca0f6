"""How the files are written: short, one kind each, and image tags in overlays only."""

import pytest
import yaml
from tests.manifests.rendered import FILES, REPOSITORY

MOST_LINES = 60
COMPONENTS = sorted(REPOSITORY.glob("k8s/components/*/kustomization.yaml"))


def faults(text, in_overlay):
    """Return what is wrong with a file's text."""
    documents = [document for document in yaml.safe_load_all(text) if document is not None]
    if len(documents) != 1:
        yield f"holds {len(documents)} documents"
    if len(text.splitlines()) > MOST_LINES:
        yield f"has {len(text.splitlines())} lines"
    for image in images(documents):
        if ":" in image.rpartition("/")[2] or "@" in image:
            yield f"image {image} has a tag"
    if not in_overlay and any("images" in document for document in documents if isinstance(document, dict)):
        yield "sets image tags outside an overlay"


def images(value):
    if isinstance(value, dict):
        for key, each in value.items():
            if key == "image" and isinstance(each, str):
                yield each
            yield from images(each)
    elif isinstance(value, list):
        for each in value:
            yield from images(each)


def relative(path):
    return str(path.relative_to(REPOSITORY))


@pytest.mark.parametrize("file", FILES, ids=relative)
def test_the_file_is_as_it_should_be(file):
    assert list(faults(file.read_text(), relative(file).startswith("k8s/overlays/"))) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("kind: A\n---\nkind: B\n", "holds 2 documents"),
        ("# line\n" * MOST_LINES + "kind: A\n", f"has {MOST_LINES + 1} lines"),
        ("spec: {containers: [{image: 'order:v1'}]}\n", "image order:v1 has a tag"),
        ("spec: {initContainers: [{image: 'reg:5000/order@sha256:0'}]}\n", "has a tag"),
        ("images: [{name: order, newTag: v1}]\n", "outside an overlay"),
    ],
)
def test_a_fault_is_found(text, complaint):
    assert complaint in "; ".join(faults(text, in_overlay=False))


@pytest.mark.parametrize("file", COMPONENTS, ids=lambda file: file.parent.name)
def test_components_say_what_they_are_for(file):
    assert file.read_text().startswith("# ")


def test_no_file_is_left_over():
    """Every file is named by the kustomization beside it."""
    for file in FILES:
        if file.name != "kustomization.yaml":
            assert file.name in (file.parent / "kustomization.yaml").read_text(), relative(file)
