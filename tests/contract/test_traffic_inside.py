"""The mesh from inside: what a pod gets that calls a Service by its name."""

import pytest
from tests.contract.callers import ask
from tests.contract.pods import Pods

# Callers are pods of their own, which have to start.
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def callers(api_client, shared_site):
    return Pods(api_client, shared_site.namespace)


def inside(entrance, *routes):
    """Set routes for callers inside the mesh."""
    spec = {"hosts": [entrance.name], "http": list(routes)}
    entrance.site.put(entrance.site.api.virtual_services, "VirtualService", entrance.name, spec)


def url(entrance, path="/"):
    return f"http://{entrance.name}:8080{path}"


def test_a_service_is_reached_by_its_name(entrance, callers):
    assert ask(callers, url(entrance), "200") == "200"


def test_routes_hold_inside_too(entrance, callers):
    broken = {"fault": {"abort": {"httpStatus": 418, "percentage": {"value": 100}}}, "route": [entrance.to("stable")]}
    inside(entrance, {"match": [{"uri": {"prefix": "/teapot"}}], **broken}, {"route": [entrance.to("stable")]})
    assert ask(callers, url(entrance, "/teapot"), "418") == "418"
    assert ask(callers, url(entrance), "200") == "200"


def test_a_timeout_holds_inside_too(entrance, callers):
    inside(entrance, {"timeout": "0.3s", "route": [entrance.to("stable")]})
    assert ask(callers, url(entrance, "/?ms=1500"), "504", times=2) == "504"


def test_routes_of_the_gateway_do_not_hold_inside(entrance, callers):
    entrance.routes({"fault": {"abort": {"httpStatus": 418, "percentage": {"value": 100}}}, "route": [entrance.to()]})
    assert ask(callers, url(entrance), "200") == "200"
