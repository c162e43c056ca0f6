"""A PostgreSQL for the tests: a container where Docker and its image are, else the machine's binaries, else none."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
import psycopg
import pytest
from docker.errors import DockerException
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config
from tests.unit.services import support

# What k8s/overlays/kind runs.
IMAGE = "postgres:17"
DEBIAN = "/usr/lib/postgresql"

# What served the tests of this run, for its summary.
served: list[str] = []


@contextmanager
def server() -> Iterator[str]:
    """Run a server and yield its URL, without a database name; skip where there is none.

    An image that would have to be pulled comes last: tests should not load what they can do without.
    """
    binaries = find_binaries()
    if has_image(IMAGE) or (not binaries and pulled(IMAGE)):
        what, serve = f"a container of {IMAGE}", container()
    elif binaries:
        what, serve = f"the binaries in {binaries}", local_server(binaries)
    else:
        served.append("none, so its tests were skipped")
        pytest.skip(f"needs Docker and {IMAGE}, or the PostgreSQL server's binaries on this machine")
    with serve as url:
        served.append(f"{what}, version {version(url)}")
        yield url


@contextmanager
def container() -> Iterator[str]:
    # The reaper removes what a killed test run leaves; it is an image of its own, which may not be here.
    testcontainers_config.ryuk_disabled = not has_image(testcontainers_config.ryuk_image)
    with PostgresContainer(IMAGE, driver=None) as running:
        yield running.get_connection_url().rpartition("/")[0]


def has_image(name: str) -> bool:
    try:
        return bool(docker.from_env(timeout=5).images.get(name))
    except DockerException:
        return False


def pulled(name: str) -> bool:
    try:
        return bool(docker.from_env(timeout=300).images.pull(name))
    except DockerException:
        return False


def find_binaries() -> Path | None:
    found = [str(path) for path in sorted(Path(DEBIAN).glob("*/bin"), key=lambda path: int(path.parent.name))]
    initdb = shutil.which("initdb", path=os.pathsep.join([*reversed(found), os.environ.get("PATH", "")]))
    return Path(initdb).parent if initdb else None


def unprivileged() -> str | None:
    """PostgreSQL refuses to run as root: return the user to run it as then."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def local_server(binaries: Path) -> Iterator[str]:
    user, port = unprivileged(), support.free_port()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if user:
        shutil.chown(folder, user)
    data = str(folder / "data")
    initdb = [binaries / "initdb", "-D", data, "-U", "shop", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(initdb, user=user, cwd=folder, check=True, capture_output=True)
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    arguments = [binaries / "postgres", "-D", data, "-p", str(port), *options]
    process = subprocess.Popen(arguments, user=user, cwd=folder, stderr=subprocess.DEVNULL)
    try:
        url = f"postgresql://shop@127.0.0.1:{port}"
        support.until(lambda: accepts(f"{url}/postgres"), "PostgreSQL accepts connections")
        yield url
    finally:
        # The fast way: it does not wait for clients to leave.
        process.send_signal(signal.SIGINT)
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def accepts(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def version(url: str) -> str:
    with psycopg.connect(f"{url}/postgres") as connection:
        [(said,)] = connection.execute("SHOW server_version").fetchall()
    return str(said)


def new_database(url: str, name: str) -> str:
    """Create a database and return its URL."""
    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{url}/{name}"
