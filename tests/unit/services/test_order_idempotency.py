"""A POST that comes again makes nothing twice."""

from concurrent.futures import ThreadPoolExecutor

from tests.unit.services import support

KEY = {"Idempotency-Key": "7f1c"}


def test_repeat_gets_the_same_order(order):
    body = support.tea()
    first, again = (order.post("/orders", json=body, headers=KEY) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.json == again.json
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(order.get("/orders").json["items"]) == 1


def test_repeat_needs_no_user_service(tmp_path):
    known = True
    client = support.order_client(tmp_path, "v2", knows=lambda _id: known)
    body = support.tea()
    client.post("/orders", json=body, headers=KEY)
    known = False
    assert client.post("/orders", json=body, headers=KEY).status_code == 201


def test_same_key_for_another_order_is_refused(order):
    order.post("/orders", json=support.tea(), headers=KEY)
    other = order.post("/orders", json=support.tea(), headers=KEY)
    assert other.status_code == 422
    assert other.json["errors"][0]["field"] == "Idempotency-Key"
    assert len(order.get("/orders").json["items"]) == 1


def test_without_a_key_each_post_is_an_order(order):
    body = support.tea()
    assert order.post("/orders", json=body).json["id"] != order.post("/orders", json=body).json["id"]


def test_repeats_at_the_same_time_make_one_order(tmp_path):
    app = support.order_client(tmp_path, "v2").application
    body = support.tea()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _n: app.test_client().post("/orders", json=body, headers=KEY), range(24)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1


def test_repeat_that_reaches_the_other_version_is_recognised(tmp_path):
    v2 = support.order_client(tmp_path, "v2")
    v1 = support.order_client(tmp_path, "v1")
    body = support.tea(note="no sugar")
    first = v1.post("/orders", json=body, headers=KEY)
    again = v2.post("/orders", json=body, headers=KEY)
    assert again.status_code == 201
    assert again.json["id"] == first.json["id"]


def test_key_that_no_header_can_mean_is_refused(order):
    answer = order.post("/orders", json=support.tea(), headers={"Idempotency-Key": "x" * 256})
    assert answer.status_code == 422
    assert answer.json["errors"][0]["field"] == "Idempotency-Key"
