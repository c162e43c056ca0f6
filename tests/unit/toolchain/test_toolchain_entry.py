"""What a newcomer meets first: the version of Python, and what to ask for."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from toolchain import __main__ as entry
from toolchain.install import install

MAIN = Path(entry.__file__)


@pytest.mark.parametrize("version", [(3, 9, 6), (3, 15, 0)])
def test_an_unfit_python_is_named_in_one_line(version, monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", version)
    assert entry.main() == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert f"python3 is {version[0]}.{version[1]}" in error
    assert "PYTHON=" in error


def test_the_entry_can_be_read_by_an_old_python():
    ast.parse(MAIN.read_text(), feature_version=(3, 6))


def test_it_imports_nothing_that_must_be_installed():
    """-S hides site-packages, -I the environment: what is left is the standard library."""
    code = f"import sys; sys.path.insert(0, {str(MAIN.parents[1])!r}); import toolchain.install"
    assert subprocess.run([sys.executable, "-I", "-S", "-c", code]).returncode == 0


@pytest.mark.parametrize("arguments", [[], ["everything"], ["demo", "test"]])
def test_an_unknown_purpose_is_refused(arguments, capsys):
    assert install(arguments) == 2
    assert "demo or test" in capsys.readouterr().err
