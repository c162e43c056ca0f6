"""A tiny API server over plain HTTP that a test can look into, break and speak for.

It knows nothing of Kubernetes but lists, watches, merge patches and conflicts; the embedded cluster's API server is
tested elsewhere. Tests put failures in its way with `refuse`, and play the controllers with `react`.
"""

import contextlib
import copy
import json
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

NAMESPACED = "/namespaces/shop/"
PROXY = "/api/v1/namespaces/observability/services/prometheus:9090/proxy/api/v1/query"


def matches(body: dict[str, Any], selector: str) -> bool:
    labels = body["metadata"].get("labels", {})
    return all(labels.get(pair.split("=")[0]) == pair.split("=")[1] for pair in selector.split(",") if pair)


def field(body: dict[str, Any], path: str) -> Any:
    for part in path.split("."):
        body = body.get(part, {})
    return body


def merge(old: Any, patch: Any, strategic: bool) -> Any:
    if strategic and isinstance(old, list) and isinstance(patch, list) and all("name" in item for item in patch):
        wanted = {item["name"]: item for item in patch}
        return [merge(item, wanted.get(item["name"], {}), strategic) for item in old]
    if not isinstance(patch, dict):
        return patch
    new = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            new.pop(key, None)
        else:
            new[key] = merge(new.get(key), value, strategic)
    return new


class FakeApi:
    """All state is in `objects` by path; `calls` are the writes in order, as (method, short path, body)."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, str, Any]] = []
        self.reads: list[str] = []
        self.tokens: list[str | None] = []
        self.refuse: Callable[[str, str], tuple[int, str] | None] = lambda method, path: None
        self.react: Callable[[FakeApi, str, str], None] = lambda api, method, path: None
        self.ask_prometheus: Callable[[str], Any] = lambda query: {"resultType": "vector", "result": []}
        self.watchers: list[tuple[str, queue.Queue]] = []
        self.revision = 100
        self.lock = threading.RLock()
        self.url = ""

    # What tests call

    def put(self, path: str, body: dict[str, Any]) -> None:
        """Store an object as if a controller had written it, and tell the watches."""
        with self.lock:
            self.revision += 1
            known = path in self.objects
            body = copy.deepcopy(body)
            body.setdefault("metadata", {}).setdefault("name", path.rsplit("/", 1)[-1])
            body["metadata"].setdefault("uid", path)
            body["metadata"]["resourceVersion"] = str(self.revision)
            self.objects[path] = body
            self.tell("MODIFIED" if known else "ADDED", path, body)

    def remove(self, path: str) -> None:
        with self.lock:
            self.revision += 1
            self.tell("DELETED", path, self.objects.pop(path))

    def tell(self, kind: str, path: str, body: dict[str, Any]) -> None:
        for prefix, changes in self.watchers:
            if path.startswith(prefix + "/"):
                changes.put({"type": kind, "object": copy.deepcopy(body)})

    def break_watches(self) -> None:
        with self.lock:
            for _prefix, changes in self.watchers:
                changes.put(None)

    def writes(self) -> list[str]:
        return [f"{method} {path}" for method, path, _body in self.calls]

    def kubeconfig(self, folder: Path, context: str = "embedded") -> Path:
        path = folder / f"kubeconfig-{context}"
        path.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": context,
                    "clusters": [{"name": "c", "cluster": {"server": self.url}}],
                    "users": [{"name": "u", "user": {"token": "secret"}}],
                    "contexts": [{"name": context, "context": {"cluster": "c", "user": "u"}}],
                }
            )
        )
        return path

    # Serving

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, kind: str) -> tuple[int, Any]:
        if path == PROXY:
            return 200, {"status": "success", "data": self.ask_prometheus(query["query"])}
        refusal = self.refuse(method, path)
        if refusal:
            return refusal[0], status(*refusal)
        with self.lock:
            if method == "GET":
                self.reads.append(path)
                return self.read(path, query)
            self.calls.append((method, path.split(NAMESPACED)[-1], body))
            code, answer = self.write(method, path, body, kind)
        if code < 300:
            self.react(self, method, path if method != "POST" else f"{path}/{body['metadata']['name']}")
        return code, answer

    def read(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path == "/version":
            return 200, {"gitVersion": "v1.37.0"}
        if path in self.objects:
            return 200, self.objects[path]
        last = path.rsplit("/", 1)[-1]
        if not last.endswith("s") or (path.rsplit("/", 2)[-2].endswith("s") and path.count("/") > 6):
            return 404, status(404, f'{last} "{path}" not found')
        found = [body for place, body in sorted(self.objects.items()) if place.rsplit("/", 1)[0] == path]
        if "labelSelector" in query:
            found = [body for body in found if matches(body, query["labelSelector"])]
        for pair in query.get("fieldSelector", "").split(","):
            found = [body for body in found if not pair or field(body, pair.split("=")[0]) == pair.split("=")[1]]
        return 200, {"kind": "List", "metadata": {"resourceVersion": str(self.revision)}, "items": found}

    def write(self, method: str, path: str, body: Any, kind: str) -> tuple[int, Any]:
        if method == "POST":
            place = f"{path}/{body['metadata']['name']}"
            if place in self.objects:
                return 409, status(409, f"{place} already exists")
            self.put(place, body)
            return 201, self.objects[place]
        if path not in self.objects:
            return 404, status(404, f"{path} not found")
        if method == "DELETE":
            uid = (body or {}).get("preconditions", {}).get("uid")
            if uid and uid != self.objects[path]["metadata"]["uid"]:
                return 409, status(409, "the uid in the precondition does not match")
            self.remove(path)
            return 200, {"status": "Success"}
        wanted = body.get("metadata", {}).get("resourceVersion")
        if wanted and wanted != self.objects[path]["metadata"]["resourceVersion"]:
            return 409, status(409, "the object has been modified")
        self.put(path, merge(self.objects[path], body, "strategic" in kind))
        return 200, self.objects[path]


def status(code: int, message: str) -> dict[str, Any]:
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": "Test",
        "message": message,
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    api: FakeApi

    def log_message(self, *_args: Any) -> None:
        """Keep quiet."""

    def serve(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        length = int(self.headers.get("Content-Length") or 0)
        self.api.tokens.append(self.headers.get("Authorization"))
        body = json.loads(self.rfile.read(length)) if length else None
        if query.get("watch") == "true":
            self.stream(parts.path)
            return
        code, answer = self.api.answer(self.command, parts.path, query, body, self.headers.get("Content-Type", ""))
        data = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = do_DELETE = serve  # noqa: N815

    def stream(self, path: str) -> None:
        refusal = self.api.refuse("WATCH", path)
        changes: queue.Queue = queue.Queue()
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if refusal:
            self.chunk(json.dumps({"type": "ERROR", "object": status(*refusal)}) + "\n")
            self.chunk("")
            return
        with self.api.lock:
            self.api.watchers.append((path, changes))
        with contextlib.suppress(OSError):
            while (change := changes.get()) is not None:
                self.chunk(json.dumps(change) + "\n")
            self.chunk("")

    def chunk(self, text: str) -> None:
        self.wfile.write(f"{len(text.encode()):x}\r\n{text}\r\n".encode())


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Let clients go away, as some tests have them do."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]):
    server = Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def fake_api():
    api = FakeApi()
    handler = type("BoundHandler", (Handler,), {"api": api})
    with serving(handler) as url:
        api.url = url
        yield api
        api.break_watches()
