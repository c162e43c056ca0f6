"""The dashboards find what drills note down, by the tags that drills really write: each verdict in its own colour."""

import time

import pytest
from tests.dashboards.questions import DASHBOARDS
from tests.unit.drills.test_drill_annotations import Grafana, release

from delivery.judgement import Verdict
from drills.annotations import annotated
from drills.record import Record
from drills.twins import TWINS


def noted(end):
    """Return the tags of a drill's notes, which ends with this verdict."""
    record, grafana = Record("canary", TWINS["errors"], "order", "embedded", "h", "v2", 200), Grafana()
    annotator = annotated(record, grafana)
    release(record)
    annotator.finish(end, "so it is")
    annotator.close(time.monotonic() + 10)
    return [set(tags) for _time, tags, _text in grafana.marks]


def found_by(dashboard, tags):
    """Return the names of the queries that find a note, the one that draws it first."""
    queries = dashboard["annotations"]["list"]
    return [each["name"] for each in queries if set(each["target"]["tags"]) <= tags]


@pytest.mark.parametrize("name", DASHBOARDS)
@pytest.mark.parametrize("verdict", [*Verdict, "Error"])
def test_each_note_is_drawn_in_the_colour_of_its_verdict(name, verdict):
    step, judgement, end = noted(verdict)
    assert found_by(DASHBOARDS[name], step) == ["Steps of the drill"]
    assert found_by(DASHBOARDS[name], judgement)[0] == "Failed"
    assert found_by(DASHBOARDS[name], end)[0] == verdict


def test_verdicts_have_colours_of_their_own():
    queries = DASHBOARDS["release"]["annotations"]["list"]
    assert len({each["iconColor"] for each in queries}) == len(queries)
    assert not any(each["target"]["matchAny"] for each in queries)


def test_the_release_lists_every_note():
    [panel] = [each for each in DASHBOARDS["release"]["panels"] if each["type"] == "annolist"]
    assert all(set(panel["options"]["tags"]) <= tags for tags in noted(Verdict.PASSED))
    assert panel["options"]["onlyFromThisDashboard"] is False, "drills know no dashboard"
