"""Both versions on one database at the same time, migrated in either order; a rollback loses nothing."""

import sqlite3

import pytest
from tests.unit.services import support

ADA = {"name": "Ada", "email": "ada@example.org", "nickname": "countess"}


def columns(folder, table):
    with sqlite3.connect(folder / "user.db") as connection:
        return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def revision(folder):
    with sqlite3.connect(folder / "user.db") as connection:
        return connection.execute("SELECT version_num FROM alembic_version").fetchall()


@pytest.mark.parametrize(
    ("order", "head"),
    [("v1", "0001"), ("v2", "0002"), ("v1 v2", "0002"), ("v2 v1", "0002"), ("v1 v1", "0001"), ("v2 v1 v2", "0002")],
)
def test_database_ends_at_the_newest_head(tmp_path, order, head):
    for version in order.split():
        support.migrate(tmp_path, "user", version)
    assert revision(tmp_path) == [(head,)]
    assert ("nickname" in columns(tmp_path, "users")) == (head == "0002")


def test_database_of_a_later_version_is_left_alone(tmp_path):
    support.migrate(tmp_path, "user", "v2")
    with sqlite3.connect(tmp_path / "user.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0003'")
    assert "nothing more" in support.migrate(tmp_path, "user", "v2")
    assert revision(tmp_path) == [("0003",)]


def test_rollback_loses_nothing(tmp_path):
    support.migrate(tmp_path, "user", "v1")
    v1 = support.application("user", tmp_path, "v1").test_client()
    before = v1.post("/users", json=ADA | {"email": "before@example.org"}).json
    v2 = support.client("user", tmp_path, "v2")
    ada = v2.post("/users", json=ADA).json
    # Both run now; v1 was started before the migration.
    assert {item["id"] for item in v1.get("/users").json["items"]} == {before["id"], ada["id"]}
    rolled_back = support.client("user", tmp_path, "v1")
    assert rolled_back.get(f"/users/{ada['id']}").json["email"] == "ada@example.org"
    after = rolled_back.post("/users", json=ADA | {"email": "after@example.org"}).json
    again = support.client("user", tmp_path, "v2")
    assert again.get(f"/users/{ada['id']}").json == ada
    assert again.get(f"/users/{after['id']}").json["nickname"] is None
    assert again.get(f"/users/{before['id']}").json["nickname"] is None


def test_v1_cancels_an_order_of_v2_and_keeps_its_note(tmp_path):
    v2 = support.order_client(tmp_path, "v2")
    path = v2.post("/orders", json=support.tea(note="no sugar")).headers["Location"]
    assert support.order_client(tmp_path, "v1").post(f"{path}/cancel").json["status"] == "cancelled"
    found = v2.get(path).json
    assert (found["note"], found["status"]) == ("no sugar", "cancelled")


def test_service_without_its_tables_is_not_ready(tmp_path):
    client = support.application("user", tmp_path, "v1").test_client()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert "not migrated" in answer.json["detail"]
    assert client.get("/users").status_code == 503
    support.migrate(tmp_path, "user", "v1")
    assert client.get("/readyz").status_code == 200


def test_v2_is_not_ready_on_the_database_of_v1(tmp_path):
    support.migrate(tmp_path, "order", "v1")
    assert support.application("order", tmp_path, "v1").test_client().get("/readyz").status_code == 200
    assert support.application("order", tmp_path, "v2").test_client().get("/readyz").status_code == 503


def test_failed_migration_leaves_no_trace(tmp_path):
    with sqlite3.connect(tmp_path / "user.db") as connection:
        connection.execute("CREATE TABLE users_by_age (id INTEGER)")
    with pytest.raises(Exception, match="users_by_age"):
        support.migrate(tmp_path, "user", "v2")
    assert columns(tmp_path, "users") == set()


def test_several_may_migrate_at_once(tmp_path):
    said = support.migrate_at_once(tmp_path, "user", ["v1", "v2"] * 2, support.url(tmp_path, "user"))
    assert revision(tmp_path) == [("0002",)]
    assert sum("was migrated" in line for line in said) <= 2


def test_database_that_cannot_be_reached_is_one_line(tmp_path):
    done = support.run(tmp_path, "-m", "order.migrate", DATABASE_URL="sqlite:////nowhere/order.db")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "unable to open database file" in done.stderr
