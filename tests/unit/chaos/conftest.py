import subprocess
import sys

import pytest
from tests.unit.cluster.fake_api import fake_api

from cluster.client import Cluster
from drills.chaos.api_proxy import ApiProxy

DEPLOYMENTS = "/apis/apps/v1/namespaces/shop/deployments"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("KUBECONFIG", "KUBECONTEXT", "NAMESPACE", "CONFIRM", "GATEWAY_URL", "PROMETHEUS_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def api():
    with fake_api() as fake:
        fake.put(f"{DEPLOYMENTS}/order", {"spec": {"replicas": 1}})
        yield fake


@pytest.fixture
def events():
    return []


@pytest.fixture
def proxy(api, tmp_path, events):
    """A proxy before the fake API server."""
    (tmp_path / "upstream").mkdir()
    with (
        Cluster.connect(api.kubeconfig(tmp_path / "upstream")) as cluster,
        ApiProxy(cluster.upstream(), "embedded", "shop", events.append) as proxy,
    ):
        yield proxy


@pytest.fixture
def through(proxy, tmp_path):
    """The same cluster through the proxy, by a client that tries nothing twice."""
    with Cluster.connect(proxy.write_kubeconfig(tmp_path)) as cluster:
        yield cluster.aside()


@pytest.fixture
def victim():
    """A process in a group of its own that only a signal ends."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    yield process
    process.kill()
    process.wait()
