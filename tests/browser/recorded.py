"""Answers of the observatory's APIs, in the shapes of Jaeger and Elasticsearch, for pages under test."""

import json

from aiohttp import web

TRACE = "0af7651916cd43dd8448eb211c80319c"
START = 1_795_521_600_000_000
# What somebody may have sent as a name, a path or a message.
EVIL = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


def tag(key, value):
    return {"key": key, "type": "bool" if isinstance(value, bool) else "string", "value": value}


def span(number, above, process, name, start_ms, took_ms, **tags):
    references = [{"refType": "CHILD_OF", "traceID": TRACE, "spanID": f"{above:016x}"}] if above else []
    return {
        "traceID": TRACE,
        "spanID": f"{number:016x}",
        "operationName": name,
        "references": references,
        "startTime": START + int(start_ms * 1000),
        "duration": int(took_ms * 1000),
        "tags": [tag(key.replace("__", "."), value) for key, value in tags.items()],
        "logs": [],
        "processID": process,
    }


def process(name, version):
    return {"serviceName": name, "tags": [tag("service.version", version)]}


PROCESSES = {"p1": process("gateway", ""), "p2": process("order", "v2"), "p3": process("user", "v1")}
# As they arrive: in no order. One has a parent that never came.
SPANS = [
    span(4, 3, "p3", "GET /users/{id}", 9.0, 8.0, http__response__status_code="200"),
    span(5, 4, "p3", "SELECT users", 11.0, 4.5, db__system__name="sqlite"),
    span(1, 0, "p1", "order:8080/*", 0.0, 41.2, http__response__status_code="500", error=True),
    span(6, 2, "p2", "INSERT orders", 22.0, 12.0, db__system__name="sqlite"),
    span(3, 2, "p2", "GET", 6.0, 14.0, url__full="http://user:8080/users/7"),
    span(2, 1, "p2", "POST /orders", 2.0, 37.5, error=True, note=EVIL),
    span(9, 8, "p3", "GET /users/{id}", 30.0, 5.0, error=True),
]
FULL = {"traceID": TRACE, "spans": SPANS, "processes": PROCESSES, "warnings": None}


def line(number, level, message, **more):
    return {
        "_index": "logs-proving_ground-default",
        "_id": str(number),
        "_source": {
            "@timestamp": f"2026-11-24T12:00:{number:02d}.123456Z",
            "message": message,
            "log": {"level": level},
            "service": {"name": "order", "version": "v2"},
            "trace": {"id": TRACE},
            **more,
        },
    }


REQUEST = {
    "http": {"request": {"method": "POST"}, "response": {"status_code": 500}, "route": "/orders"},
    "url": {"path": "/orders"},
    "event": {"duration": 37_500_000},
    "kubernetes": {"pod": {"name": "order-canary-1"}, "labels": {"track": "canary"}},
}
LINES = [
    line(3, "error", "request", **REQUEST),
    line(2, "warning", EVIL),
    line(1, "info", "order placed"),
]


class Backend:
    """The APIs; what was searched for is remembered.

    Attributes:
        lines: what a search finds, newest first.
        searches: bodies of the searches.
        queries: queries for traces.
    """

    def __init__(self):
        self.lines = list(LINES)
        self.searches = []
        self.queries = []

    def answers(self):
        return {
            ("GET", "/api/services"): self._services,
            ("GET", "/api/services/{service}/operations"): self._operations,
            ("GET", "/api/traces"): self._traces,
            ("GET", "/api/traces/{id}"): self._trace,
            ("POST", "/logs-proving_ground-default/_search"): self._search,
        }

    async def _services(self, _request):
        return web.json_response({"data": ["user", "order", "gateway"]})

    async def _operations(self, _request):
        return web.json_response({"data": ["POST /orders", "GET"]})

    async def _traces(self, request):
        self.queries.append(dict(request.query))
        return web.json_response({"data": [FULL]})

    async def _trace(self, request):
        if request.match_info["id"] != TRACE:
            errors = [{"code": 404, "msg": "trace not found"}]
            return web.json_response({"data": None, "errors": errors}, status=404)
        return web.json_response({"data": [FULL]})

    async def _search(self, request):
        body = json.loads(await request.text())
        self.searches.append(body)
        total = {"value": len(self.lines), "relation": "eq"}
        return web.json_response({"hits": {"total": total, "hits": self.lines}})
