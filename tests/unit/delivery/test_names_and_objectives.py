"""Names that follow from others, and the files of objectives."""

import pytest
import yaml

from delivery.errors import DeliveryError
from delivery.naming import image_name, other_colour, version_of
from delivery.slo import FOLDER, load_slo

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("image", "name", "version"),
    [
        ("order:v2", "order", "v2"),
        ("order:v2-errors", "order", "v2"),
        ("localhost:5000/shop/order:1.4.0-rc.1", "order", "1.4.0"),
        ("ghcr.io/a/b/user:2026", "user", "2026"),
        (f"registry:5000/shop/order:v3@{DIGEST}", "order", "v3"),
        (f"order:v3-errors@{DIGEST}", "order", "v3"),
        (f"localhost:5000/order@{DIGEST}", "order", "sha256-0123456789ab"),
    ],
)
def test_versions_come_from_tags_or_else_from_digests(image, name, version):
    assert (image_name(image), version_of(image)) == (name, version)


@pytest.mark.parametrize(
    "image",
    [
        *("order", "localhost:5000/order", "order:", "order:v2 ", "", "order@sha256:abc", "order:v2\n"),
        *(f"order:v2@{DIGEST}0", f"order:@{DIGEST}", f"order:v2@{DIGEST.upper()}", "order:v2@"),
    ],
)
def test_images_without_a_tag_or_a_digest_are_refused(image):
    with pytest.raises(DeliveryError):
        version_of(image)


def test_colours_take_turns():
    assert other_colour("order-blue") == "order-green"
    assert other_colour(other_colour("my-order-green")) == "my-order-green"
    with pytest.raises(DeliveryError, match="neither -blue nor -green"):
        other_colour("order")


@pytest.mark.parametrize("service", sorted(path.stem for path in FOLDER.glob("*.yaml")))
def test_the_objectives_of_every_service_can_be_read(service):
    slo = load_slo(service)
    assert slo.error_budget == pytest.approx(0.001)
    assert slo.slow_budget == pytest.approx(0.05)


def broken(path, value):
    content = yaml.safe_load((FOLDER / "order.yaml").read_text())
    place = content
    *parents, last = path.split(".")
    for part in parents:
        place = place[part]
    place[last] = value
    return content


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("objectives.availability", 99.9, "objectives.availability: input should be less than 1"),
        ("objectives.latency.threshold_seconds", "fast", "objectives.latency.threshold_seconds"),
        ("analysis.tolerance.share", 1, "analysis.tolerance.share: input should be less than 1"),
        ("analysis.alhpa", 0.1, "analysis.alhpa: extra inputs are not permitted"),
        ("analysis.margins", None, "analysis.margins"),
        ("service", "user", "service is user"),
    ],
)
def test_what_is_wrong_in_a_file_is_one_line_with_its_place(tmp_path, path, value, said):
    (tmp_path / "order.yaml").write_text(yaml.safe_dump(broken(path, value)))
    with pytest.raises(DeliveryError) as error:
        load_slo("order", tmp_path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["a: [", "", "- 1"])
def test_a_file_that_is_none_is_one_line(tmp_path, text):
    (tmp_path / "order.yaml").write_text(text)
    with pytest.raises(DeliveryError) as error:
        load_slo("order", tmp_path)
    assert "\n" not in str(error.value)


def test_the_objectives_of_other_services_may_lie_elsewhere(tmp_path, monkeypatch):
    (tmp_path / "warehouse.yaml").write_text((FOLDER / "order.yaml").read_text().replace("order", "warehouse"))
    monkeypatch.setenv("SLO_FOLDER", str(tmp_path))
    assert load_slo("warehouse").service == "warehouse"
    with pytest.raises(DeliveryError, match=str(tmp_path)):
        load_slo("order")
