"""A secret stops the pipeline, and is not shown; what is known to be none does not."""

import pytest
from tests.unit.pipeline.conftest import git, stopped

# Put together here, lest this file itself is found.
KEY = "AKIA" + "Q3EGVZ5HX2LM" + "7WPT"


@pytest.fixture
def clean(tmp_path, pipeline, monkeypatch):
    """A folder that Git knows, with nothing to hide."""
    git(tmp_path / "checkout", "init", "--quiet")
    for each in (tmp_path / "checkout").iterdir():
        if each.name not in (".git", "Makefile"):
            git(tmp_path / "checkout", "add", each.name)
    return tmp_path / "checkout"


def test_a_secret_stops_it_and_stays_one(clean, pipeline):
    done = pipeline("secrets")
    assert (done.returncode, done.stderr) == (0, "")
    (clean / "settings.env").write_text(f"REGION=eu-west-1\nACCESS_KEY={KEY}\n")
    done = pipeline("secrets")
    assert stopped(done, 1, "settings.env:2", "AWS Access Key", "make it void")
    assert KEY not in done.stdout + done.stderr


def test_what_somebody_has_looked_at_counts_no_more(clean, pipeline):
    (clean / "settings.env").write_text(f"ACCESS_KEY={KEY}\n")
    assert pipeline("secrets", ACCEPT="1").returncode == 0
    (clean / "copy.env").write_text(f"OTHER={KEY}\n")
    assert pipeline("secrets").returncode == 0
    assert KEY not in (clean / ".secrets.baseline").read_text()


def test_without_git_nothing_was_looked_at(pipeline):
    assert stopped(pipeline("secrets", GIT_DIR="/nowhere"), 2, "cannot be listed")


def test_a_damaged_baseline_is_no_pass(clean, pipeline):
    (clean / ".secrets.baseline").write_text("{")
    assert stopped(pipeline("secrets"), 2, ".secrets.baseline", "cannot be read")
