"""The set-up Job's script: waits, puts everything, may be run again, and stops with a reason."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.unit.elk.fake_elasticsearch import FakeElasticsearch

SETUP = Path(__file__).resolve().parents[3] / "observability/elk/elasticsearch/setup"
PASSWORDS = {f"{user}_PASSWORD": f"secret-of-{user.lower()}" for user in ("ELASTIC", "LOGSTASH", "KIBANA", "READER")}
STREAM = "/_data_stream/logs-proving_ground-default"
pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl, which the script calls")


@pytest.fixture
def elasticsearch(tmp_path):
    fake = FakeElasticsearch(tmp_path, PASSWORDS["ELASTIC_PASSWORD"])
    yield fake
    fake.close()


def run(fake, **changes):
    variables = {"ELASTICSEARCH": fake.address, "CA": str(fake.authority), "FILES": str(SETUP), "WAIT_SECONDS": "30"}
    environment = {"PATH": os.environ["PATH"], **variables, **PASSWORDS, **changes}
    return subprocess.run(
        ["bash", SETUP / "setup.sh"], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_everything_is_put_with_the_passwords_of_the_secret(elasticsearch):
    done = run(elasticsearch)
    assert done.returncode == 0, done.stderr
    kept = elasticsearch.kept
    assert kept["/_security/user/kibana_system/_password"] == {"password": "secret-of-kibana"}
    for user, role in [("logstash", "proving_ground_writer"), ("reader", "proving_ground_reader")]:
        assert kept[f"/_security/user/{user}"] == {"password": f"secret-of-{user}", "roles": [role]}
        assert f"/_security/role/{role}" in kept
    assert kept["/_index_template/logs-proving_ground"] == json.loads((SETUP / "index-template.json").read_text())
    assert "secret" not in done.stdout + done.stderr


def test_rights_and_lifecycle_come_before_the_template_and_the_template_before_the_stream(elasticsearch):
    run(elasticsearch)
    order = [
        f"PUT {path}" for path in ("/_ilm/policy/logs-proving_ground", "/_index_template/logs-proving_ground", STREAM)
    ]
    places = [elasticsearch.journal.index(write) for write in order]
    assert places == sorted(places)


def test_it_may_be_run_again_and_keeps_the_lines_that_are_there(elasticsearch):
    run(elasticsearch)
    kept = dict(elasticsearch.kept)
    elasticsearch.journal.clear()
    assert run(elasticsearch).returncode == 0
    assert elasticsearch.kept == kept
    assert f"PUT {STREAM}" not in elasticsearch.journal
    assert elasticsearch.journal[-1] == "POST /logs-proving_ground-default/_rollover?lazy=true"


def test_it_waits_until_elasticsearch_answers(elasticsearch):
    elasticsearch.unready = 2
    assert run(elasticsearch).returncode == 0


def test_it_says_that_elasticsearch_never_answered(elasticsearch):
    elasticsearch.unready = 10**6
    done = run(elasticsearch, WAIT_SECONDS="1")
    assert done.returncode != 0
    assert done.stderr.splitlines()[-1] == "error: Elasticsearch did not answer within 1 s"
    assert elasticsearch.journal == []


def test_a_refusal_ends_it_with_what_elasticsearch_said(elasticsearch):
    elasticsearch.refuses = "/_ilm/policy/logs-proving_ground"
    done = run(elasticsearch)
    assert done.returncode != 0
    assert "error: PUT /_ilm/policy/logs-proving_ground" in done.stderr
    assert "refused" in done.stderr
    assert STREAM not in elasticsearch.kept


def test_a_wrong_password_is_not_tried_in_vain_for_long(elasticsearch):
    done = run(elasticsearch, ELASTIC_PASSWORD="other", WAIT_SECONDS="1")
    assert done.returncode != 0
    assert "unable to authenticate" in done.stderr


def test_another_authority_is_not_trusted(elasticsearch, tmp_path):
    (tmp_path / "other").mkdir()
    other = FakeElasticsearch(tmp_path / "other", "x")
    done = run(elasticsearch, CA=str(other.authority), WAIT_SECONDS="1")
    other.close()
    assert done.returncode != 0
    assert elasticsearch.kept == {}
