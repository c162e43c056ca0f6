"""Every Dockerfile keeps to every policy, and every policy finds the breach that it is made for."""

import re
from pathlib import PurePath

import pytest
from tests.images import dockerfiles
from tests.images.dockerfiles import CATALOGUE, REPOSITORY, SERVICES, text_of

ALIKE = [each for each in SERVICES if CATALOGUE["services"][each]["context"] == "services"]


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("policy", dockerfiles.POLICIES, ids=lambda policy: policy.__name__)
def test_the_dockerfile_keeps_to_it(policy, service):
    assert list(policy(text_of(service))) == []


# (policy, what is replaced, by what, words of the complaint)
BREACHES = {
    "floating base": (dockerfiles.base_is_a_precise_argument, r"(BASE_IMAGE=python):\S+", r"\1:3-slim", "tomorrow"),
    "latest base": (dockerfiles.base_is_a_precise_argument, r"(BASE_IMAGE=python):\S+", r"\1", "tomorrow"),
    "base of its own": (
        dockerfiles.base_is_a_precise_argument,
        r"FROM \S+ AS",
        "FROM python:3.13.1 AS",
        "python:3.13.1",
    ),
    "no argument": (dockerfiles.base_is_a_precise_argument, r"^ARG BASE_IMAGE.*\n", "", "no argument"),
    "one stage": (
        dockerfiles.image_gets_only_what_the_build_made,
        r"(?s)^FROM [^\n]*AS build.*?(?=^FROM)",
        "",
        "what builds",
    ),
    "copied past the build": (
        dockerfiles.image_gets_only_what_the_build_made,
        r"COPY --from=build /app",
        "COPY chassis",
        "COPY chassis",
    ),
    "fetched": (dockerfiles.image_gets_only_what_the_build_made, r"COPY requirements.txt", "ADD r.tar", "ADD r.tar"),
    "no hashes": (dockerfiles.packages_are_hashed_wheels, r"--require-hashes ", "", "--require-hashes"),
    "built from source": (dockerfiles.packages_are_hashed_wheels, r"--only-binary :all: ", "", "--only-binary"),
    "of the day": (
        dockerfiles.packages_are_hashed_wheels,
        r"RUN python",
        "RUN apt-get install -y gcc && python",
        "Debian",
    ),
    "pip stays": (dockerfiles.nothing_installs_or_lends_rights, r"-m pip uninstall", "-m pip list", "pip is left"),
    "ensurepip stays": (dockerfiles.nothing_installs_or_lends_rights, r"^.*ensurepip.*\n", "", "pip is left"),
    "setuid stays": (dockerfiles.nothing_installs_or_lends_rights, r"/6000", "/1000", "lend"),
    "curl in the image": (
        dockerfiles.nothing_installs_or_lends_rights,
        r" && mkdir /data",
        " && apt-get install -y curl && mkdir /data",
        "is installed",
    ),
    "root": (dockerfiles.user_is_a_number_and_not_root, r"USER .*", "USER 0:0", "runs as 0:0"),
    "root again": (dockerfiles.user_is_a_number_and_not_root, r"USER .*", "USER 10001:10001\nUSER 0", "runs as 0"),
    "no user": (dockerfiles.user_is_a_number_and_not_root, r"USER .*\n", "", "runs as root"),
    "named user": (dockerfiles.user_is_a_number_and_not_root, r"USER .*", "USER shop", "runs as shop"),
    "shell": (dockerfiles.process_one_gets_the_signals, r"ENTRYPOINT .*", "ENTRYPOINT python -m gunicorn", "shell"),
    "shell by CMD": (dockerfiles.process_one_gets_the_signals, r"CMD .*", "CMD --config x", "shell"),
    "other signal": (dockerfiles.process_one_gets_the_signals, r"(EXPOSE)", r"STOPSIGNAL SIGINT\n\1", "STOPSIGNAL"),
    "early version": (
        dockerfiles.images_share_their_layers,
        r"COPY --from=build /venv",
        "ARG APP_VERSION\nCOPY --from=build /venv",
        "ARG",
    ),
    "late layer": (dockerfiles.images_share_their_layers, r"(EXPOSE)", r"RUN true\n\1", "share"),
    "no title": (dockerfiles.labels_say_what_it_is, r"image.title=", "image.name=", "title"),
    "empty licence": (dockerfiles.labels_say_what_it_is, r'licenses="[^"]*"', 'licenses=""', "licenses"),
    "newest builders only": (
        dockerfiles.any_builder_builds_it,
        r"RUN ",
        "RUN --mount=type=cache,target=/x ",
        "--mount",
    ),
    "unreadable": (dockerfiles.every_user_can_read_it, r"chmod -R \S+ /app", "true", "readable"),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_found(breach):
    policy, old, new, complaint = BREACHES[breach]
    text = text_of("order")
    broken = re.sub(old, new, text, count=1, flags=re.MULTILINE)
    assert broken != text
    assert any(complaint in found for found in policy(broken))


def test_every_policy_has_a_breach_here():
    assert {policy for policy, *_ in BREACHES.values()} == set(dockerfiles.POLICIES)


def test_dockerfiles_differ_in_names_only():
    names = {service: rf"\b{service.replace('-', '[-_ ]')}\b" for service in ALIKE}
    assert {re.sub(name, "user", text_of(service)) for service, name in names.items()} == {text_of("user")}


ALLOWED = {
    "services": {
        "!requirements.txt",
        "!chassis",
        *(f"!{PurePath(CATALOGUE['services'][each]['dockerfile']).parent.name}" for each in ALIKE),
    },
    ".": {"!scripts/cluster", "!scripts/delivery", "!observability/slo"},
}


def test_the_build_may_copy_what_is_allowed_and_nothing_else():
    for folder in {service["context"] for service in CATALOGUE["services"].values()}:
        lines = (REPOSITORY / folder / ".dockerignore").read_text().splitlines()
        rules = [line for line in lines if line and not line.startswith("#")]
        allowed = [line for line in rules if line.startswith("!")]
        assert rules[0] == "*"
        assert set(allowed) == ALLOWED[folder]
        assert rules.index(allowed[-1]) == len(allowed)
