"""What every Dockerfile must keep to: each policy yields the breaches that it finds in a Dockerfile's instructions."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
CATALOGUE = yaml.safe_load((REPOSITORY / "services/images.yaml").read_text())
SERVICES = sorted(CATALOGUE["services"])
PRECISE = re.compile(r"[\w./-]+(:\d+\.\d+\.\d+[\w.-]*|(:[\w.-]+)?@sha256:[0-9a-f]{64})")
LABELS = ("title", "description", "licenses")
# What only the newest builders have, or what they fetch before they build.
NOT_EVERYWHERE = ("--mount=", "--chmod", "--link", "<<EOF", "# syntax=")


@dataclass(frozen=True)
class Instruction:
    """One instruction, its lines joined.

    Attributes:
        stage: number of the stage, 0 before the first FROM.
        word: such as RUN.
        rest: what follows.
    """

    stage: int
    word: str
    rest: str


def text_of(service):
    return (REPOSITORY / CATALOGUE["services"][service]["dockerfile"]).read_text()


def parse(text):
    """Return the instructions of a Dockerfile."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
    found, stage = [], 0
    for line in joined:
        word, _, rest = line.partition(" ")
        stage += word == "FROM"
        found.append(Instruction(stage, word, rest.strip()))
    return found


def final(instructions):
    return [each for each in instructions if each.stage == instructions[-1].stage]


def rests(instructions, word):
    return [each.rest for each in instructions if each.word == word]


def base_is_a_precise_argument(text):
    instructions = parse(text)
    defaults = [each.rest for each in instructions if each.stage == 0]
    name, _, base = defaults[0].partition("=") if defaults else ("", "", "")
    if name != "BASE_IMAGE":
        yield "the base image is no argument"
    elif not PRECISE.fullmatch(base):
        yield f"{base} may be another image tomorrow"
    for base in rests(instructions, "FROM"):
        if base.split()[0] != "${BASE_IMAGE}":
            yield f"{base} is not built upon the argument"


def image_gets_only_what_the_build_made(text):
    instructions = parse(text)
    if instructions[-1].stage < 2:
        yield "what builds is in the image"
    for rest in rests(final(instructions), "COPY"):
        if not rest.startswith("--from=build "):
            yield f"COPY {rest} does not come from the build"
    yield from (f"ADD {rest} may fetch or unpack" for rest in rests(instructions, "ADD"))


def packages_are_hashed_wheels(text):
    installs = [rest for rest in rests(parse(text), "RUN") if " install " in rest]
    if not installs:
        yield "nothing is installed"
    for rest in installs:
        yield from (f"{word} is missing" for word in ("--require-hashes", "--only-binary :all:") if word not in rest)
        if re.search(r"\bapt(-get)? ", rest):
            yield "a package comes from whatever Debian has that day"


def nothing_installs_or_lends_rights(text):
    runs = " && ".join(rests(final(parse(text)), "RUN"))
    if not re.search(r"pip uninstall [^&]*\bpip\b", runs) or "ensurepip" not in runs:
        yield "pip is left"
    if not re.search(r"find / [^&]*-perm /6000 -exec chmod a-s", runs):
        yield "programs lend their owner's rights"
    if re.search(r"\b(apt(-get)?|apk|pip) .*\binstall\b", runs):
        yield "something is installed into the image"


def user_is_a_number_and_not_root(text):
    users = rests(final(parse(text)), "USER")
    if not users or not re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1]):
        yield f"runs as {users[-1] if users else 'root'}"


def process_one_gets_the_signals(text):
    stage = final(parse(text))
    for word in ("ENTRYPOINT", "CMD"):
        for rest in rests(stage, word) or [""]:
            if not _is_list(rest):
                yield f"{word} {rest} starts a shell, which forwards no signal"
    yield from (f"STOPSIGNAL {rest} is not what gunicorn drains on" for rest in rests(stage, "STOPSIGNAL"))


def _is_list(rest):
    try:
        return isinstance(json.loads(rest), list)
    except ValueError:
        return False


def images_share_their_layers(text):
    """What makes an image differ from the next one of its service makes no layer, and comes after all that does."""
    words = [each.word for each in final(parse(text))]
    layers = [index for index, word in enumerate(words) if word in ("RUN", "COPY")]
    for word in ("ARG", "ENV", "LABEL"):
        if word in words and words.index(word) < layers[-1]:
            yield f"{word} comes before a layer, which no two images share then"


def labels_say_what_it_is(text):
    labels = " ".join(rests(final(parse(text)), "LABEL"))
    for name in LABELS:
        if not re.search(rf'org\.opencontainers\.image\.{name}="[^"]+"', labels):
            yield f"no label {name}"


def any_builder_builds_it(text):
    yield from (f"{word} is not to be had everywhere" for word in NOT_EVERYWHERE if word in text)


def every_user_can_read_it(text):
    """A checkout under a strict umask makes files that only their owner reads, and COPY keeps it so."""
    if not any("chmod -R u=rwX,go=rX /app" in rest for rest in rests(parse(text), "RUN")):
        yield "the files are as readable as those of the checkout"


POLICIES = [
    base_is_a_precise_argument,
    image_gets_only_what_the_build_made,
    packages_are_hashed_wheels,
    nothing_installs_or_lends_rights,
    user_is_a_number_and_not_root,
    process_one_gets_the_signals,
    images_share_their_layers,
    labels_say_what_it_is,
    any_builder_builds_it,
    every_user_can_read_it,
]
