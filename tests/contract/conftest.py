"""A cluster behind a kubeconfig: the embedded one, started here, or the one that --cluster names."""

import shutil
import uuid
from contextlib import contextmanager

import pytest
from kubernetes import client, config
from tests.contract import capabilities
from tests.contract.clusters import under_test
from tests.contract.differences import DIFFERENCES
from tests.contract.kubectl import Kubectl
from tests.contract.pods import Pods
from tests.contract.raw import Raw
from tests.contract.site import Site, backend
from tests.contract.workloads import Workloads

IN_THE_MESH = {"istio-injection": "enabled"}


@pytest.fixture(scope="session")
def cluster(request, tmp_path_factory):
    named = request.config.getoption("--cluster")
    with under_test(named, tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture(scope="session")
def api_client(cluster):
    with config.new_client_from_config(cluster.kubeconfig, cluster.context) as opened:
        yield opened


@pytest.fixture(scope="session")
def differs(cluster):
    """Tell whether this cluster is the one that differs: `differs("mtls")` is the entry on the embedded cluster."""
    return lambda key: DIFFERENCES[key] if cluster.embedded else None


@pytest.fixture(scope="session")
def needs(cluster, api_client):
    """Skip a test of what not every cluster has: `needs("metrics")`. The embedded one has all of it, or is broken."""

    def needs(name):
        if not capabilities.has(api_client, name):
            assert not cluster.embedded, f"the embedded cluster has lost its {capabilities.NAMES[name]}"
            pytest.skip(f"this cluster has no {capabilities.NAMES[name]}")

    return needs


@contextmanager
def made_namespace(api_client, **labels):
    core = client.CoreV1Api(api_client)
    name = f"contract-{uuid.uuid4().hex[:8]}"
    core.create_namespace({"metadata": {"name": name, "labels": labels}})
    try:
        yield name
    finally:
        core.delete_namespace(name)


@pytest.fixture
def namespace(api_client):
    with made_namespace(api_client) as name:
        yield name


@contextmanager
def made_site(cluster, api_client):
    with made_namespace(api_client, **IN_THE_MESH) as name, cluster.connect(name) as api:
        site = Site(api)
        site.furnish()
        yield site


@pytest.fixture(scope="session")
def shared_site(cluster, api_client, needs):
    """A namespace in the mesh with a stable and a canary version that no test changes."""
    needs("mesh")
    with made_site(cluster, api_client) as site:
        site.start(backend("stable"), backend("canary", track="canary", image="user:v2"))
        yield site


@pytest.fixture
def site(cluster, api_client, needs):
    """A namespace in the mesh for one test, which starts what it needs."""
    needs("mesh")
    with made_site(cluster, api_client) as made:
        yield made


@pytest.fixture
def entrance(shared_site):
    """A host of its own for one test, which leads to the stable and the canary version once the test says so."""
    made = shared_site.entrance(app="backend")
    made.rule()
    yield made
    made.close()


@pytest.fixture
def kubectl(cluster, namespace, tmp_path):
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    return Kubectl(cluster, namespace, tmp_path)


@pytest.fixture
def raw(api_client, namespace):
    return Raw(api_client, namespace)


@pytest.fixture
def pods(api_client, namespace):
    return Pods(api_client, namespace)


@pytest.fixture
def workloads(api_client, namespace):
    return Workloads(api_client, namespace)
