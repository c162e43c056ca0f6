"""`deliver` is a command on the environment's path: from any folder, wherever the checkout is, all arguments kept."""

import subprocess
import sys

import pytest

from toolchain import commands


@pytest.fixture
def checkout(tmp_path):
    """A checkout whose name a shell would take apart, with a package that says what it was told."""
    root = tmp_path / "team's  own $checkout"
    package = root / "scripts" / "delivery"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text("import sys\nprint(sys.argv[1:])\nsys.exit(3)\n")
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").symlink_to(sys.executable)
    return root


def test_it_runs_the_checkout_from_anywhere_and_keeps_the_exit_status(checkout, tmp_path):
    commands.ensure(checkout / ".venv", checkout)
    program = checkout / ".venv" / "bin" / "deliver"
    done = subprocess.run([program, "release", "a b", "$c"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("['release', 'a b', '$c']\n", 3)


def test_it_is_written_anew_where_the_checkout_has_moved(checkout, tmp_path):
    commands.ensure(checkout / ".venv", checkout)
    moved = checkout.rename(tmp_path / "moved")
    commands.ensure(moved / ".venv", moved)
    assert subprocess.run([moved / ".venv" / "bin" / "deliver"]).returncode == 3


def test_one_that_is_right_is_left_alone(checkout):
    commands.ensure(checkout / ".venv", checkout)
    program = checkout / ".venv" / "bin" / "deliver"
    before = program.stat().st_mtime_ns
    commands.ensure(checkout / ".venv", checkout)
    assert program.stat().st_mtime_ns == before
