"""What the manifests say about the services is true: paths of probes, settings, migrations, the user they run as."""

import importlib
import importlib.util
import re

import pytest
from opentelemetry.sdk.environment_variables import OTEL_BSP_SCHEDULE_DELAY
from tests.manifests.policies import settings_of
from tests.manifests.rendered import (
    OVERLAYS,
    REPOSITORY,
    containers,
    named,
    of_kind,
    package_of,
    pod_labels,
    pod_of,
    render,
)

# What the SDK of OpenTelemetry reads itself.
OF_THE_SDK = {OTEL_BSP_SCHEDULE_DELAY}
GATEWAY = REPOSITORY / "istio/gateway"
DEPLOYMENTS = [
    pytest.param(deployment, overlay, id=f"{overlay.name}-{deployment['metadata']['name']}")
    for overlay in OVERLAYS
    for deployment in of_kind(render(overlay), "Deployment")
]

TELEMETRIES = [
    pytest.param(telemetry, id=f"{folder.name}-{telemetry['metadata']['name']}")
    for folder in [*OVERLAYS, GATEWAY]
    for telemetry in of_kind(render(folder), "Telemetry")
]


def service_of(deployment):
    return pod_labels(deployment)["app"]


@pytest.fixture
def settings(monkeypatch, tmp_path):
    """Builds a service's settings from the ConfigMaps that its container reads, and from nothing else."""

    def build(deployment, overlay):
        values = settings_of(deployment, render(overlay))
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        kind = importlib.import_module(f"{package_of(service_of(deployment))}.config").Settings
        unknown = {name for name in values if name.lower() not in kind.model_fields} - OF_THE_SDK
        return kind(database_url=f"sqlite:///{tmp_path}/test.db"), unknown

    return build


@pytest.mark.parametrize(("deployment", "overlay"), DEPLOYMENTS)
def test_every_setting_is_known_and_valid(deployment, overlay, settings):
    built, unknown = settings(deployment, overlay)
    assert unknown == set()
    assert built.otel_traces_sampler == "parentbased_always_on"


@pytest.mark.parametrize(("deployment", "overlay"), DEPLOYMENTS)
def test_probes_and_metrics_ask_paths_that_the_service_has(deployment, overlay, settings):
    app = importlib.import_module(f"{package_of(service_of(deployment))}.app").create_app(
        settings(deployment, overlay)[0]
    )
    known = {rule.rule for rule in app.url_map.iter_rules()}
    [container] = pod_of(deployment)["containers"]
    asked = {probe["httpGet"]["path"] for name, probe in container.items() if name.endswith("Probe")}
    asked.add(deployment["spec"]["template"]["metadata"]["annotations"]["prometheus.io/path"])
    assert asked == {"/livez", "/readyz", "/metrics"}
    assert asked <= known


@pytest.mark.parametrize(("deployment", "overlay"), DEPLOYMENTS)
def test_the_migration_is_a_module_of_the_service(deployment, overlay):
    job = named(render(overlay), "Job", f"{service_of(deployment)}-migrate")
    [migrate] = pod_of(job)["containers"]
    assert migrate["image"] == containers(deployment)[0]["image"]
    assert migrate["command"][:2] == ["python", "-m"]
    assert importlib.util.find_spec(migrate["command"][2]) is not None


@pytest.mark.parametrize(("deployment", "overlay"), DEPLOYMENTS)
def test_it_runs_as_the_user_of_the_image(deployment, overlay):
    dockerfile = (REPOSITORY / "services" / package_of(service_of(deployment)) / "Dockerfile").read_text()
    user = re.search(r"^USER (\d+)", dockerfile, re.MULTILINE)
    assert user is not None
    assert pod_of(deployment)["securityContext"]["runAsUser"] == int(user[1])


def test_order_finds_user_under_the_name_of_its_service():
    objects = render(OVERLAYS[0])
    [order] = [each for each in of_kind(objects, "Deployment") if service_of(each) == "order"]
    [user] = [each for each in of_kind(objects, "Service") if each["metadata"]["name"] == "user"]
    assert settings_of(order, objects)["USER_URL"] == f"http://user:{user['spec']['ports'][0]['port']}"


@pytest.mark.parametrize("telemetry", TELEMETRIES)
def test_proxies_begin_every_trace_as_the_services_do(telemetry):
    """Whoever comes first decides for all: of what a gateway leaves out, no service behind it sends a span."""
    assert [each["randomSamplingPercentage"] for each in telemetry["spec"]["tracing"]] == [100]


def test_the_gateway_begins_traces_too():
    [telemetry] = of_kind(render(GATEWAY), "Telemetry")
    assert telemetry["spec"]["selector"]["matchLabels"] == {"istio": "ingressgateway"}
    assert telemetry["metadata"]["namespace"] == "istio-system"


def test_the_mesh_gives_up_on_user_before_order_does():
    [route] = named(render(OVERLAYS[0]), "VirtualService", "user-mesh")["spec"]["http"]
    patience = importlib.import_module("order.config").Settings.model_fields["user_timeout_seconds"].default
    assert float(route["timeout"].removesuffix("s")) < patience
