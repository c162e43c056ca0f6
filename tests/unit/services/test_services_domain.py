"""The rules of users and orders, without HTTP and database."""

import re
import uuid

import pytest

from order.domain import MAX_ITEMS, MAX_PRICE_CENTS, MAX_QUANTITY, Item, Status, place
from order.idempotency import attempt
from user.domain import EMAIL_PATTERN, TEXT_PATTERN, new_user


def test_total_is_the_sum_of_all_pieces():
    items = [Item(name="tea", quantity=2, unit_price_cents=250), Item(name="cup", quantity=1, unit_price_cents=999)]
    assert place(uuid.uuid4(), items).total_cents == 1499


def test_largest_total_fits_the_database():
    items = [Item(name="gold", quantity=MAX_QUANTITY, unit_price_cents=MAX_PRICE_CENTS)] * MAX_ITEMS
    assert place(uuid.uuid4(), items).total_cents < 2**53


def test_cancelling_twice_is_cancelling_once():
    order = place(uuid.uuid4(), [])
    assert order.status is Status.PLACED
    assert order.cancelled().status is Status.CANCELLED
    assert order.cancelled().cancelled() == order.cancelled()


def test_addresses_differ_not_by_case():
    assert new_user("Ada", "Ada@Example.ORG").email == "ada@example.org"


@pytest.mark.parametrize("text", ["ada@example.org", "a.b+c@x-y.example"])
def test_address_is_accepted(text):
    assert re.search(EMAIL_PATTERN, text)


@pytest.mark.parametrize("text", ["ada", "ada@", "@example.org", "a b@example.org", "ada@example", "ä@example.org"])
def test_no_address_is_accepted(text):
    assert not re.search(EMAIL_PATTERN, text)


@pytest.mark.parametrize("text", ["", "   ", "a\nb", "nul\x00", "\x7f"])
def test_text_without_something_to_read_is_refused(text):
    assert not re.search(TEXT_PATTERN, text)


def test_fingerprint_knows_the_request_whatever_its_form():
    first = attempt("k", b'{"a": 1, "b": [1, 2]}')
    assert first == attempt("k", b'{"b":[1,2],"a":1}')
    assert first != attempt("k", b'{"b":[2,1],"a":1}')
    assert attempt(None, b"{}") is None
