"""The shop on the cluster that --cluster names: an embedded one is started and staged, any other has it already."""

import pytest
from tests.contract.clusters import ClusterUnderTest, existing, run_embedded
from tests.signals.walk import Walk

from cluster.errors import ClusterError
from cluster.settings import EMBEDDED_CONTEXT
from cluster.stage import stage

OVERLAY = "embedded"


@pytest.fixture(scope="session")
def cluster(request, tmp_path_factory):
    named = request.config.getoption("--cluster")
    if named != "embedded":
        try:
            found = existing(named)
        except ClusterError as error:
            pytest.exit(f"--cluster={named}: {error}", pytest.ExitCode.USAGE_ERROR)
        yield found
        return
    state = tmp_path_factory.mktemp("cluster")
    with pytest.MonkeyPatch.context() as environment:
        for name in ("GATEWAY_URL", "PROMETHEUS_URL", "JAEGER_URL", "ELASTICSEARCH_URL", "GRAFANA_URL"):
            environment.delenv(name, raising=False)
        try:
            run_embedded("up", state)
            yield ClusterUnderTest(str(state / "kubeconfig"), EMBEDDED_CONTEXT, embedded=True)
        finally:
            run_embedded("down", state)


@pytest.fixture(scope="session")
def shop(cluster):
    with cluster.connect("shop") as found:
        if cluster.embedded:
            stage(found, OVERLAY)
        yield found


@pytest.fixture(scope="session")
def walk(shop):
    return Walk(shop)


@pytest.fixture(scope="session")
def sound(walk):
    """What one order left behind on the shop as Git describes it."""
    return walk.go()
