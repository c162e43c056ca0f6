"""Whatever goes wrong, the answer is a problem document that says what would be right."""

import pytest
from jsonschema import validate
from pydantic import TypeAdapter

from chassis.problems import ProblemDocument

SCHEMA = TypeAdapter(ProblemDocument).json_schema()
JSON = "application/json"
USER = b'{"name": "Ada", "email": "ada@example.org"}'


def problem(answer, status):
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    validate(answer.json, SCHEMA)
    assert answer.json["status"] == status
    assert len(answer.json["trace_id"]) == 32
    return answer.json


@pytest.mark.parametrize(
    ("data", "media_type", "status"),
    [
        (b"{", JSON, 400),
        (b"", JSON, 400),
        (b"\xff\xfe", JSON, 400),
        (b'"\\ud800"', JSON, 400),
        (b"[" * 10_000, JSON, 400),
        (b"[]", JSON, 422),
        (b"null", JSON, 422),
        (b"{}", JSON, 422),
        (b'{"name": 1, "email": []}', JSON, 422),
        (b'{"name": "a\\u0000", "email": "ada@example.org"}', JSON, 422),
        (b'{"name": ' + b"9" * 400 + b', "email": "ada@example.org"}', JSON, 422),
        (USER, "text/plain", 415),
        (USER, "", 415),
        (USER, "application/x-nonsense; charset", 415),
        (b"x" * 70_000, JSON, 413),
    ],
)
def test_body_that_cannot_be_used(user, data, media_type, status):
    problem(user.post("/users", data=data, content_type=media_type), status)


def test_encoded_body_is_refused(user):
    headers = {"Content-Encoding": "gzip"}
    problem(user.post("/users", data=USER, content_type=JSON, headers=headers), 415)


def test_each_field_is_named_with_its_fix(user):
    found = problem(user.post("/users", json={"email": "nobody"}), 422)
    assert {error["field"]: error["fix"] for error in found["errors"]} == {
        "name": "Send a name of 1 to 100 characters in one line.",
        "email": "Send an e-mail address such as ada@example.org.",
    }


@pytest.mark.parametrize(
    "path", ["/", "/users/", "/nothing", "/users/a/b", "/users/%00", "/users/%ff", "/%F0%9F%92%A9"]
)
def test_unknown_path(user, path):
    problem(user.get(path), 404)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "FOO"])
def test_unknown_method(user, method):
    answer = user.open("/users", method=method)
    problem(answer, 405)
    assert {"GET", "POST"} <= {name.strip() for name in answer.headers["Allow"].split(",")}


def test_bug_is_a_problem_without_details_of_the_inside(user, monkeypatch):
    api = user.application.view_functions["list_users"].__self__
    monkeypatch.setattr(api, "_store", None)
    found = problem(user.get("/users"), 500)
    assert "NoneType" not in str(found)


def test_database_that_is_away_is_a_503(user, tmp_path):
    user.application.view_functions["list_users"].__self__._store._database.engine.dispose()
    for file in tmp_path.glob("user.db*"):
        file.unlink()
    assert problem(user.get("/users"), 503)["type"] == "urn:problem:database-unavailable"
    assert problem(user.get("/readyz"), 503)["type"] == "urn:problem:not-ready"
    assert user.get("/livez").status_code == 200
