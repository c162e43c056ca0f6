"""Generated files are written where they differ, and reported where they are stale."""

import pytest
from typer.testing import CliRunner

from monitoring import generators
from monitoring.__main__ import app


def two(root):
    return {"observability/a.yaml": "a: 1\n", "observability/b/c.json": "{}\n"}


def three(root):
    return {"d.yaml": (root / "source").read_text()}


@pytest.fixture
def root(tmp_path):
    (tmp_path / "source").write_text("d: 1\n")
    return tmp_path


def test_every_generator_writes_its_files(root):
    assert generators.write(root, [two, three]) == ["observability/a.yaml", "observability/b/c.json", "d.yaml"]
    assert (root / "observability/b/c.json").read_text() == "{}\n"
    assert (root / "d.yaml").read_text() == "d: 1\n"
    assert generators.write(root, [two, three]) == []


@pytest.mark.parametrize("path", ["observability/a.yaml", "d.yaml"])
def test_a_file_that_is_missing_or_was_edited_is_stale(path, root):
    generators.write(root, [two, three])
    assert generators.stale(root, [two, three]) == []
    (root / path).write_text("edited\n")
    assert generators.stale(root, [two, three]) == [path]
    (root / path).unlink()
    assert generators.stale(root, [two, three]) == [path]


def test_a_changed_source_makes_its_files_stale(root):
    generators.write(root, [two, three])
    (root / "source").write_text("d: 2\n")
    assert generators.stale(root, [two, three]) == ["d.yaml"]


def test_the_files_of_this_checkout_are_up_to_date():
    assert generators.stale() == [], "run `python -m monitoring write`"


def test_the_check_names_what_is_stale(root, monkeypatch):
    monkeypatch.setattr(generators, "stale", lambda: ["observability/a.yaml"])
    failed = CliRunner().invoke(app, ["check"])
    assert failed.exit_code
    assert "observability/a.yaml" in str(failed.exception)


def test_the_check_is_content_with_files_that_are_up_to_date():
    assert CliRunner().invoke(app, ["check"]).exit_code == 0
