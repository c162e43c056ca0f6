"""A service as a real process: it leaves without losing a request, and starts with nothing left open."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from tests.unit.services import support

NOT_HTTP = b"\x16\x03\x01nonsense\r\n\r\n"


def test_sigterm_fails_readiness_first_then_serves_then_drains(start):
    service = start("user", SHUTDOWN_DELAY_SECONDS="1.5", FAULT_LATENCY_MS="300")
    statuses, stop = [], threading.Event()

    def load(session):
        while not stop.is_set():
            try:
                statuses.append(session.get(f"{service.url}/users", timeout=30).status_code)
            except requests.ConnectionError:
                assert not still_serving.is_set(), "a request was lost before the listener closed"
                return

    still_serving = threading.Event()
    still_serving.set()
    with ThreadPoolExecutor(4) as pool, requests.Session() as probe:
        clients = [pool.submit(load, requests.Session()) for _ in range(4)]
        support.until(lambda: len(statuses) >= 8, "requests are answered")
        service.terminate()
        support.until(lambda: probe.get(f"{service.url}/readyz", timeout=30).status_code == 503, "not ready")
        # Not ready, yet new connections are served.
        assert requests.get(f"{service.url}/livez", timeout=30).status_code == 200
        assert requests.get(f"{service.url}/users", timeout=30).status_code == 200
        before = len(statuses)
        support.until(lambda: len(statuses) >= before + 8, "requests are answered during the delay")
        stop.set()
        still_serving.clear()
        for client in clients:
            client.result()
    assert service.process.wait(60) == 0
    assert set(statuses) == {200}


def test_request_in_flight_is_finished(start):
    service = start("user", SHUTDOWN_DELAY_SECONDS="0", FAULT_LATENCY_MS="1000")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(requests.get, f"{service.url}/users", timeout=10)
        in_progress = 'http_requests_in_progress{service="user",version="v1"} 2.0'
        support.until(lambda: in_progress in requests.get(f"{service.url}/metrics", timeout=30).text, "it began")
        service.terminate()
        assert answer.result().status_code == 200
    assert service.process.wait(60) == 0


def test_clients_are_asked_to_come_back_elsewhere(start):
    service = start("user", SHUTDOWN_DELAY_SECONDS="60")
    with requests.Session() as session:
        assert session.get(f"{service.url}/users", timeout=30).headers["Connection"] == "keep-alive"
        service.terminate()
        support.until(lambda: session.get(f"{service.url}/readyz", timeout=30).status_code == 503, "not ready")
        assert session.get(f"{service.url}/users", timeout=30).headers["Connection"] == "close"


def test_dead_collector_does_not_stop_the_exit(start):
    with socket.socket() as silent:
        # It accepts connections and never answers.
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        service = start("user", SHUTDOWN_DELAY_SECONDS="0", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
        requests.get(f"{service.url}/users", timeout=30, headers={"Connection": "close"})
        service.terminate()
        assert service.process.wait(60) == 0


def test_every_line_of_the_log_is_json(start):
    service = start("user")
    assert {"Booting worker with pid", "Listening at"} <= {line["event"].partition(":")[0] for line in service.lines()}


def test_what_is_not_http_gets_a_problem_document(start):
    service = start("user", APP_VERSION="v2")
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall(NOT_HTTP)
        answer = b"".join(iter(lambda: connection.recv(4096), b"")).decode()
    assert answer.startswith("HTTP/1.1 400 ")
    assert "Content-Type: application/problem+json" in answer
    assert "X-App-Version: v2" in answer


@pytest.mark.parametrize("head", ["GET", "POST"])
def test_too_long_address_gets_a_problem_document(start, head):
    service = start("user")
    answer = requests.request(head, f"{service.url}/users?cursor={'a' * 9000}", timeout=30)
    assert answer.status_code == 414
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["X-App-Version"] == "v1"
