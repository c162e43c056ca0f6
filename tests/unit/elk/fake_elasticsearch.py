"""An Elasticsearch as far as its set-up asks: keeps what is put, over TLS, for those who know the password."""

import base64
import json
import re
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cluster.authority import make_pair

# What may be put, and what each must have.
KNOWN = {
    r"/_security/role/\w+": {"indices"},
    r"/_security/user/\w+": {"password", "roles"},
    r"/_ilm/policy/[\w-]+": {"policy"},
    r"/_index_template/[\w-]+": {"index_patterns", "data_stream", "template"},
    r"/_data_stream/[\w-]+": set(),
    r"/_security/user/kibana_system/_password": {"password"},
}


class FakeElasticsearch:
    """Serves in a thread; `kept` is what was put, `journal` every write in order."""

    def __init__(self, folder, password):
        pair = make_pair(["elasticsearch", "localhost", "127.0.0.1"])
        for name, text in [("ca.crt", pair.authority), ("tls.crt", pair.certificate), ("tls.key", pair.key)]:
            (folder / name).write_text(text)
        self.authority = folder / "ca.crt"
        self.kept, self.journal, self.refuses = {}, [], ""
        self.unready = 0
        self._token = "Basic " + base64.b64encode(f"elastic:{password}".encode()).decode()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.address = f"https://localhost:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method, path, token, body):
        """Return status and body of an answer."""
        if token != self._token:
            return 401, {"error": "unable to authenticate user [elastic]"}
        if path.startswith("/_cluster/health"):
            self.unready -= 1
            return (503, {"error": "not yet"}) if self.unready >= 0 else (200, {"status": "green"})
        if method == "GET":
            return (200, self.kept[path]) if path in self.kept else (404, {"error": "no such thing"})
        self.journal.append(f"{method} {path}")
        if method == "POST" and path.endswith("/_rollover?lazy=true"):
            return 200, {}
        return self._put(path, body)

    def _put(self, path, body):
        form = next((form for form in KNOWN if re.fullmatch(form, path)), None)
        if form is None or path == self.refuses:
            return 400, {"error": f"refused: {path}"}
        value = json.loads(body or "{}")
        if not KNOWN[form] <= value.keys():
            return 400, {"error": f"{sorted(KNOWN[form] - value.keys())} missing"}
        if form.startswith("/_data_stream") and path in self.kept:
            return 400, {"error": "resource_already_exists_exception"}
        self.kept[path] = value
        return 200, {"acknowledged": True}

    def _handler(self):
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, value = fake.answer(self.command, self.path, self.headers.get("Authorization"), body)
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_POST = _serve  # noqa: N815

            def log_message(self, *_arguments):
                pass

        return Handler
