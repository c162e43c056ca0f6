"""What the gateways' histograms have to tell: in time, and finely enough for the analysis of a release."""

import itertools
import json
from pathlib import Path

import pytest
import yaml
from tests.manifests.rendered import SERVICES

from delivery.counters.beside import FLUSH
from delivery.slo import load_slo
from embedded.mesh.bootstrap import BUCKETS

ROOT = Path(__file__).resolve().parents[2]
ANNOTATIONS = yaml.safe_load((ROOT / "istio/install/gateway.yaml").read_text())["podAnnotations"]
MILLISECONDS = json.loads(ANNOTATIONS["sidecar.istio.io/statsHistogramBuckets"])["istio"]
SCRAPES = {
    job["job_name"]: job
    for job in yaml.safe_load((ROOT / "observability/prometheus/prometheus.yaml").read_text())["scrape_configs"]
}


def test_both_gateways_have_the_same_bounds():
    assert tuple(MILLISECONDS) == BUCKETS


@pytest.mark.parametrize("service", SERVICES)
def test_the_threshold_of_every_objective_is_a_bound(service):
    assert load_slo(service).objectives.latency.threshold_seconds * 1000 in MILLISECONDS


def test_a_version_half_as_slow_again_is_in_another_class():
    assert all(high <= 1.5 * low for low, high in itertools.pairwise(MILLISECONDS) if 10 <= low < 1500)


def test_histograms_are_no_later_than_the_analysis_takes_them_to_be():
    assert float(ANNOTATIONS["sidecar.istio.io/statsFlushInterval"].removesuffix("s")) <= FLUSH


def test_the_gateway_is_read_every_second_and_its_raw_counters_are_kept():
    gateway = SCRAPES["gateway"]
    assert gateway["scrape_interval"] == "1s"
    [kept] = [rule["regex"] for rule in gateway["metric_relabel_configs"] if rule["action"] == "keep"]
    assert "istio_request.*" in kept
