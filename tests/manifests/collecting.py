"""The configuration of a collector as it runs: the files of its ConfigMap, merged as `--config` merges them."""

import yaml
from tests.manifests.rendered import REPOSITORY, named, of_kind, pod_of, render

COLLECTOR = REPOSITORY / "observability/otel-collector"
JAEGER = REPOSITORY / "observability/jaeger"
SERVING = ("Deployment", "StatefulSet", "DaemonSet")
# The keys of a pipeline, and where what they name is declared: connectors end one pipeline and begin another.
PARTS = {
    "receivers": ("receivers", "connectors"),
    "processors": ("processors",),
    "exporters": ("exporters", "connectors"),
}


def workload_of(objects, name):
    """Return what runs under a name."""
    return next(body for body in of_kind(objects, *SERVING) if body["metadata"]["name"] == name)


def container_of(objects, name):
    [container] = pod_of(workload_of(objects, name))["containers"]
    return container


def config_files(objects, name):
    """Return the files that a workload's container is started with, by the names in its ConfigMap."""
    [volume] = [each for each in pod_of(workload_of(objects, name))["volumes"] if "configMap" in each]
    data = named(objects, "ConfigMap", volume["configMap"]["name"])["data"]
    started = [each.rpartition("/")[2] for each in container_of(objects, name)["args"]]
    return {file: data[file] for file in started}


def configuration(objects, name):
    """Return the configuration of a workload as its collector reads it."""
    merged = {}
    for text in config_files(objects, name).values():
        _merge(merged, yaml.safe_load(text))
    return merged


def _merge(into, more):
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def pipelines(config):
    return config["service"]["pipelines"]


def listening(config):
    """Return every port that a configuration opens."""
    found = {int(text.rpartition(":")[2]) for text in _endpoints(config.get("receivers", {}), "0.0.0.0:")}
    found |= {int(text.rpartition(":")[2]) for text in _endpoints(config.get("extensions", {}), "0.0.0.0:")}
    found |= {int(text.rpartition(":")[2]) for text in _endpoints(config.get("exporters", {}), "0.0.0.0:")}
    readers = config["service"]["telemetry"]["metrics"]["readers"]
    return found | {reader["pull"]["exporter"]["prometheus"]["port"] for reader in readers}


def targets(config):
    """Return (host, port) of everything that a configuration sends to."""
    sent = [each["endpoint"] for each in config["exporters"].values() if each and "tls" in each]
    return {(text.rpartition(":")[0], int(text.rpartition(":")[2])) for text in sent}


def _endpoints(value, start):
    if isinstance(value, dict):
        for each in value.values():
            yield from _endpoints(each, start)
    elif isinstance(value, str) and value.startswith(start):
        yield value


def both():
    """Return the objects of the collector and of Jaeger, which stand in one namespace."""
    return [*render(COLLECTOR), *render(JAEGER)]
