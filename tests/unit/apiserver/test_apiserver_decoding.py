"""Reading of bodies: unknown fields, wrong types, quantities; and protobuf as kubectl sends it."""

import pytest

from embedded.apiserver import protobuf, quantities
from embedded.apiserver.decoding import Decoder
from embedded.apiserver.errors import ApiError
from embedded.apiserver.resources import DEPLOYMENTS, SECRETS, VIRTUAL_SERVICES


def decode(body, resource=DEPLOYMENTS):
    decoder = Decoder(resource)
    return decoder.decode(body), decoder.unknown


def test_unknown_fields_are_left_out_and_named():
    body = {"spec": {"replicaz": 3, "template": {"spec": {"containers": [{"name": "a", "img": "x"}]}}}, "foo": 1}
    decoded, unknown = decode(body)
    assert decoded == {"spec": {"template": {"spec": {"containers": [{"name": "a"}]}}}}
    assert unknown == ["spec.replicaz", "spec.template.spec.containers[0].img", "foo"]


def test_nulls_are_absent():
    assert decode({"metadata": {"creationTimestamp": None}, "spec": {"replicas": None}})[0] == {
        "metadata": {},
        "spec": {},
    }


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"replicas": "3"}, "cannot unmarshal string into Go struct field Deployment.spec.replicas of type int32"),
        ({"replicas": True}, "cannot unmarshal bool into"),
        ({"paused": 1}, "cannot unmarshal number into Go struct field Deployment.spec.paused of type bool"),
        ({"selector": []}, "cannot unmarshal array into"),
        ({"template": {"spec": {"containers": {}}}}, "of type []Container"),
        ({"selector": {"matchLabels": {"app": 1}}}, "spec.selector.matchLabels.app of type string"),
    ],
)
def test_wrong_types_are_refused(spec, words):
    with pytest.raises(ApiError) as refusal:
        decode({"spec": spec})
    assert refusal.value.code == 400
    assert words in refusal.value.message


def test_secrets_are_base64():
    with pytest.raises(ApiError, match=r"illegal base64 data in data\.a"):
        decode({"data": {"a": "%%%"}}, SECRETS)


def test_custom_kinds_keep_everything():
    body = {"metadata": {"name": "x"}, "spec": {"anything": [1, None]}}
    assert decode(body, VIRTUAL_SERVICES) == (body, [])


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        (1, "1"),
        (0.5, "500m"),
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1024Mi", "1Gi"),
        ("128Mi", "128Mi"),
        ("1500Mi", "1500Mi"),
        ("1e3", "1k"),
        ("100M", "100M"),
        ("0", "0"),
        ("1.5Gi", "1536Mi"),
        ("0.1m", "100u"),
    ],
)
def test_quantities_become_canonical(given, canonical):
    assert quantities.canonical(given) == canonical


@pytest.mark.parametrize("given", ["", "1 Gi", "abc", True, "1KB", None])
def test_what_is_no_quantity_is_refused(given):
    with pytest.raises(ApiError, match="quantities must match"):
        quantities.canonical(given)


# `kubectl create namespace shop`, as kubectl 1.32 sends it.
NAMESPACE = bytes.fromhex(
    "6b3873000a0f0a02763112094e616d657370616365121c0a140a0473686f7012001a0022002a0032003800420012001a020a001a002200"
)


def test_protobuf_of_kubectl_is_read():
    assert protobuf.decode(NAMESPACE) == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": "shop"},
        "spec": {},
    }


def test_protobuf_fields_without_a_number_are_refused():
    # Field 9 of a Namespace does not exist.
    unknown = bytes.fromhex("6b3873000a0f0a02763112094e616d65737061636512044a020a00")
    with pytest.raises(ApiError, match="field 9 of V1Namespace as protobuf") as refusal:
        protobuf.decode(unknown)
    assert refusal.value.code == 415


@pytest.mark.parametrize("body", [b"no", NAMESPACE[:20], b"k8s\x00\xff\xff", NAMESPACE[:-20]])
def test_broken_protobuf_is_a_bad_request(body):
    with pytest.raises(ApiError) as refusal:
        protobuf.decode(body)
    assert refusal.value.code == 400
