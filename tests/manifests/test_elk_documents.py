"""Template, lifecycle, roles and Kibana's saved objects fit each other and what the pipeline writes."""

import json
import re

import pytest
from tests.manifests.rendered import REPOSITORY
from tests.unit.elk.lines import access_line, delivered
from tests.unit.elk.logstash_pipeline import interpreted
from tests.unit.elk.pipeline_config import read
from tests.unit.elk.test_logstash_pipeline import REQUEST

ELK = REPOSITORY / "observability/elk"
SETUP = ELK / "elasticsearch/setup"
SAVED = ELK / "kibana/saved-objects"
# What the drills' evidence and the people's links rely on.
RELIED_ON = {
    "@timestamp": "date",
    "message": "text",
    "log.level": "keyword",
    "service.name": "keyword",
    "service.version": "keyword",
    "trace.id": "keyword",
    "span.id": "keyword",
    "kubernetes.namespace": "keyword",
    "kubernetes.pod.name": "keyword",
    "kubernetes.container.name": "keyword",
    "kubernetes.labels.track": "keyword",
    "http.request.method": "keyword",
    "http.route": "keyword",
    "url.path": "keyword",
    "http.response.status_code": "short",
    "event.duration": "long",
    "event.dataset": "keyword",
}
# Not of the mapping, and meant to be: Filebeat's own, kept with the document and not searched.
UNMAPPED = {"stream"}


def document(name):
    return json.loads((SETUP / f"{name}.json").read_text())


def mapped():
    """Return the type of every field of the template, by its full name."""

    def walk(properties, prefix):
        for name, value in properties.items():
            if "properties" in value:
                yield from walk(value["properties"], f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}", value["type"]

    return dict(walk(document("index-template")["template"]["mappings"]["properties"], ""))


def saved():
    lines = [line for file in sorted(SAVED.glob("*.ndjson")) for line in file.read_text().splitlines()]
    return {(body["type"], body["id"]): body for body in map(json.loads, lines)}


def leaves(value, prefix=""):
    for key, inner in value.items():
        name = f"{prefix}{key}"
        if isinstance(inner, dict) and name != "labels":
            yield from leaves(inner, f"{name}.")
        else:
            yield name


def test_the_fields_that_are_relied_on_have_their_types():
    assert RELIED_ON.items() <= mapped().items()


@pytest.mark.parametrize("line", [REQUEST, access_line(), "not JSON"], ids=["service", "proxy", "unparsed"])
def test_the_pipeline_writes_what_is_mapped_and_nothing_else(line):
    [found] = interpreted([delivered(line)])
    assert set(leaves(found)) - mapped().keys() <= UNMAPPED


def test_both_kinds_of_lines_together_have_every_field_that_is_relied_on():
    found = interpreted([delivered(REQUEST), delivered(access_line())])
    assert {name for each in found for name in leaves(each)} >= RELIED_ON.keys()


def test_template_lifecycle_and_output_mean_the_same_stream():
    template = document("index-template")
    output = read((ELK / "logstash/pipeline/30-output.conf").read_text())["output"]
    [(_, _, settings)] = output
    stream = "-".join(settings[f"data_stream_{part}"] for part in ("type", "dataset", "namespace"))
    assert stream == "logs-proving_ground-default"
    assert re.fullmatch(template["index_patterns"][0].replace("*", ".*"), stream)
    script = (SETUP / "setup.sh").read_text()
    assert f"STREAM={stream}\n" in script
    assert f"/_ilm/policy/{template['template']['settings']['index.lifecycle.name']} " in script
    # Elastic's own template for logs-*-* has priority 100.
    assert template["priority"] > 100


def test_logs_are_deleted_after_a_week_and_indices_stay_small():
    phases = document("ilm-policy")["policy"]["phases"]
    assert phases["delete"] == {"min_age": "7d", "actions": {"delete": {}}}
    assert set(phases["hot"]["actions"]["rollover"]) == {"max_age", "max_primary_shard_size"}


def test_the_writer_cannot_read_and_the_reader_cannot_write():
    [writer], [reader] = (document(f"role-{name}")["indices"] for name in ("writer", "reader"))
    assert writer["privileges"] == ["create_doc", "auto_configure"]
    assert reader["privileges"] == ["read", "view_index_metadata"]
    assert writer["names"] == reader["names"] == document("index-template")["index_patterns"]
    rights = [right for each in document("role-reader")["applications"] for right in each["privileges"]]
    assert all(right.endswith(".read") for right in rights)


def test_saved_objects_refer_only_to_each_other():
    objects = saved()
    assert {kind for kind, _ in objects} == {"index-pattern", "search", "visualization", "dashboard"}
    for body in objects.values():
        assert {(each["type"], each["id"]) for each in body["references"]} <= objects.keys()


def test_the_data_view_covers_the_stream_and_leads_to_the_trace():
    [view] = [body["attributes"] for (kind, _), body in saved().items() if kind == "index-pattern"]
    assert view["title"] == document("index-template")["index_patterns"][0]
    formats = json.loads(view["fieldFormatMap"])
    assert formats["trace.id"]["params"]["urlTemplate"] == "JAEGER_URL/trace/{{rawValue}}"
    assert formats.keys() <= mapped().keys()


def test_saved_objects_ask_only_for_fields_that_there_are():
    known = mapped()
    for body in saved().values():
        text = json.dumps(body)
        asked = set(body["attributes"].get("columns", []))
        asked |= {
            aggregation["params"]["field"]
            for aggregation in json.loads(body["attributes"].get("visState", "{}")).get("aggs", [])
            if "field" in aggregation["params"]
        }
        source = body["attributes"].get("kibanaSavedObjectMeta", {}).get("searchSourceJSON", "{}")
        query = json.loads(source).get("query", {}).get("query", "")
        asked |= set(re.findall(r"([\w.@]+)\s*(?::|>=|<=|>|<)", query))
        assert asked <= known.keys(), text[:80]


def test_the_dashboard_shows_each_of_its_panels_once():
    [board] = [body for (kind, _), body in saved().items() if kind == "dashboard"]
    panels = json.loads(board["attributes"]["panelsJSON"])
    named = {f"{panel['panelIndex']}:{panel['panelRefName']}" for panel in panels}
    assert named == {each["name"] for each in board["references"]}
    cells = [
        (panel["gridData"]["x"] + x, panel["gridData"]["y"] + y)
        for panel in panels
        for x in range(panel["gridData"]["w"])
        for y in range(panel["gridData"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 48
