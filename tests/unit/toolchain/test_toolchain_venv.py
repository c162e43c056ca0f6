"""The virtual environment is made once, and again only when something changed. No package is fetched here."""

import importlib.metadata
import importlib.util
import shutil
import zipfile
from pathlib import Path

import pytest

from toolchain import debian, venv
from toolchain.errors import InstallError


def wheel_of_pip(folder: Path) -> Path:
    """Zip the pip that is installed here into a wheel: not every python3 has one lying about."""
    wheel = folder / "pip-0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in importlib.metadata.files("pip"):
            if not str(file).startswith("..") and file.suffix != ".pyc":
                archive.write(file.locate(), str(file))
    return wheel


@pytest.fixture
def place(tmp_path: Path):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("# nothing\n")
    work = tmp_path / ".tools"
    work.mkdir()
    return tmp_path / ".venv", requirements, work


@pytest.fixture
def installs(monkeypatch):
    """Count how often pip would be asked; the environments themselves are real, without pip to be quick."""
    calls = []
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else real(name))
    monkeypatch.setattr(venv, "_borrow_pip", lambda *_args: None)
    monkeypatch.setattr(venv, "_pip_install", lambda *args: calls.append(args))
    return calls


def test_it_is_made_once_and_again_only_after_a_change(place, installs):
    folder, requirements, work = place
    venv.ensure(folder, [requirements], work)
    venv.ensure(folder, [requirements], work)
    assert len(installs) == 1
    assert (folder / "bin" / "python").exists()
    requirements.write_text("# changed\n")
    venv.ensure(folder, [requirements], work)
    assert len(installs) == 2


def test_an_interrupted_installation_counts_as_none(place, installs, monkeypatch):
    folder, requirements, work = place
    venv.ensure(folder, [requirements], work)
    requirements.write_text("# changed\n")
    with monkeypatch.context() as patch:
        patch.setattr(venv, "_pip_install", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            venv.ensure(folder, [requirements], work)
    requirements.write_text("# nothing\n")
    venv.ensure(folder, [requirements], work)
    assert len(installs) == 2


def test_a_moved_checkout_gets_a_new_environment(place, installs):
    folder, requirements, work = place
    venv.ensure(folder, [requirements], work)
    moved = folder.with_name("moved")
    folder.rename(moved)
    (moved / "left-over").touch()
    venv.ensure(moved, [requirements], work)
    assert len(installs) == 2
    assert not (moved / "left-over").exists()


def test_a_package_without_a_hash_is_refused_in_one_line(place):
    folder, requirements, work = place
    requirements.write_text("some-package==1.0\n")
    with pytest.raises(InstallError, match="cannot be installed: ERROR") as refusal:
        venv.ensure(folder, [requirements], work)
    assert "\n" not in str(refusal.value)
    assert not (folder / venv.STAMP).exists()


def test_without_ensurepip_pip_comes_from_debians_wheel(place, monkeypatch):
    folder, requirements, work = place
    wheel = wheel_of_pip(work)

    def unpack(package, target, _work):
        assert package == "python3-pip-whl"
        wheels = target / "usr" / "share" / "python-wheels"
        wheels.mkdir(parents=True)
        shutil.copy(wheel, wheels)

    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else real(name))
    monkeypatch.setattr(debian, "available", lambda: True)
    monkeypatch.setattr(debian, "unpack", unpack)
    venv.ensure(folder, [requirements], work)
    assert (folder / "bin" / "pip").exists()


def test_without_ensurepip_and_without_debian_it_says_what_to_install(place, monkeypatch):
    folder, requirements, work = place
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(debian, "available", lambda: False)
    with pytest.raises(InstallError, match="python3-venv"):
        venv.ensure(folder, [requirements], work)
