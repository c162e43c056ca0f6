"""Label and field selectors in lists."""

import pytest

MAPS = ("v1", "configmaps")


@pytest.fixture
def maps(raw):
    for name, labels in {
        "blue-front": {"colour": "blue", "tier": "front"},
        "blue-back": {"colour": "blue", "tier": "back"},
        "green-front": {"colour": "green", "tier": "front"},
        "plain": {"made-by": "contract"},
    }.items():
        raw.create(*MAPS, {"metadata": {"name": name, "labels": {"made-by": "contract", **labels}}})
    return raw


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("colour=blue", ["blue-back", "blue-front"]),
        ("colour==blue,tier=front", ["blue-front"]),
        ("colour!=blue", ["green-front", "plain"]),
        ("colour in (blue, green),tier=front", ["blue-front", "green-front"]),
        ("colour notin (blue)", ["green-front", "plain"]),
        ("colour", ["blue-back", "blue-front", "green-front"]),
        ("!colour", ["plain"]),
        ("colour=red", []),
    ],
)
def test_labels_select(maps, selector, found):
    assert sorted(maps.names(*MAPS, labelSelector=f"made-by=contract,{selector}")) == found


def test_a_selector_that_cannot_be_read_is_refused(maps):
    assert maps("GET", *MAPS, labelSelector="colour in blue")[0] == 400


def test_fields_select(maps):
    assert maps.names(*MAPS, fieldSelector="metadata.name=plain") == ["plain"]
    others = maps.names(*MAPS, fieldSelector="metadata.name!=plain", labelSelector="made-by=contract")
    assert sorted(others) == ["blue-back", "blue-front", "green-front"]
    maps.create("v1", "secrets", {"metadata": {"name": "own"}, "type": "contract.test/own"})
    assert maps.names("v1", "secrets", fieldSelector="type=contract.test/own") == ["own"]


def test_a_field_that_cannot_select_is_refused(maps):
    status, refusal = maps("GET", *MAPS, fieldSelector="data.colour=blue")
    assert (status, refusal["reason"]) == (400, "BadRequest")


def test_pods_are_selected_by_phase_and_node(pods, raw):
    pods.create("", name="short")
    pods.create("raise SystemExit(1)", name="wrong")
    pods.ended("short")
    node = pods.ended("wrong").spec.node_name
    assert raw.names("v1", "pods", fieldSelector="status.phase=Succeeded") == ["short"]
    assert raw.names("v1", "pods", fieldSelector="status.phase=Failed") == ["wrong"]
    assert "short" in raw.names("v1", "pods", fieldSelector=f"spec.nodeName={node}")
    assert raw.names("v1", "pods", fieldSelector="spec.nodeName=elsewhere") == []
    involved = raw.get("v1", "events", fieldSelector="involvedObject.name=short,involvedObject.kind=Pod")["items"]
    assert {each["involvedObject"]["name"] for each in involved} == {"short"}


def test_a_collection_is_deleted_by_selector(maps):
    maps.delete("v1", "configmaps?labelSelector=colour%3Dblue")
    assert sorted(maps.names(*MAPS, labelSelector="made-by=contract")) == ["green-front", "plain"]
