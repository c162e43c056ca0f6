"""What the configuration of a collector must keep to: each policy yields the breaches that it finds in one."""

from tests.manifests.collecting import PARTS, pipelines

# What forgets the connection by which a span came.
FORGETFUL = {"batch", "tail_sampling"}


def kind_of(component):
    """Return the type of a component: `otlp_grpc` of `otlp_grpc/jaeger`."""
    return component.partition("/")[0]


def components_are_declared_and_used(config):
    used = {kind: set() for kind in ("receivers", "processors", "exporters", "connectors")}
    for name, pipeline in pipelines(config).items():
        for part, places in PARTS.items():
            for component in pipeline.get(part, []):
                found = [place for place in places if component in config.get(place, {})]
                if not found:
                    yield f"{name} names {component}, which is not declared"
                for place in found:
                    used[place].add(component)
    for place, names in used.items():
        yield from (f"{each} is declared and not used" for each in sorted(set(config.get(place, {})) - names))
    if set(config["extensions"]) != set(config["service"]["extensions"]):
        yield "extensions declared are not those started"


def connectors_lead_on(config):
    for connector in config.get("connectors", {}):
        into = [name for name, each in pipelines(config).items() if connector in each["exporters"]]
        out = [name for name, each in pipelines(config).items() if connector in each["receivers"]]
        if not into or not out:
            yield f"{connector} leads from {into} to {out}"


def memory_is_limited_first(config):
    for name, pipeline in pipelines(config).items():
        comes_in = any(receiver in config["receivers"] for receiver in pipeline["receivers"])
        if comes_in and pipeline.get("processors", [""])[0] != "memory_limiter":
            yield f"{name} takes in more than the collector bears"


def pods_are_named_before_they_are_forgotten(config):
    """By the connection a span came by, so in the pipeline that it comes in by, before anything that forgets it."""
    sources = config["processors"]["k8s_attributes"]["pod_association"]
    if {"from": "connection"} not in [source for each in sources for source in each["sources"]]:
        yield "spans are not told by their connection"
    for name, pipeline in pipelines(config).items():
        kinds = [kind_of(each) for each in pipeline.get("processors", [])]
        before = kinds[: kinds.index("k8s_attributes")] if "k8s_attributes" in kinds else FORGETFUL
        if name.startswith("traces") and "otlp" in pipeline["receivers"] and FORGETFUL & set(before):
            yield f"{name} does not know whose spans it has"


def everything_is_counted(config):
    for name, pipeline in pipelines(config).items():
        if "span_metrics" in pipeline["exporters"] and "tail_sampling" in pipeline.get("processors", []):
            yield f"{name} counts what sampling has left"
        if "span_metrics" in pipeline["exporters"] and "otlp" not in pipeline["receivers"]:
            yield f"{name} does not count what comes in"


def nothing_gets_past_the_sampling(config):
    for name, pipeline in pipelines(config).items():
        stores = [each for each in pipeline["exporters"] if kind_of(each).startswith("otlp")]
        if stores and "tail_sampling" not in pipeline.get("processors", []):
            yield f"{name} stores every trace"


def versions_are_one_series(config):
    """The connector keeps counts by resource, a pod, and what differs in no label would hide the other pods' counts."""
    spans = config["connectors"]["span_metrics"]
    labels = {each["name"] for each in spans["dimensions"]}
    if not {"service.version", "track", "http.route", "http.response.status_code"} <= labels:
        yield "versions, tracks or outcomes are counted together"
    keys = set(spans.get("resource_metrics_key_attributes", []))
    if not {"service.name", "service.version", "track"} <= keys or any(key.startswith("k8s.pod") for key in keys):
        yield "pods of a version hide each other"


POLICIES = [
    components_are_declared_and_used,
    connectors_lead_on,
    everything_is_counted,
    memory_is_limited_first,
    nothing_gets_past_the_sampling,
    pods_are_named_before_they_are_forgotten,
    versions_are_one_series,
]
