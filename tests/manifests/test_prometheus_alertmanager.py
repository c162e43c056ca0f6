"""What stands in observability/prometheus and observability/alertmanager fits together, and tells the right people."""

import shutil
import subprocess

import pytest
import yaml
from tests.manifests import policies
from tests.manifests.rendered import REPOSITORY, named, pod_of, render

PROMETHEUS = REPOSITORY / "observability/prometheus"
ALERTMANAGER = REPOSITORY / "observability/alertmanager"
OWN = REPOSITORY / ".tools/alertmanager/bin"
ADDRESS = "https://pager.example.com/hook?team=a&key=it%27s"


def amtool(*arguments):
    found = shutil.which("amtool", path=str(OWN)) or shutil.which("amtool")
    if found is None:
        pytest.skip(f"amtool is neither in {OWN} nor on PATH")
    command = [found, *[str(argument) for argument in arguments]]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def configured(folder, **receivers):
    """Return the configuration that the pod writes when the Secret has these keys."""
    secret, target = folder / "secret", folder / "alertmanager.yaml"
    secret.mkdir()
    for name, address in receivers.items():
        (secret / name).write_text(address)
    subprocess.run(["/bin/sh", ALERTMANAGER / "configure.sh", secret, target], check=True)
    return target


@pytest.mark.parametrize("receivers", [{}, {"pages": ADDRESS}, {"pages": f"{ADDRESS}\n", "tickets": ADDRESS}])
def test_the_configuration_is_valid_with_and_without_receivers(receivers, tmp_path):
    path = configured(tmp_path, **receivers)
    done = amtool("check-config", path)
    assert done.returncode == 0, done.stdout + done.stderr
    hooks = {each["name"]: each.get("webhook_configs") for each in yaml.safe_load(path.read_text())["receivers"]}
    assert hooks == {name: [{"url": ADDRESS}] if name in receivers else None for name in ("pages", "tickets")}
    assert path.stat().st_mode & 0o077 == 0, "the address may be a secret"


def test_a_wrong_route_is_found(tmp_path):
    path = configured(tmp_path)
    path.write_text(path.read_text().replace("receiver: pages", "receiver: pager"))
    assert amtool("check-config", path).returncode != 0


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["alertname=AvailabilityBurnsFast", "severity=page", "slo=availability", "service=order"], "pages"),
        (["alertname=GatewayUnseen", "severity=page"], "pages"),
        (["alertname=AvailabilityBurnsSlow", "severity=ticket", "slo=availability", "service=order"], "tickets"),
        (["alertname=TargetDown", "severity=ticket", "namespace=shop"], "tickets"),
        (["alertname=NewOne"], "tickets"),
    ],
)
def test_pages_wake_somebody_and_tickets_wait(labels, receiver, tmp_path):
    done = amtool("config", "routes", "test", f"--config.file={configured(tmp_path)}", *labels)
    assert done.stdout.split() == [receiver], done.stderr


def test_alertmanager_is_restricted_and_has_its_limits():
    objects = render(ALERTMANAGER)
    assert list(policies.pods_are_restricted(objects)) == []
    assert list(policies.resources_are_set(objects)) == []
    pod_of(named(objects, "Deployment", "alertmanager"))["initContainers"][0].pop("resources")
    assert list(policies.resources_are_set(objects)) != []


def test_it_asks_kubernetes_for_nothing():
    assert pod_of(named(render(ALERTMANAGER), "Deployment", "alertmanager"))["automountServiceAccountToken"] is False


def test_prometheus_sends_alerts_to_the_service_of_alertmanager():
    config = yaml.safe_load((PROMETHEUS / "prometheus.yaml").read_text())
    service = named(render(ALERTMANAGER), "Service", "alertmanager")
    [manager] = config["alerting"]["alertmanagers"]
    assert manager["static_configs"] == [{"targets": [f"alertmanager:{service['spec']['ports'][0]['port']}"]}]


@pytest.mark.parametrize("folder", [PROMETHEUS, ALERTMANAGER], ids=lambda folder: folder.name)
def test_both_are_read_like_any_pod_at_the_port_that_they_listen_on(folder):
    template = named(render(folder), "Deployment", folder.name)["spec"]["template"]
    [port] = template["spec"]["containers"][0]["ports"]
    assert template["metadata"]["annotations"]["prometheus.io/scrape"] == "true"
    assert template["metadata"]["annotations"]["prometheus.io/port"] == str(port["containerPort"])
    assert template["metadata"]["labels"]["app"] == folder.name


def test_every_rule_file_is_in_the_pod():
    [rules] = [
        body for body in render(PROMETHEUS) if body["kind"] == "ConfigMap" and "rules" in body["metadata"]["name"]
    ]
    assert set(rules["data"]) == {path.name for path in (PROMETHEUS / "rules").glob("*.yaml")}


def test_prometheus_keeps_what_the_alerts_look_back_at():
    [container] = pod_of(named(render(PROMETHEUS), "Deployment", "prometheus"))["containers"]
    [kept] = [argument.split("=")[1] for argument in container["args"] if "retention.time" in argument]
    rates = yaml.safe_load((REPOSITORY / "observability/slo/alerting/burn-rates.yaml").read_text())["burn_rates"]
    assert int(kept.removesuffix("d")) >= max(int(each["long"][:-1]) for each in rates if each["long"].endswith("d"))
