"""Alertmanager serves tests only: it is taken from where it can be had, and nothing fails without it."""

import shutil

import pytest

from toolchain import alertmanager
from toolchain.install import install

DPKG = """
mkdir -p "$3/usr/bin"
echo "reads /usr/share/prometheus/alertmanager/default.tmpl." > "$3/usr/bin/prometheus-alertmanager"
touch "$3/usr/bin/amtool"
"""


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A PATH that holds only what the test writes into it: call it with a name and a shell script."""
    folder = tmp_path / "path"
    folder.mkdir()
    for tool in ("sh", "mkdir", "touch"):
        (folder / tool).symlink_to(shutil.which(tool))
    monkeypatch.setenv("PATH", str(folder))

    def write(name, script):
        (folder / name).write_text(f"#!{shutil.which('sh')}\n{script}\n")
        (folder / name).chmod(0o755)

    return write


def test_what_is_on_path_is_used(programs, tmp_path):
    programs("alertmanager", "")
    programs("amtool", "")
    alertmanager.ensure(tmp_path / "tools")
    assert not (tmp_path / "tools").exists()


def test_debians_package_is_unpacked_and_copied_under_its_own_names(programs, tmp_path, capsys):
    programs("apt-get", "touch alertmanager_1_all.deb")
    programs("dpkg", DPKG)
    alertmanager.ensure(tmp_path / "tools")
    assert all((tmp_path / "tools/alertmanager/bin" / name).is_file() for name in ("alertmanager", "amtool"))
    text = (tmp_path / "tools/alertmanager/bin/alertmanager").read_text()
    assert text == "reads usr/share/prometheus//alertmanager/default.tmpl.\n"
    capsys.readouterr()
    alertmanager.ensure(tmp_path / "tools")
    assert capsys.readouterr().out == "", "it is there already"


@pytest.mark.parametrize("debian", [True, False])
def test_without_a_package_it_says_that_tests_will_be_skipped(debian, programs, tmp_path, capsys):
    if debian:
        programs("apt-get", "exit 100")
        programs("dpkg", "exit 1")
    alertmanager.ensure(tmp_path / "tools")
    assert "its tests will be skipped" in capsys.readouterr().out
    assert not (tmp_path / "tools/alertmanager/bin").exists()


@pytest.mark.parametrize(("purpose", "asked"), [("demo", False), ("test", True)])
def test_only_who_tests_fetches_it(purpose, asked, monkeypatch, tmp_path):
    monkeypatch.setattr("toolchain.venv.ensure", lambda *_: None)
    monkeypatch.setattr("toolchain.prometheus.ensure", lambda *_: None)
    fetched = []
    monkeypatch.setattr(alertmanager, "ensure", fetched.append)
    assert install([purpose], tmp_path) == 0
    assert fetched == ([tmp_path / ".tools"] if asked else [])
