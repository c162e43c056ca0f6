"""The drill on the live page, from annotations in the form of Grafana's."""

from embedded.observatory.pages import drill

DRILL = ["proving-ground", "drill:canary-errors"]


def told(number, at, *tags, end=None, text="", run=DRILL):
    return {"id": number, "time": at, "timeEnd": end or at, "tags": [*run, *tags], "text": text}


STAGE = told(1, 1000, "step:stage", "service:order", end=2000)
SHIFT = told(2, 3000, "step:shift", "weight:15", end=3500, text="15 % of the users")
ANALYSIS = told(3, 4000, "step:analysis")
JUDGED = told(4, 5000, "judgement", "verdict:Failed", text="too many errors")
END = told(5, 9000, "end", "verdict:Passed", "outcome:RolledBack")


def test_a_drill_that_runs():
    found = drill.latest([JUDGED, ANALYSIS, SHIFT, STAGE])
    assert (found["name"], found["service"], found["started"], found["ended"]) == ("canary-errors", "order", 1.0, None)
    assert [(step["name"], step["weight"], step["ended"]) for step in found["steps"]] == [
        ("stage", None, 2.0),
        ("shift", 15, 3.5),
        ("analysis", None, None),
    ]
    assert found["judgements"] == [{"at": 5.0, "verdict": "Failed", "text": "too many errors"}]


def test_a_drill_that_ended():
    found = drill.latest([END, STAGE])
    assert (found["verdict"], found["outcome"], found["ended"]) == ("Passed", "RolledBack", 9.0)


def test_the_verdict_of_a_judgement_is_not_that_of_the_drill():
    assert drill.latest([STAGE, JUDGED])["verdict"] == ""


def test_a_run_begins_after_the_end_of_the_last_one():
    again = told(6, 10_000, "step:steady state")
    assert [step["name"] for step in drill.latest([STAGE, END, again])["steps"]] == ["steady state"]


def test_a_run_begins_with_its_first_step_also_after_one_that_was_killed():
    again = told(6, 10_000, "step:stage")
    assert drill.latest([STAGE, SHIFT, again])["started"] == 10.0


def test_another_drill_is_another_run():
    other = told(6, 10_000, "step:start", run=["proving-ground", "drill:blue-green-slow"])
    assert drill.latest([STAGE, SHIFT, other])["name"] == "blue-green-slow"


def test_what_no_drill_told_is_left_out():
    foreign = told(9, 20_000, "deploy", run=["somebody"])
    assert drill.latest([foreign]) is None
    assert drill.latest([STAGE, foreign])["name"] == "canary-errors"


def test_a_weight_that_is_no_number_is_none():
    assert drill.latest([told(1, 1, "step:shift", "weight:many")])["steps"][0]["weight"] is None


def test_what_the_page_says_anyway_is_not_said_twice():
    step = told(1, 1, "step:stage", text="stage: what Git says")
    judged = told(2, 2, "judgement", "verdict:Failed", text="canary at 15 %: Failed: worse than stable")
    end = told(3, 3, "end", "verdict:Passed", text="Passed: rolled back")
    found = drill.latest([step, judged, end])
    assert found["steps"][0]["text"] == "what Git says"
    assert found["judgements"][0]["text"] == "canary at 15 %: worse than stable"
    assert found["text"] == "rolled back"
