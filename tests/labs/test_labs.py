"""Every lab is done as it stands, command by command, on an embedded cluster."""

import shutil

import pytest
from tests.labs.pages import LABS, labs
from tests.labs.runner import carry_out

pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize("lab", [*labs(), LABS / "README.md"], ids=lambda path: path.stem)
def test_a_lab_does_what_it_says(lab, checkout, shell):
    left_out = carry_out(lab, checkout, shell, shutil.which)
    if left_out:
        pytest.skip(f"{len(left_out)} of its commands need a program that is not installed, all others were run")
