"""Which metrics there are: the world's, those that the services count with, and those that the rules record."""

from functools import cache

import yaml
from prometheus_client.parser import text_string_to_metric_families
from tests.dashboards import world

from chassis.metrics import Metrics
from embedded.prometheus import RULES

# Made by Prometheus itself, of alerts.
ALERTS = "ALERTS"


@cache
def known():
    """Return every name that a dashboard may use."""
    return {each.name for each in world.SERIES} | _counted() | _recorded() | {ALERTS}


def _counted():
    metrics = Metrics("order", "v1")
    metrics.observe("GET", "/orders", 200, 0.1, None)
    text, _kind = metrics.expose("text/plain")
    return {sample.name for each in text_string_to_metric_families(text.decode()) for sample in each.samples}


def _recorded():
    groups = [group for path in RULES.glob("*.yaml") for group in yaml.safe_load(path.read_text())["groups"]]
    return {rule["record"] for group in groups for rule in group["rules"] if "record" in rule}
