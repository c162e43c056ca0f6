"""What SQLite cannot show: the same services over PostgreSQL."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from tests.unit.services import postgresql, support

from chassis import migrations
from chassis.config import PersistentSettings

NAMES = (f"shop{number}" for number in itertools.count())
KEY = {"Idempotency-Key": "7f1c"}


@pytest.fixture(scope="module")
def server():
    with postgresql.server() as url:
        yield url


@pytest.fixture
def url(server):
    return PersistentSettings(database_url=postgresql.new_database(server, next(NAMES))).database_url


def client(service, url, version, tmp_path):
    migrations.upgrade(service, url, support.HEADS[version])
    app = support.application(service, tmp_path, version, database_url=url)
    if service == "order":
        app.view_functions["place_order"].__self__._users = support.FakeUsers(lambda _id: True)
    return app.test_client()


def revision(url):
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        return connection.execute("SELECT version_num FROM alembic_version").fetchall()


def test_users_live_as_on_sqlite(url, tmp_path):
    users = client("user", url, "v2", tmp_path)
    ada = {"name": "Ada ä 💐", "email": "ada@example.org", "nickname": "countess"}
    created = users.post("/users", json=ada)
    assert created.status_code == 201
    assert users.get(created.headers["Location"]).json == created.json
    assert users.post("/users", json=ada).status_code == 409
    more = [users.post("/users", json=ada | {"email": f"ada{number}@example.org"}).json for number in range(4)]
    first = users.get("/users?limit=3").json
    second = users.get("/users", query_string={"limit": 3, "cursor": first["next_cursor"]}).json
    assert first["items"] + second["items"] == [created.json, *more]
    assert users.delete(created.headers["Location"]).status_code == 204


def test_largest_order_fits(url, tmp_path):
    orders = client("order", url, "v1", tmp_path)
    items = [{"name": "gold", "quantity": 1000, "unit_price_cents": 100_000_000}] * 50
    placed = orders.post("/orders", json=support.tea() | {"items": items})
    assert placed.json["total_cents"] == 5_000_000_000_000
    assert orders.get(placed.headers["Location"]).json == placed.json


def test_repeats_at_the_same_time_make_one_order(url, tmp_path):
    app = client("order", url, "v2", tmp_path).application
    body = support.tea()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _n: app.test_client().post("/orders", json=body, headers=KEY), range(24)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1


def test_several_may_migrate_at_once_in_either_order(url, tmp_path):
    said = support.migrate_at_once(tmp_path, "order", ["v1", "v2"] * 2, url)
    assert revision(url) == [("0002",)]
    assert sum("was migrated" in line for line in said) <= 2


def test_rollback_loses_nothing(url, tmp_path):
    v2 = client("order", url, "v2", tmp_path)
    path = v2.post("/orders", json=support.tea(note="no sugar")).headers["Location"]
    v1 = client("order", url, "v1", tmp_path)
    assert v1.post(f"{path}/cancel").json["status"] == "cancelled"
    assert (v2.get(path).json["note"], v2.get(path).json["status"]) == ("no sugar", "cancelled")


def test_service_without_its_tables_is_not_ready(url, tmp_path):
    users = support.application("user", tmp_path, "v1", database_url=url).test_client()
    assert users.get("/readyz").status_code == 503
    assert users.get("/users").status_code == 503
    migrations.upgrade("user", url, "0001")
    assert users.get("/readyz").status_code == 200


def test_database_that_restarted_costs_no_request(url, tmp_path):
    users = client("user", url, "v1", tmp_path)
    assert users.get("/users").status_code == 200
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
    assert users.get("/users").status_code == 200


def test_server_that_is_away_is_a_503(tmp_path):
    away = f"postgresql+psycopg://shop@127.0.0.1:{support.free_port()}/shop"
    users = support.application("user", tmp_path, "v1", database_url=away).test_client()
    assert users.get("/users").status_code == 503
    assert users.get("/readyz").status_code == 503
    assert users.get("/livez").status_code == 200
