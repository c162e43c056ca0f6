"""The catalogue of images and the Dockerfiles say the same."""

import json
import re

import pytest
from tests.unit.services import support

from chassis.config import Settings

TAGS = {"v1", "v2", "v2-errors", "v2-slow", "v2-crash"}


def dockerfile(service):
    entry = support.CATALOGUE["services"][service]
    return (support.REPOSITORY / entry["dockerfile"]).read_text()


def final_stage(service):
    return dockerfile(service).rpartition("\nFROM ")[2]


def start(service):
    found = dict(re.findall(r"^(ENTRYPOINT|CMD) (\[.*\])$", dockerfile(service), re.MULTILINE))
    return json.loads(found.get("ENTRYPOINT", "[]")) + json.loads(found.get("CMD", "[]"))


@pytest.mark.parametrize("service", support.SERVICES)
def test_image_starts_as_the_catalogue_says(service):
    assert start(service) == support.CATALOGUE["services"][service]["command"]


@pytest.mark.parametrize("service", support.SERVICES)
def test_every_variable_of_the_catalogue_is_baked_in(service):
    wanted = {name for image in support.CATALOGUE["images"] if image["name"] == service for name in image["env"]}
    stage = final_stage(service)
    arguments = set(re.findall(r"^ARG (\w+)", stage, re.MULTILINE))
    variables = {name for name, value in re.findall(r"(\w+)=\$\{?(\w+)\}?", stage) if name == value}
    assert wanted <= arguments & variables


def test_variables_of_the_catalogue_are_settings():
    known = {name.upper() for name in Settings.model_fields}
    for image in support.CATALOGUE["images"]:
        assert image["env"].keys() <= known
        Settings(**{name.lower(): value for name, value in image["env"].items()})


@pytest.mark.parametrize("service", support.SERVICES)
def test_every_service_has_the_releases_that_the_drills_need(service):
    tags = [image["tag"] for image in support.CATALOGUE["images"] if image["name"] == service]
    assert set(tags) >= TAGS
    assert len(tags) == len(set(tags))


@pytest.mark.parametrize("service", support.SERVICES)
def test_build_has_what_it_copies(service):
    text = dockerfile(service)
    context = support.REPOSITORY / support.CATALOGUE["services"][service]["context"]
    for source in re.findall(r"^COPY (?!--from)(\S+) ", text, re.MULTILINE):
        assert (context / source).exists(), source
    assert f"COPY {support.package(service)} " in text
    assert "COPY chassis " in text
