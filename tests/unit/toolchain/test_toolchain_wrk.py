"""wrk serves one benchmark: it is taken from where it can be had, and nothing fails without it."""

import shutil
import subprocess

import pytest

from toolchain import wrk

DPKG = """
mkdir -p "$3/usr/bin" "$3/usr/lib/x86_64-linux-gnu"
touch "$3/usr/lib/x86_64-linux-gnu/libluajit-5.1.so.2"
printf '#!/bin/sh\\necho "$LD_LIBRARY_PATH" "$@"\\n' > "$3/usr/bin/wrk"
chmod 755 "$3/usr/bin/wrk"
"""


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A PATH that holds only what the test writes into it: call it with a name and a shell script."""
    folder = tmp_path / "path"
    folder.mkdir()
    for tool in ("sh", "mkdir", "touch", "chmod"):
        (folder / tool).symlink_to(shutil.which(tool))
    monkeypatch.setenv("PATH", str(folder))

    def write(name, script):
        (folder / name).write_text(f"#!{shutil.which('sh')}\n{script}\n")
        (folder / name).chmod(0o755)

    return write


def test_what_is_on_path_is_used(programs, tmp_path):
    programs("wrk", "")
    wrk.ensure(tmp_path / "tools")
    assert not (tmp_path / "tools").exists()


def test_debians_package_is_unpacked_and_finds_its_library(programs, tmp_path, capsys):
    programs("apt-get", "touch wrk_1_all.deb")
    programs("dpkg", DPKG)
    wrk.ensure(tmp_path / "tools")
    done = subprocess.run([tmp_path / "tools/wrk/wrk", "-t1", "a b"], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"{tmp_path}/tools/wrk/debian/usr/lib/x86_64-linux-gnu -t1 a b"
    capsys.readouterr()
    wrk.ensure(tmp_path / "tools")
    assert capsys.readouterr().out == "", "it is there already"


@pytest.mark.parametrize("debian", [True, False])
def test_without_a_package_it_says_that_the_prober_is_measured_alone(debian, programs, tmp_path, capsys):
    if debian:
        programs("apt-get", "exit 100")
        programs("dpkg", "exit 1")
    wrk.ensure(tmp_path / "tools")
    assert "measured without it" in capsys.readouterr().out
    assert not (tmp_path / "tools/wrk/wrk").exists()
