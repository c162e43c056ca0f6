"""The table of differences is true to the tests, and its page to the table."""

from tests.contract import chance, differences


def test_every_difference_is_shown_by_a_test_and_every_test_asks_for_one_that_is_listed():
    assert set(differences.uses()) == set(differences.DIFFERENCES)


def test_the_page_is_up_to_date():
    assert differences.PAGE.read_text() == differences.render(), "run `python -m tests.contract.differences`"


def test_the_bounds_of_chance_hold_what_is_likely_and_nothing_else():
    least, most = chance.bounds(400, 0.2)
    assert (least, most) == (50, 112)
    assert chance.allows(80, 400, 0.2)
    assert not chance.allows(80, 400, 0.5)
    assert chance.bounds(100, 0) == (0, 0)
    assert chance.bounds(100, 1) == (100, 100)
