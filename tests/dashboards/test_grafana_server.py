"""A real Grafana takes the files as they are: data sources, dashboards, a panel's query, and the notes of drills."""

import time

import pytest
import yaml
from tests.dashboards import grafana_lab
from tests.dashboards.questions import DASHBOARDS, of_panels
from tests.dashboards.test_queries import CHOSEN

needs_grafana = pytest.mark.skipif(
    grafana_lab.command() is None, reason="no Grafana here: neither GRAFANA_HOME is set nor is it on PATH"
)


@pytest.fixture(scope="module")
def grafana(busy, tmp_path_factory):
    with grafana_lab.running(tmp_path_factory.mktemp("grafana"), busy.url) as found:
        yield found


def test_the_lab_changes_nothing_but_where_things_are(tmp_path):
    folder = grafana_lab.provision(tmp_path, "http://127.0.0.1:1")
    wanted = yaml.safe_load((grafana_lab.GRAFANA / "provisioning/datasources/metrics.yaml").read_text())
    found = yaml.safe_load((folder / "datasources/metrics.yaml").read_text())
    assert found["datasources"][0].pop("url") == "http://127.0.0.1:1"
    wanted["datasources"][0].pop("url")
    assert found == wanted
    [provider] = yaml.safe_load((folder / "dashboards/dashboards.yaml").read_text())["providers"]
    assert provider["options"]["path"] == str(grafana_lab.FOLDER)


@needs_grafana
def test_every_data_source_is_there(grafana):
    assert {each["uid"] for each in grafana.ask("GET", "/api/datasources")} == {"prometheus", "alertmanager", "jaeger"}


@needs_grafana
@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_dashboard_is_loaded_whole(grafana, name):
    found = grafana.ask("GET", f"/api/dashboards/uid/proving-ground-{name}")
    assert found["meta"]["provisioned"]
    wanted = [(panel["title"], panel["type"]) for panel in DASHBOARDS[name]["panels"]]
    assert [(panel["title"], panel["type"]) for panel in found["dashboard"]["panels"]] == wanted


@needs_grafana
def test_a_note_can_be_written_ended_and_read(grafana):
    began = int(time.time() * 1000)
    tags = ["proving-ground", "drill:canary-errors", "step:shift"]
    made = grafana.ask("POST", "/api/annotations", {"time": began, "tags": tags, "text": "shift to 20 %"})
    grafana.ask("PATCH", f"/api/annotations/{made['id']}", {"timeEnd": began + 1000})
    path = f"/api/annotations?tags=proving-ground&tags=step:shift&from={began - 1000}&to={began + 2000}"
    [found] = grafana.ask("GET", path)
    assert (found["id"], found["time"], found["timeEnd"]) == (made["id"], began, began + 1000)
    assert sorted(found["tags"]) == sorted(tags)


@needs_grafana
def test_a_panel_s_query_is_answered(grafana, busy):
    [question] = [each for each in of_panels("release", DASHBOARDS["release"]) if "Requests by track" in str(each)]
    expr = question.put(CHOSEN["release"])
    source = {"type": "prometheus", "uid": "prometheus"}
    query = {"refId": "A", "datasource": source, "expr": expr, "range": True, "intervalMs": 1000, "maxDataPoints": 100}

    def frames():
        body = {"queries": [query], "from": "now-1m", "to": "now"}
        return grafana.ask("POST", "/api/ds/query", body)["results"]["A"]["frames"]

    assert busy.until(lambda: len(frames()) == 2), frames()
