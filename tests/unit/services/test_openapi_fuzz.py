"""Each version of each service against its own OpenAPI document: every answer is as described, none is a 5xx.

Schemathesis goes through its examples, the edges of every field, random requests that fit the document or do not, and
chains of operations that hand ids on. The seed is fixed: a run that fails here fails everywhere.
"""

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

from tests.unit.services import support

VARIANTS = [("user", "v1"), ("user", "v2"), ("order", "v1"), ("order", "v2")]
CLIENTS = {"user": support.user_client, "order": support.order_client}
CONFIG = {
    "seed": 1,
    "continue-on-failure": True,
    "generation": {"max-examples": 25},
    "phases": {"stateful": {"generation": {"max-examples": 10}}},
}


def fuzz(app):
    """Return the failures by operation, and the statuses that were seen."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=SchemathesisConfig.from_dict(CONFIG))
    failures, statuses = set(), set()
    for event in from_schema(schema).execute():
        assert not isinstance(event, events.NonFatalError | events.FatalError), event.info.format()
        if isinstance(event, events.ScenarioFinished):
            recorder = event.recorder
            failures |= {
                (event.label, check.name, check.failure_info.failure.message, check.failure_info.code_sample)
                for checks in recorder.checks.values()
                for check in checks
                if check.status is Status.FAILURE
            }
            statuses |= {each.response.status_code for each in recorder.interactions.values() if each.response}
    return failures, statuses


@pytest.mark.parametrize(("service", "version"), VARIANTS)
def test_service_does_what_its_document_says(tmp_path, service, version):
    failures, statuses = fuzz(CLIENTS[service](tmp_path, version).application)
    assert not failures, "\n\n".join("\n".join(failure) for failure in sorted(failures))
    assert statuses >= {200, 201, 400, 404, 405, 415, 422}
    assert max(statuses) < 500
