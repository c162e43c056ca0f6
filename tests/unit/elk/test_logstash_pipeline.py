"""Every line becomes a document that is found by its trace, or is kept as it was: none is lost."""

import logging

import pytest
import structlog
from tests.unit.elk.lines import LABELS, SPAN, TRACE, access_line, delivered
from tests.unit.elk.logstash_pipeline import carried_out, filters, interpreted, why_not_real
from tests.unit.elk.pipeline_config import UnknownConstructError, read
from tests.unit.elk.pipeline_filters import get, run

from chassis.logs import RequestLog, configure

REQUEST = (
    '{"event":"request","level":"info","time":"2026-11-24T12:00:00.123456Z","service":"order","version":"v2",'
    '"method":"POST","route":"/orders","path":"/orders","status":201,"duration_ms":12.345,'
    f'"trace_id":"{TRACE}","span_id":"{SPAN}"}}'
)
# Lines that are no JSON of ours, in ways that could stop a pipeline: broken, a scalar, a list, empty, somebody else's.
STRANGE = ["Traceback (most recent call last):", '{"event": "cut of', "42", '"text"', "[1, 2]", "null", "", '{"a": 1}']


def one(line, **more):
    [document] = interpreted([delivered(line, **more)])
    return document


def test_a_services_request_has_the_schemas_names():
    document = one(REQUEST)
    assert document["@timestamp"] == "2026-11-24T12:00:00.123Z"
    expected = {
        "message": "request",
        "log": {"level": "info"},
        "service": {"name": "order", "version": "v2"},
        "trace": {"id": TRACE},
        "span": {"id": SPAN},
        "http": {"request": {"method": "POST"}, "route": "/orders", "response": {"status_code": 201}},
        "url": {"path": "/orders"},
        "event": {"duration": 12345000, "dataset": "order.log"},
        "labels": {},
    }
    assert {key: document[key] for key in expected} == expected
    assert document["kubernetes"]["labels"]["track"] == "canary"
    assert not {"line", "tags"} & document.keys()


def test_the_chassis_writes_lines_that_are_understood(capfd):
    RequestLog("order", "v2", "info").write("GET", "/orders/<id>", "/orders/7", 503, 0.0015, TRACE, SPAN)
    configure("order", "v2", "info")
    structlog.get_logger().warning("slow_user", attempts=2, user={"id": 7})
    try:
        raise ValueError("broken")
    except ValueError:
        logging.getLogger("gunicorn.error").exception("Worker failed")
    request, warning, failure = (one(line) for line in capfd.readouterr().out.splitlines())
    assert (request["log"]["level"], request["event"]["duration"]) == ("error", 1500000)
    assert (warning["message"], warning["log"]["level"]) == ("slow_user", "warning")
    assert warning["labels"] == {"attempts": 2, "user": {"id": 7}}
    assert (failure["message"], failure["log"]["logger"]) == ("Worker failed", "gunicorn.error")
    assert "ValueError: broken" in failure["error"]["stack_trace"]
    assert not any("tags" in document for document in (request, warning, failure))


def test_a_proxys_line_has_the_same_trace_and_says_what_the_proxy_knows():
    document = one(access_line(), container="istio-proxy")
    assert document["@timestamp"] == "2026-11-24T12:00:01.250Z"
    assert document["message"] == "GET /orders/7 503"
    assert document["trace"] == {"id": TRACE}
    assert document["log"] == {"level": "error"}
    assert document["url"] == {"original": "/orders/7?full=1", "path": "/orders/7"}
    assert document["event"] == {"duration": 12000000, "dataset": "proxy.access"}
    assert document["service"] == {"name": "order", "version": "v2"}
    assert document["envoy"]["response_flags"] == "UF"
    assert document["labels"] == {"protocol": "HTTP/1.1", "authority": "shop.example"}


@pytest.mark.parametrize(("status", "level"), [(200, "info"), (404, "info"), (499, "info"), (500, "error")])
def test_a_proxys_line_is_an_error_where_the_service_failed(status, level):
    assert one(access_line(response_code=status))["log"]["level"] == level


def test_what_was_no_request_keeps_its_whole_line():
    line = access_line(path=None, method=None, response_code=400)
    document = one(line)
    assert document["message"] == line
    assert get(document, "[url][path]") is None


@pytest.mark.parametrize("nothing", [None, "", "-"])
def test_a_request_without_a_trace_has_none(nothing):
    assert "trace" not in one(access_line(trace_id=nothing))


def test_the_gateway_is_called_by_the_label_of_its_pod():
    assert one(access_line(), app="istio-ingressgateway")["service"] == {"name": "istio-ingressgateway"}


@pytest.mark.parametrize("line", STRANGE)
def test_what_is_not_understood_is_kept_as_it_was(line):
    document = one(line)
    assert document["message"] == line
    assert document["tags"] == ["_unparsed"]
    assert document["event"] == {"dataset": "unparsed"}
    assert document["service"] == {"name": LABELS["app"], "version": LABELS["version"]}
    assert not {"line", "labels"} & document.keys()


def test_a_line_with_a_time_that_is_none_keeps_the_time_of_its_file():
    document = one(REQUEST.replace("2026-11-24T12:00:00.123456Z", "yesterday"))
    assert document["tags"] == ["_undated"]
    assert document["@timestamp"] == "2026-11-24T12:00:09.000Z"


def test_a_pod_whose_labels_were_not_known_loses_no_line():
    event = delivered(access_line())
    del event["kubernetes"]["labels"]
    [document] = interpreted([event])
    assert document["trace"] == {"id": TRACE}
    assert "service" not in document


@pytest.mark.parametrize(
    "broken",
    [
        "filter { grok { match => ['message', 'x'] } }",
        "filter { mutate { split => ['message', ','] } }",
        "filter { drop { } }",
        "filter { ruby { code => 'event.cancel' } }",
        "filter { if [a] == 1 and [b] or [c] { } }",
        "filter { if [a] =~ /x/ { } }",
        "filter { mutate { add_tag => ['a'] add_tag => ['b'] } }",
        "filter { mutate { add_tag => ['a'] }",
    ],
)
def test_a_construct_that_is_not_known_here_is_refused(broken):
    with pytest.raises(UnknownConstructError):
        run(read(broken)["filter"], {"message": "x", "a": 1})


def test_a_renamed_field_of_the_access_log_is_noticed():
    document = one(access_line().replace('"trace_id"', '"trace"'))
    assert "trace" not in document
    assert document["labels"]["trace"] == TRACE


def test_the_pipeline_never_drops_and_never_divides():
    def names(statements):
        for statement in statements:
            if statement[0] == "plugin":
                yield statement[1]
            else:
                yield from (name for _, inner in statement[1] for name in names(inner))

    assert set(names(filters())) == {"date", "json", "mutate", "ruby"}


@pytest.mark.skipif(why_not_real() is not None, reason=str(why_not_real()))
def test_logstash_itself_says_the_same():
    lines = [REQUEST, access_line(), access_line(path=None, method=None, trace_id="-"), *STRANGE]
    events = [{**delivered(line), "number": number} for number, line in enumerate(lines)]
    for ours, theirs in zip(interpreted(events), carried_out(events), strict=True):
        assert {key: value for key, value in theirs.items() if key != "@version"} == ours
