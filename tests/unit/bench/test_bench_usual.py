"""The usual libraries run under what the chassis runs under, so that only the observing differs."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def pinned(path):
    lines = (ROOT / path / "requirements.txt").read_text().splitlines()
    return dict(line.split()[0].split("==") for line in lines if line[:1].isalpha())


@pytest.mark.parametrize("package", ["flask", "werkzeug", "gunicorn", "prometheus-client"])
def test_both_sides_have_the_same_version(package):
    assert pinned("scripts/bench/usual")[package] == pinned("services")[package]
