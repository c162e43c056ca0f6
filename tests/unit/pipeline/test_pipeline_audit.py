"""A vulnerable dependency stops the pipeline, and so do advisories that cannot be had."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.unit.pipeline.conftest import stopped

HASH = "--hash=sha256:" + "0" * 64
ADVISORY = {
    "id": "PYSEC-2014-8",
    "aliases": ["CVE-2014-1402"],
    "summary": "cache files in /tmp",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.7.2"}]}],
        }
    ],
}


class Advisories(BaseHTTPRequestHandler):
    """What OSV answers, for one package."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        bad = asked["package"]["name"] == "jinja2" and asked["version"] == "2.0"
        body = json.dumps({"vulns": [ADVISORY]} if bad else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def osv():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    server.server_close()


@pytest.fixture
def audit(pipeline, checkout, osv):
    def run(version="2.0", **environ):
        (checkout / "requirements.txt").write_text(f"jinja2=={version} \\\n    {HASH}\n")
        return pipeline("audit", "requirements.txt", **{"OSV_URL": osv, "HOME": str(checkout)} | environ)

    return run


def test_a_vulnerable_dependency_stops_it(audit):
    assert stopped(audit(), 1, "jinja2 2.0 has PYSEC-2014-8", "mended in 2.7.2")


def test_a_sound_one_does_not(audit):
    done = audit("3.1.6")
    assert (done.returncode, done.stderr) == (0, "")


def test_one_that_is_lived_with_counts_until_its_day(audit, checkout):
    entry = "- {{id: CVE-2014-1402, reason: no cache here, until: {}}}\n"
    file = checkout / "scripts" / "pipeline" / "accepted.yaml"
    file.write_text(entry.format("2999-01-31"))
    assert audit().returncode == 0
    file.write_text(entry.format("2020-01-31"))
    assert stopped(audit(), 1, "PYSEC-2014-8")
    file.write_text("- {id: CVE-2014-1402, until: 2999-01-31}\n")
    assert stopped(audit(), 1, "each entry has an id, a reason, and until")


def test_advisories_that_cannot_be_had_are_no_pass(audit):
    assert stopped(audit(OSV_URL="http://127.0.0.1:9/v1/query"), 2, "was not audited, which is no pass", "OSV_URL")


def test_a_package_without_a_hash_is_no_pass(pipeline, checkout, osv):
    (checkout / "requirements.txt").write_text("jinja2==3.1.6\n")
    done = pipeline("audit", "requirements.txt", OSV_URL=osv, HOME=str(checkout))
    assert stopped(done, 2, "was not audited")
