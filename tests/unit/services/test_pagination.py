"""Lists by cursor: everything once, in order, whatever happens meanwhile."""

import pytest


def add(user, number):
    return user.post("/users", json={"name": "Ada", "email": f"ada{number}@example.org"}).json


def pages(user, limit):
    cursor = None
    for _ in range(20):
        page = user.get("/users", query_string={"limit": limit} | ({"cursor": cursor} if cursor else {})).json
        yield page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return
    raise AssertionError("the list has no end")


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 100])
def test_all_pages_together_are_the_list(user, limit):
    users = [add(user, number) for number in range(6)]
    found = list(pages(user, limit))
    assert [item for page in found for item in page] == users
    assert all(len(page) <= limit for page in found)
    assert found[-1], "a cursor must not lead to an empty page"


def test_items_that_come_and_go_shift_nothing(user):
    users = [add(user, number) for number in range(4)]
    walk = pages(user, 2)
    seen = next(walk)
    user.delete(f"/users/{users[0]['id']}")
    users.append(add(user, 9))
    seen += [item for page in walk for item in page]
    assert seen == users


@pytest.mark.parametrize("cursor", ["x", "!" * 32, "A" * 31 + "=", "_" * 32, "ä" * 32, "A" * 33, ""])
def test_foreign_cursor_is_named(user, cursor):
    answer = user.get("/users", query_string={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1e1", "9" * 400])
def test_wrong_limit_is_named(user, limit):
    answer = user.get("/users", query_string={"limit": limit})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "limit"


def test_parameter_given_twice_is_refused(user):
    assert user.get("/users?limit=1&limit=2").status_code == 422
