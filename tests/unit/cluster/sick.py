"""Servers that are of no help, over real sockets: each way in which a tool beside the shop can be broken."""

import contextlib
import itertools
import socket
import threading

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def answering(head, body=b""):
    whole = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    return lambda connection, over: connection.sendall(whole)


def silent(_connection, over):
    over.wait()


def trickling(connection, over):
    connection.sendall(OK + b"Content-Length: 1000000\r\n\r\n")
    for _ in itertools.takewhile(lambda _: not over.wait(0.02), itertools.count()):
        connection.sendall(b" ")


SICKNESSES = {
    "silent": silent,
    "trickling": trickling,
    "no HTTP": lambda connection, over: connection.sendall(b"\x00\x16 what?\r\n\r\n"),
    "no JSON": answering(OK, b"<html>Bad gateway</html>"),
    "cut short": answering(OK, b'{"data": ['),
    "nonsense": answering(OK, b'{"data": [{"spans": [{"spanID": 1}]}], "hits": 3, "id": null, "status": "success"}'),
    "a list": answering(OK, b"[1, 2]"),
    "500": answering(b"HTTP/1.1 500 Internal Server Error\r\n", b"out of\nmemory"),
    "closing": lambda connection, over: None,
}


@contextlib.contextmanager
def sick(how):
    """Serve in this way, or refuse connections if it is `gone`, and yield the address."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        if how == "gone":
            listener.close()
            yield url
            return
        threading.Thread(target=accept, args=(listener, SICKNESSES[how], over), daemon=True).start()
        try:
            yield url
        finally:
            over.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def accept(listener, behave, over):
    with contextlib.suppress(OSError):
        while not over.is_set():
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection, behave, over), daemon=True).start()


def serve(connection, behave, over):
    with contextlib.suppress(OSError), connection:
        connection.recv(65536)
        behave(connection, over)


EVERY_WAY = [*SICKNESSES, "gone"]
