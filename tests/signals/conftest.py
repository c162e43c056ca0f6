"""The shop on the cluster that --cluster names: an embedded one is started and staged, any other has it already."""

import pytest
from tests.contract.clusters import under_test
from tests.signals.matrix import PAGES
from tests.signals.walk import Walk

from cluster.stage import stage

OVERLAY = "embedded"


@pytest.fixture(scope="session")
def cluster(request, tmp_path_factory):
    named = request.config.getoption("--cluster")
    with under_test(named, tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture(scope="session")
def shop(cluster):
    # Git knows the embedded one's; elsewhere NAMESPACE says where the shop lives.
    with cluster.connect("shop" if cluster.embedded else None) as found:
        if cluster.embedded:
            stage(found, OVERLAY)
        yield found


@pytest.fixture(scope="session")
def walk(shop):
    return Walk(shop)


@pytest.fixture(scope="session", params=PAGES)
def sound(walk, request):
    """What the request of each page left behind on the shop as Git describes it."""
    return walk.go(service=request.param)
