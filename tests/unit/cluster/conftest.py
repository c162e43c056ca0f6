from collections.abc import Iterator

import pytest
from tests.unit.cluster.fake_api import FakeApi, fake_api

from cluster.client import Cluster

VARIABLES = (
    *("KUBECONFIG", "KUBECONTEXT", "NAMESPACE", "CONFIRM"),
    *("GATEWAY_URL", "PROMETHEUS_URL", "JAEGER_URL", "ELASTICSEARCH_URL", "GRAFANA_URL"),
)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with fake_api() as fake:
        yield fake


@pytest.fixture
def cluster(api: FakeApi, tmp_path) -> Iterator[Cluster]:
    with Cluster.connect(api.kubeconfig(tmp_path)) as connected:
        yield connected
