"""What clients of the user service see."""

import uuid

from tests.unit.services import support

ADA = {"name": "Ada", "email": "ada@example.org"}


def test_user_is_created_read_listed_and_deleted(user):
    created = user.post("/users", json=ADA | {"nickname": "countess"})
    assert created.status_code == 201
    path = created.headers["Location"]
    assert user.get(path).json == created.json
    assert created.json["nickname"] == "countess"
    assert user.get("/users").json["items"] == [created.json]
    assert user.delete(path).status_code == 204
    assert user.get(path).status_code == 404
    assert user.delete(path).status_code == 404
    assert user.get("/users").json == {"items": [], "next_cursor": None}


def test_email_is_taken_in_any_case(user):
    assert user.post("/users", json=ADA).status_code == 201
    again = user.post("/users", json=ADA | {"email": "ADA@example.org"})
    assert again.status_code == 409
    assert again.json["errors"][0]["field"] == "email"


def test_email_of_a_deleted_user_is_free_again(user):
    user.delete(user.post("/users", json=ADA).headers["Location"])
    assert user.post("/users", json=ADA).status_code == 201


def test_v1_neither_takes_nor_shows_the_nickname(tmp_path):
    v1 = support.client("user", tmp_path, "v1")
    created = v1.post("/users", json=ADA | {"nickname": "countess"})
    assert created.status_code == 201
    assert "nickname" not in created.json
    assert "nickname" not in v1.get("/openapi.json").text


def test_unknown_user_is_not_found(user):
    assert user.get(f"/users/{uuid.uuid4()}").status_code == 404
    assert user.get("/users/1").status_code == 404


def test_every_answer_carries_the_version(user):
    answers = [user.get(path) for path in ("/users", "/livez", "/readyz", "/metrics", "/openapi.json", "/nothing")]
    answers += [user.post("/users", json={}), user.put("/users")]
    assert {answer.headers["X-App-Version"] for answer in answers} == {"v2"}
