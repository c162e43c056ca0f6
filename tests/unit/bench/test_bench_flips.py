"""What users saw of a switch is read off their requests: first on the new version, last on the old one, failed."""

import pytest

from bench.flips import Flip, Patched, seen
from drills.probes import Sample


def sample(due, version, error=None):
    return Sample(due, 5.0, 200, version, "", "GET", "/orders", "order", 0.0, error)


def test_first_and_last_count_from_the_patch():
    samples = [sample(9.9, "v1"), sample(10.01, "v1"), sample(10.02, "v2"), sample(10.03, "v1"), sample(10.5, "v2")]
    assert seen([Patched(10.0, "v2", 11.0)], samples) == [Flip(first=20.0, last=30.0, failed=0)]


def test_each_switch_has_its_own_requests():
    samples = [sample(10.1, "v2"), sample(11.2, "v2"), sample(11.3, "v1"), sample(11.4, None, "no answer")]
    flips = seen([Patched(10.0, "v2", 11.0), Patched(11.0, "v1", 12.0)], samples)
    assert flips == [Flip(first=100.0, last=0.0, failed=0), Flip(first=300.0, last=200.0, failed=1)]


def test_a_version_that_never_answered_is_no_switch():
    with pytest.raises(ValueError, match="v2"):
        seen([Patched(10.0, "v2", 11.0)], [sample(10.5, "v1")])
