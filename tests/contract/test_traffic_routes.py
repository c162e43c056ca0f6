"""Which version a request reaches: weights, headers, paths, and the order of routes."""

import pytest
from tests.contract import chance
from tests.contract.waiting import converged

REQUESTS = 400


def test_without_weight_nobody_meets_the_canary_but_who_asks_for_it(entrance):
    asked = {"match": [{"headers": {"x-track": {"exact": "canary"}}}], "route": [entrance.to("canary")]}
    entrance.routes(asked, {"route": [entrance.to("stable", 100), entrance.to("canary", 0)]})
    entrance.answers_with("v2", x_track="canary")
    assert entrance.versions(50) == {"v1": 50}
    assert entrance.versions(20, x_track="other") == {"v1": 20}
    assert entrance.versions(20, x_track="canary") == {"v2": 20}


@pytest.mark.parametrize("share", [10, 50])
def test_a_weight_splits_traffic_within_what_chance_allows(entrance, share):
    entrance.split(stable=100, canary=0)
    entrance.answers_with("v1")
    entrance.split(stable=100 - share, canary=share)
    # Seen once it has arrived at one thread of the gateway; the bounds leave room for a few more requests.
    converged(lambda: "v2" in entrance.versions(20), "the first requests on the canary", times=3)
    found = entrance.versions(REQUESTS)
    assert set(found) == {"v1", "v2"}
    assert chance.allows(found["v2"], REQUESTS, share / 100), found


def test_all_weight_means_all(entrance):
    entrance.split(stable=0, canary=100)
    entrance.answers_with("v2")
    assert entrance.versions(100) == {"v2": 100}


def test_a_host_that_nobody_serves_is_not_found(entrance):
    entrance.split(stable=100, canary=0)
    entrance.answers_with("v1")
    assert entrance.get(Host=f"x{entrance.host}").status_code == 404


def test_the_first_route_that_matches_decides(entrance):
    special = {"match": [{"uri": {"exact": "/a/special"}}], "route": [entrance.to("canary")]}
    prefix = {"match": [{"uri": {"prefix": "/a"}}], "route": [entrance.to("stable")]}
    shadowed = {"match": [{"uri": {"exact": "/a/shadowed"}}], "route": [entrance.to("canary")]}
    entrance.routes(special, prefix, shadowed)
    entrance.answers_with("v2", "/a/special")
    assert entrance.versions(1, "/a/other") == {"v1": 1}
    assert entrance.versions(1, "/a/shadowed") == {"v1": 1}
    assert entrance.versions(1, "/b") == {"404": 1}


def test_paths_match_exactly_by_prefix_and_by_pattern(entrance):
    matches = [{"uri": {"exact": "/exact"}}, {"uri": {"prefix": "/pre"}}, {"uri": {"regex": "/item/[0-9]+"}}]
    entrance.routes({"match": matches, "route": [entrance.to("stable")]})
    entrance.answers_with("v1", "/exact")
    found = ("/exact", "/prefixed", "/pre/fixed", "/item/42", "/exact?query=1")
    assert [entrance.get(path).status_code for path in found] == [200] * len(found)
    missed = ("/exact/", "/pr", "/item/x", "/item/4/2", "/")
    assert [entrance.get(path).status_code for path in missed] == [404] * len(missed)


def test_all_conditions_of_a_match_must_hold_and_one_match_is_enough(entrance):
    both = {"uri": {"prefix": "/a"}, "method": {"exact": "GET"}, "headers": {"x-team": {"prefix": "blue"}}}
    query = {"queryParams": {"try": {"exact": "new"}}}
    entrance.routes({"match": [both, query], "route": [entrance.to("canary")]}, {"route": [entrance.to("stable")]})
    entrance.answers_with("v2", "/a", x_team="blue-1")
    assert entrance.versions(1, "/a") == {"v1": 1}
    assert entrance.versions(1, "/b", x_team="blue-1") == {"v1": 1}
    assert entrance.versions(1, "/b?try=new") == {"v2": 1}


def test_a_path_is_rewritten_and_headers_are_set(entrance):
    headers = {"request": {"set": {"x-sent": "yes"}}, "response": {"set": {"x-routed-by": "mesh"}}}
    rewritten = {"match": [{"uri": {"prefix": "/old/"}}], "rewrite": {"uri": "/new/"}, "headers": headers}
    entrance.routes({**rewritten, "route": [entrance.to("stable")]})
    entrance.answers_with("v1", "/old/place")
    answer = entrance.get("/old/place")
    assert answer.json()["path"] == "/new/place"
    assert answer.json()["headers"]["X-Sent"] == "yes"
    assert answer.headers["x-routed-by"] == "mesh"


def test_a_redirect_is_answered_by_the_gateway(entrance):
    entrance.routes({"redirect": {"uri": "/there", "redirectCode": 302}})
    converged(lambda: entrance.session.get(**request(entrance)).status_code == 302, "the redirect")
    assert entrance.session.get(**request(entrance)).headers["Location"].endswith("/there")


def request(entrance):
    url = entrance.site.api.gateway_url + "/here"
    return {"url": url, "headers": {"Host": entrance.host}, "allow_redirects": False}


def test_an_unknown_subset_is_answered_with_503(entrance):
    entrance.routes({"route": [entrance.to("nowhere")]})
    converged(lambda: entrance.get().status_code == 503, "the answer for an unknown subset")


def test_hosts_do_not_disturb_each_other(entrance, shared_site):
    entrance.split(stable=100, canary=0)
    entrance.answers_with("v1")
    other = shared_site.entrance(app="backend", track="canary")
    try:
        other.open()
        other.answers_with("v2")
        assert entrance.versions(20) == {"v1": 20}
    finally:
        other.close()
