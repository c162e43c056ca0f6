"""Two clusters: one on which every panel has something to draw, and one on which nothing happens."""

import pytest
from tests.dashboards import exposition, prometheus_lab, world

_ORDER = {"namespace": "shop", "app": "order", "pod": "order-1", "track": "stable"}


def _jobs(port):
    target = f"127.0.0.1:{port}"
    yield {
        "job_name": "world",
        "honor_labels": True,
        "metrics_path": "/world",
        "static_configs": [{"targets": [target]}],
    }
    for version in ("v1", "v2"):
        labels = {**_ORDER, "version": version}
        where = [{"targets": [target], "labels": labels}]
        yield {"job_name": version, "metrics_path": f"/{version}", "static_configs": where}


@pytest.fixture(scope="package")
def busy(tmp_path_factory):
    """Return a Prometheus that sees the whole world."""
    with (
        exposition.serving(world.SERIES) as port,
        prometheus_lab.running(tmp_path_factory.mktemp("busy"), list(_jobs(port))) as prometheus,
    ):
        yield prometheus


@pytest.fixture(scope="package")
def silent(tmp_path_factory):
    """Return a Prometheus that sees nothing."""
    with prometheus_lab.running(tmp_path_factory.mktemp("silent"), []) as prometheus:
        yield prometheus
