"""Prometheus is taken from where it can be had, and never without its checksum."""

import hashlib
import io
import shutil
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from toolchain import debian, prometheus
from toolchain.errors import InstallError

ARCHIVE = "prometheus-0.0.0.test.tar.gz"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args):
        pass


@pytest.fixture
def release(tmp_path: Path):
    """A release folder on a local server: (address, folder)."""
    folder = tmp_path / "served"
    folder.mkdir()
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w:gz") as tar:
        for name in ("prometheus", "promtool", "LICENSE", "../escape"):
            info = tarfile.TarInfo(f"prometheus-0.0.0/{name}")
            info.size = len(name)
            tar.addfile(info, io.BytesIO(name.encode()))
    (folder / ARCHIVE).write_bytes(body.getvalue())
    (folder / "sha256sums.txt").write_text(f"{hashlib.sha256(body.getvalue()).hexdigest()}  {ARCHIVE}\n")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", folder
    server.shutdown()
    server.server_close()


def test_a_release_is_unpacked_to_its_two_programs(release, tmp_path):
    prometheus.download(tmp_path / "target", release[0], ARCHIVE)
    programs = sorted((tmp_path / "target" / "bin").iterdir())
    assert [program.name for program in programs] == ["prometheus", "promtool"]
    assert all(program.stat().st_mode & 0o111 for program in programs)
    assert not list(tmp_path.rglob("escape"))


@pytest.mark.parametrize("sums", ["", f"{'0' * 64}  {ARCHIVE}\n"])
def test_without_its_checksum_nothing_is_unpacked(sums, release, tmp_path):
    (release[1] / "sha256sums.txt").write_text(sums)
    with pytest.raises(InstallError, match="does not have the checksum"):
        prometheus.download(tmp_path / "target", release[0], ARCHIVE)
    assert not (tmp_path / "target").exists()


def test_an_unreachable_release_says_how_to_get_it(release, tmp_path):
    with pytest.raises(InstallError, match="brew install prometheus") as refusal:
        prometheus.download(tmp_path / "target", f"{release[0]}/nowhere", ARCHIVE)
    assert "\n" not in str(refusal.value)


def test_an_unknown_machine_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(InstallError, match="no Prometheus release for riscv64"):
        prometheus.archive_name()


@pytest.fixture
def programs(tmp_path: Path, monkeypatch):
    """A PATH that holds only what the test writes into it: call it with a name and a shell script."""
    folder = tmp_path / "path"
    folder.mkdir()
    for tool in ("sh", "mkdir", "cp", "touch", "test"):
        (folder / tool).symlink_to(shutil.which(tool))
    monkeypatch.setenv("PATH", str(folder))

    def write(name: str, script: str):
        (folder / name).write_text(f"#!{shutil.which('sh')}\n{script}\n")
        (folder / name).chmod(0o755)

    return write


def test_what_is_on_path_is_used(programs, tmp_path):
    programs("prometheus", "")
    programs("promtool", "")
    prometheus.ensure(tmp_path)
    assert not (tmp_path / "prometheus").exists()


DPKG = 'mkdir -p "$3/usr/bin"; touch "$3/usr/bin/prometheus" "$3/usr/bin/promtool"'


def test_debians_package_is_unpacked_and_linked(programs, tmp_path):
    programs("apt-get", "touch prometheus_1_all.deb")
    programs("dpkg", DPKG)
    prometheus.ensure(tmp_path)
    assert all((tmp_path / "prometheus" / "bin" / name).is_file() for name in prometheus.PROGRAMS)
    prometheus.ensure(tmp_path / "again" / "..")  # a second time finds it


def test_a_machine_without_package_lists_gets_private_ones(programs, tmp_path):
    programs("apt-get", 'case "$*" in *update*) touch $0.updated;; *) test -e $0.updated && touch p_1_all.deb;; esac')
    programs("dpkg", DPKG)
    debian.unpack("p", tmp_path / "out", tmp_path / "work")
    assert (tmp_path / "out" / "usr" / "bin" / "prometheus").exists()
    assert (tmp_path / "work" / "apt" / "lists" / "partial").is_dir()


def test_a_package_that_cannot_be_had_is_named(programs, tmp_path):
    programs("apt-get", "exit 100")
    with pytest.raises(InstallError, match="apt-get install p"):
        debian.unpack("p", tmp_path / "out", tmp_path / "work")
