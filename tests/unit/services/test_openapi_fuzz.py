"""Each version of each service against its own OpenAPI document: every answer is as described, none is a 5xx.

Schemathesis goes through its examples, the edges of every field, random requests that fit the document or do not, and
chains of operations that hand ids on. The seed is fixed: a run that fails here fails everywhere.
"""

import itertools

import pytest
import schemathesis
from flask import Response
from pydantic import BaseModel
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from tests.unit.services import support

from chassis.config import Settings
from chassis.routes import Route
from chassis.service import Service

VARIANTS = list(itertools.product(support.SERVICES, support.HEADS))
CONFIG = {
    "seed": 1,
    "continue-on-failure": True,
    "generation": {"max-examples": 12},
    "phases": {"stateful": {"generation": {"max-examples": 6}}},
}


def is_mistake(check, response):
    """A key that an earlier request has used is refused although it fits the document, as it must be."""
    reused = response is not None and response.status_code == 422 and b"urn:problem:key-reused" in response.content
    return check.status is Status.FAILURE and not (reused and check.name == "positive_data_acceptance")


def fuzz(app):
    """Return the failures, and the statuses that were seen."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", app, config=SchemathesisConfig.from_dict(CONFIG))
    failures, statuses = set(), set()
    for event in from_schema(schema).execute():
        assert not isinstance(event, events.NonFatalError | events.FatalError), event.info.format()
        if isinstance(event, events.ScenarioFinished):
            answers = {case: each.response for case, each in event.recorder.interactions.items()}
            statuses |= {answer.status_code for answer in answers.values() if answer}
            failures |= {
                f"{check.name}: {check.failure_info.failure.message}\n{check.failure_info.code_sample}"
                for case, checks in event.recorder.checks.items()
                for check in checks
                if is_mistake(check, answers.get(case))
            }
    return failures, statuses


@pytest.mark.parametrize(("service", "version"), VARIANTS)
def test_service_does_what_its_document_says(tmp_path, service, version):
    failures, statuses = fuzz(support.client(service, tmp_path, version).application)
    assert not failures, "\n\n".join(sorted(failures))
    assert statuses >= {200, 201, 404, 405, 422}
    assert max(statuses) < 500


class Truth(BaseModel):
    answer: int


@pytest.mark.parametrize(("body", "status"), [('{"answer": "many"}', 200), ('{"answer": 42}', 418)])
def test_lie_is_found(body, status):
    def lie():
        return Response(body, status, content_type="application/json")

    route = Route(method="GET", path="/lie", handler=lie, summary="Lie", returns=Truth)
    failures, _statuses = fuzz(Service("liar", Settings()).app([route]))
    assert failures
