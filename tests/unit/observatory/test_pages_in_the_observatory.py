"""The pages on the real observatory: they are told what drills have posted, and name the sources that are not there."""

import json
import time


async def snapshot(observatory):
    async with observatory.client.get("/events") as answer:
        lines = [await answer.content.readline() for _ in range(3)]
    return json.loads(lines[2].removeprefix(b"data: "))


async def post(observatory, tags, **more):
    body = {"time": int(time.time() * 1000), "tags": ["proving-ground", "drill:canary-slow", *tags], **more}
    status, _answer = await observatory.call("POST", "/api/annotations", json=body)
    assert status == 200


async def test_what_a_drill_posts_is_on_the_page(observatory):
    await post(observatory, ["step:stage"], text="what Git says")
    await post(observatory, ["step:shift", "weight:15"], text="15 % of the users")
    told = (await snapshot(observatory))["drill"]
    assert (told["name"], told["verdict"]) == ("canary-slow", "")
    assert [(step["name"], step["weight"], step["ended"]) for step in told["steps"]] == [
        ("stage", None, None),
        ("shift", 15, None),
    ]
    await post(observatory, ["end", "verdict:Passed", "outcome:RolledBack"], text="rolled back")
    assert (await snapshot(observatory))["drill"]["verdict"] == "Passed"


async def test_a_cluster_that_is_not_there_is_named(observatory):
    told = await snapshot(observatory)
    assert told["service"] is None
    assert told["troubles"]["cluster"] == "no cluster is named: start with --kubeconfig FILE"


async def test_pages_and_apis_do_not_take_each_others_addresses(observatory):
    for path in ("/", "/traces", "/logs"):
        async with observatory.client.get(path) as answer:
            assert answer.content_type == "text/html"
    assert (await observatory.get("/api/services"))[0] == 200
    assert (await observatory.get("/logs-proving_ground-default/_search"))[0] == 200
