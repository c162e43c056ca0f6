"""What clients of the order service see."""

import uuid

import pytest
from tests.unit.services import support

from order.users import UsersUnavailableError


def test_order_is_placed_read_and_listed(order):
    placed = order.post("/orders", json=support.tea(note="no sugar"))
    assert placed.status_code == 201
    assert placed.json["total_cents"] == 500
    assert placed.json["status"] == "placed"
    assert placed.json["note"] == "no sugar"
    assert order.get(placed.headers["Location"]).json == placed.json
    assert order.get("/orders").json["items"] == [placed.json]


def test_list_shows_one_users_orders(order):
    mine, other = order.post("/orders", json=support.tea()).json, order.post("/orders", json=support.tea()).json
    assert order.get("/orders", query_string={"user_id": mine["user_id"]}).json["items"] == [mine]
    assert order.get("/orders").json["items"] == [mine, other]


def test_cancelling_again_changes_nothing(order):
    path = order.post("/orders", json=support.tea()).headers["Location"]
    first, second = order.post(f"{path}/cancel"), order.post(f"{path}/cancel")
    assert first.status_code == second.status_code == 200
    assert first.json == second.json == order.get(path).json
    assert first.json["status"] == "cancelled"


def test_unknown_order_is_not_found(order):
    assert order.get(f"/orders/{uuid.uuid4()}").status_code == 404
    assert order.post(f"/orders/{uuid.uuid4()}/cancel").status_code == 404


def test_unknown_user_cannot_order(tmp_path):
    client = support.order_client(tmp_path, "v1", knows=lambda _id: False)
    answer = client.post("/orders", json=support.tea())
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "user_id"
    assert client.get("/orders").json["items"] == []


def test_nothing_is_ordered_while_the_user_service_is_away(tmp_path):
    def away(_id):
        raise UsersUnavailableError("away")

    client = support.order_client(tmp_path, "v1", knows=away)
    answer = client.post("/orders", json=support.tea())
    assert answer.status_code == 503
    assert answer.json["type"] == "urn:problem:user-service-unavailable"
    assert answer.headers["Retry-After"] == "1"
    assert client.get("/orders").json["items"] == []


def test_whole_number_may_be_written_with_a_point(order):
    body = support.tea()
    body["items"][0]["quantity"] = 3.0
    assert order.post("/orders", json=body).json["total_cents"] == 750


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"quantity": 0}, "items.0.quantity"),
        ({"quantity": 10**30}, "items.0.quantity"),
        ({"quantity": True}, "items.0.quantity"),
        ({"quantity": 1.5}, "items.0.quantity"),
        ({"unit_price_cents": -1}, "items.0.unit_price_cents"),
        ({"unit_price_cents": 100_000_001}, "items.0.unit_price_cents"),
        ({"unit_price_cents": "250"}, "items.0.unit_price_cents"),
        ({"name": "nul\x00"}, "items.0.name"),
    ],
)
def test_wrong_item_is_named(order, change, field):
    body = support.tea()
    body["items"][0] |= change
    answer = order.post("/orders", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert answer.json["errors"][0]["fix"].startswith("Send ")
