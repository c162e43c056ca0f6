"""The recording rules that every judgement rests on, tried with promtool; and the Prometheus that evaluates them."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from tests.unit.mesh.mesh_lab import HOST, Lab, pod, ports, until

from embedded.apiserver.resources import PODS
from embedded.apiserver.store import Store
from embedded.mesh.addresses import Address
from embedded.mesh.bootstrap import BUCKETS
from embedded.prometheus import RULES, Prometheus, prometheus_binary, target_group

CANARY = "outbound|8080|canary|order.shop.svc.cluster.local"
PREVIEW = "outbound|8080||order-preview.shop.svc.cluster.local"


def tool(name: str) -> str:
    """Return the path of Prometheus or of promtool beside it."""
    try:
        prometheus = Path(prometheus_binary())
    except FileNotFoundError as error:
        pytest.skip(str(error))
    found = shutil.which(name, path=str(prometheus.parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not beside {prometheus} and not on PATH")
    return found


def rules_hold(folder: Path, series: dict[str, str], query: str, wanted: dict[str, float]) -> None:
    """Let promtool evaluate the rules over these series and compare a query at 5 s."""
    test = {
        "rule_files": [str(RULES / "release.yaml")],
        "evaluation_interval": "500ms",
        "tests": [
            {
                "interval": "1s",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "promql_expr_test": [
                    {
                        "expr": query,
                        "eval_time": "5s",
                        "exp_samples": [{"labels": each, "value": value} for each, value in wanted.items()],
                    }
                ],
            }
        ],
    }
    path = folder / "test.yaml"
    path.write_text(yaml.safe_dump(test))
    done = subprocess.run([tool("promtool"), "test", "rules", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def requests(cluster: str, **labels: str) -> str:
    text = ",".join(f'{name}="{value}"' for name, value in {"envoy_cluster_name": cluster, **labels}.items())
    return f"envoy_cluster_upstream_rq{{{text}}}"


def test_requests_are_counted_by_track_and_code(tmp_path: Path) -> None:
    series = {
        requests(CANARY, envoy_response_code="200"): "0+10x5",
        requests(CANARY, envoy_response_code="503"): "0+1x5",
        # Classes of codes and the mesh's own side would count the same request twice.
        requests(CANARY, envoy_response_code_class="2xx"): "0+10x5",
        requests(f"{CANARY}~mesh", envoy_response_code="200"): "0+100x5",
        requests(PREVIEW, envoy_response_code="200"): "0+2x5",
    }
    name = "release:requests:total"
    common = f'{name}{{code="%s",namespace="shop",service="order",track="canary"}}'
    preview = f'{name}{{code="200",namespace="shop",service="order-preview"}}'
    rules_hold(tmp_path, series, name, {common % "200": 50, common % "503": 5, preview: 10})


def seen_by_istio(workload: str, **labels: str) -> str:
    """Return what a proxy of Istio's says about requests for order: to whom they went stands in its labels."""
    text = {
        "reporter": "source",
        "source_workload": "istio-ingressgateway",
        "destination_service_name": "order",
        "destination_service_namespace": "shop",
        "destination_workload": workload,
        **labels,
    }
    return "{" + ",".join(f'{name}="{value}"' for name, value in text.items()) + "}"


def test_istio_s_requests_take_the_same_form(tmp_path: Path) -> None:
    name = "istio_requests_total"
    series = {
        name + seen_by_istio("order", response_code="200"): "0+10x5",
        name + seen_by_istio("order-canary", response_code="200", pod="1"): "0+4x5",
        name + seen_by_istio("order-canary", response_code="200", pod="2"): "0+1x5",
        name + seen_by_istio("order-canary", response_code="503"): "0+2x5",
        name + seen_by_istio("unknown", response_code="503"): "0+3x5",
        # Seen from the pod, or sent by another service: the same request twice, or no user's.
        name + seen_by_istio("order", response_code="200", reporter="destination"): "0+100x5",
        name + seen_by_istio("order", response_code="200", source_workload="user"): "0+100x5",
    }
    record = "release:requests:total"
    wanted = f'{record}{{code="%s",namespace="shop",service="order",track="%s"}}'
    without = f'{record}{{code="503",namespace="shop",service="order"}}'
    expected = {wanted % ("200", "stable"): 50, wanted % ("200", "canary"): 25, wanted % ("503", "canary"): 10}
    rules_hold(tmp_path, series, record, {**expected, without: 15})


def test_istio_s_durations_take_the_same_form(tmp_path: Path) -> None:
    name = "istio_request_duration_milliseconds_bucket"
    series = {name + seen_by_istio("order-canary", le=bound): "0+3x5" for bound in ("0.5", "1", "250", "+Inf")}
    record = "release:duration_seconds:bucket"
    wanted = f'{record}{{le="%s",namespace="shop",service="order",track="canary"}}'
    rules_hold(tmp_path, series, record, {wanted % bound: 15 for bound in ("0.0005", "0.001", "0.25", "+Inf")})


@pytest.mark.parametrize(
    ("milliseconds", "seconds"),
    [
        ("1", "0.001"),
        ("15", "0.015"),
        ("10", "0.01"),
        ("250", "0.25"),
        ("100", "0.1"),
        ("1000", "1"),
        ("2500", "2.5"),
        ("10000", "10"),
        ("5.0", "0.005"),
        ("1000.0", "1"),
        ("+Inf", "+Inf"),
    ],
)
def test_durations_are_given_in_seconds(tmp_path: Path, milliseconds: str, seconds: str) -> None:
    series = {f'envoy_cluster_upstream_rq_time_bucket{{envoy_cluster_name="{CANARY}",le="{milliseconds}"}}': "0+3x5"}
    name = "release:duration_seconds:bucket"
    labels = f'{{le="{seconds}",namespace="shop",service="order",track="canary"}}'
    rules_hold(tmp_path, series, name, {name + labels: 15})


def test_buckets_are_fine_where_services_answer() -> None:
    assert 20 <= len(BUCKETS) <= 40
    assert list(BUCKETS) == sorted(set(BUCKETS))
    assert (BUCKETS[0], BUCKETS[-1]) == (1, 10_000)


def make(folder: Path, address: Address, envoy: Address) -> Prometheus:
    return Prometheus(Store(), folder, address, envoy)


def checked(config: Path) -> subprocess.CompletedProcess[str]:
    """Let promtool read a configuration and the rules that it names."""
    command = [tool("promtool"), "check", "config", str(config)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_configuration_is_valid(tmp_path: Path) -> None:
    make(tmp_path, Address(HOST, 9090), Address(HOST, 9902)).prepare()
    done = checked(tmp_path / "prometheus.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rule files found" in done.stdout


@pytest.mark.parametrize(
    ("written", "instead", "valid"),
    [("", "", True), ("scrape_configs", "scrape_config", False), ("action: keep", "action: keeep", False)],
)
def test_the_configuration_on_a_cluster_is_valid(tmp_path: Path, written: str, instead: str, valid: bool) -> None:
    """Debian builds Prometheus without the discovery of Kubernetes, so that part is left out of what promtool reads."""
    text = (RULES.parent / "prometheus.yaml").read_text().replace("/etc/prometheus-rules", str(RULES))
    config = yaml.safe_load(text.replace(written, instead))
    for job in config.get("scrape_configs", []):
        assert {each["role"] for each in job.pop("kubernetes_sd_configs")} == {"pod"}
    path = tmp_path / "prometheus.yaml"
    path.write_text(yaml.safe_dump(config))
    done = checked(path)
    assert (done.returncode == 0) is valid, done.stdout + done.stderr
    assert ("rule files found" in done.stdout) is valid


def annotated(**annotations: str) -> dict[str, Any]:
    body = pod("order-1", app="order", track="stable")
    body["metadata"]["annotations"] = {name.replace("__", "/"): value for name, value in annotations.items()}
    body["metadata"]["labels"]["app.kubernetes.io/part-of"] = "proving-ground"
    body["spec"]["containers"] = [{"name": "order", "ports": [{"containerPort": 8080}]}]
    body["status"] = {"podIP": "127.9.1.1"}
    return body


def test_annotated_pods_are_scraped_at_their_real_port() -> None:
    body = annotated(**{"prometheus.io/scrape": "true", "embedded.proving-ground/ports": '{"8080": 41234}'})
    group = target_group(body)
    assert group is not None
    assert group["targets"] == ["127.9.1.1:41234"]
    assert group["labels"]["track"] == "stable"
    assert group["labels"]["app_kubernetes_io_part_of"] == "proving-ground"
    assert target_group(annotated()) is None


async def test_the_list_of_pods_follows_the_store(tmp_path: Path) -> None:
    store = Store()
    prometheus = Prometheus(store, tmp_path, Address(HOST, 1), Address(HOST, 2))
    task = asyncio.create_task(prometheus.run())
    await until(lambda: (tmp_path / "pods.json").exists())
    body = annotated(**{"prometheus.io/scrape": "true", "prometheus.io/port": "9100"})
    status = body.pop("status")
    store.create(PODS, body)
    store.mutate(PODS, "shop", "order-1", lambda found: found.update(status=status), "status")
    await until(lambda: json.loads((tmp_path / "pods.json").read_text()))
    assert json.loads((tmp_path / "pods.json").read_text())[0]["targets"] == ["127.9.1.1:9100"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_request_through_the_gateway_is_counted_in_prometheus(lab: Lab, tmp_path: Path) -> None:
    """The whole way: gateway, Envoy's statistics, scrape, rule, query."""
    tool("prometheus")
    await lab.two_tracks()
    lab.weigh(0, 100)
    await lab.start()
    await lab.settled()
    address = Address(HOST, ports(1)[0])
    prometheus = make(tmp_path / "prometheus", address, lab.addresses.stats)
    prometheus.prepare()
    process = await asyncio.create_subprocess_exec(*prometheus.prometheus_command(), stderr=asyncio.subprocess.DEVNULL)
    try:
        await until(prometheus.ready)
        await lab.answers(7)

        async def value(query: str) -> float:
            url, query_of = f"http://{address}/api/v1/query", {"query": query}
            async with aiohttp.ClientSession() as session, session.get(url, params=query_of) as response:
                result = (await response.json())["data"]["result"]
            return float(result[0]["value"][1]) if result else 0

        async def is_counted() -> bool:
            total = 'release:requests:total{namespace="shop",service="order",track="canary",code="200"}'
            bucket = 'release:duration_seconds:bucket{service="order",track="canary",le="+Inf"}'
            return await value(total) >= 7 and await value(bucket) == await value(total)

        await until(is_counted)
    finally:
        process.terminate()
        await process.wait()
