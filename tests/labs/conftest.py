"""A copy of the tree in which all labs are done, and its embedded cluster: what the labs save there stays there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.labs.pages import REPOSITORY
from tests.labs.shell import Shell

from drills.kills.command import ease

SERVICES = ("user", "order")
# In seconds: how long a judge that sees nothing is borne.
PATIENCE = {"blind_seconds": 4.0}
# Not the settings of whoever runs the tests: another cluster, another make's flags.
KEPT = ("PATH", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "EMBEDDED_NETWORK")


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """The tree as it is here, changes that are not committed included, with what is installed here."""
    folder = tmp_path_factory.mktemp("labs") / "proving-ground"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (REPOSITORY / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(REPOSITORY / name, folder / name)
    (folder / ".venv").symlink_to(sys.prefix)
    if (REPOSITORY / ".tools").is_dir():
        (folder / ".tools").symlink_to(REPOSITORY / ".tools")
    return folder


@pytest.fixture(scope="session")
def environment(checkout, tmp_path_factory):
    """What a newcomer's shell knows, and two things more.

    Nothing has to be installed. And the judge asks for wider margins than the objectives do, and gives up sooner when
    it sees nothing: every end then takes seconds, and what is tried here is not the judge.
    """
    home = tmp_path_factory.mktemp("home")
    for service in SERVICES:
        ease(service, home)
        _hurry(home / f"{service}.yaml")
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    return {**kept, "HOME": str(home), "LANG": "C.UTF-8", "PYTHON": "true", "SLO_FOLDER": str(home)}


def _hurry(objectives):
    content = yaml.safe_load(objectives.read_text())
    content["analysis"] |= PATIENCE
    objectives.write_text(yaml.safe_dump(content))


@pytest.fixture(scope="session")
def cluster(checkout, environment):
    """The labs' cluster: the first lab starts it, the end of the tests takes it away."""
    yield
    command = [Path(sys.prefix) / "bin" / "python", "-m", "embedded", "reset", "--state", ".embedded"]
    paths = {"PYTHONPATH": str(checkout / "scripts")}
    subprocess.run(command, cwd=checkout, env={**environment, **paths}, capture_output=True, check=True)


@pytest.fixture
def shell(checkout, environment, cluster):
    session = Shell(checkout, environment)
    try:
        yield session
    finally:
        session.close()
