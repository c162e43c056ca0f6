"""Kubernetes as the OpenTelemetry collector sees it: Deployments, pods, autoscalers, and what pods use."""

from __future__ import annotations

from monitoring.dashboards import promql
from monitoring.dashboards.dashboard import Dashboard, Row
from monitoring.dashboards.panels import Panel
from monitoring.dashboards.query import Query
from monitoring.dashboards.variables import Variable

_NAMESPACE = 'k8s_namespace_name="$namespace"'
_DEPLOYMENTS = (_NAMESPACE, 'k8s_deployment_name=~"$deployment"')
_AUTOSCALERS = (_NAMESPACE, 'k8s_hpa_name=~"$deployment"')
# Names of pods begin with that of their Deployment; a canary's begin with that of its service, too.
_PODS = (_NAMESPACE, 'k8s_pod_name=~"$deployment-.+"')
_POD = "{{k8s_pod_name}}"
_DESIRED = "k8s_deployment_desired"
# The collector counts a phase as a number.
_PHASES = {"Pending": 1, "Running": 2, "Succeeded": 3, "Failed": 4, "Unknown": 5}


def _by_pod(metric: str) -> str:
    return f"sum by (k8s_pod_name) ({promql.selected(metric, *_PODS)})"


def _used(what: str, metric: str, unit: str) -> Panel:
    return Panel(f"{what} by pod", f"{what} that each pod uses.", (Query(_by_pod(metric), _POD),), unit=unit)


def _share(what: str, metric: str, limit: str, of: str) -> Panel:
    query = Query(f"{_by_pod(metric)} / {_by_pod(limit)}", _POD)
    about = f"{what} that each pod uses, as a share of what its containers {of}; pods that {of} none are not drawn."
    return Panel(f"{what}: share of {of}", about, (query,), unit="percentunit")


_ROLLOUT = Row(
    "Deployments and pods",
    (
        Panel(
            "Replicas",
            "How many pods each Deployment should have, and how many can answer.",
            (
                Query(promql.selected(_DESIRED, *_DEPLOYMENTS), "{{k8s_deployment_name}} desired"),
                Query(promql.selected("k8s_deployment_available", *_DEPLOYMENTS), "{{k8s_deployment_name}} available"),
            ),
            unit="none",
        ),
        Panel(
            "Pods by phase",
            "How many pods are in each phase.",
            tuple(
                Query(f"count ({promql.selected('k8s_pod_phase', *_PODS)} == {number})", phase)
                for phase, number in _PHASES.items()
            ),
            unit="none",
            stacked=True,
        ),
        Panel(
            "Restarts",
            "How often the containers of each pod were started again since the pod was made.",
            (Query(_by_pod("k8s_container_restarts"), _POD),),
            unit="none",
        ),
    ),
)

_SCALING = Row(
    "Autoscalers",
    (
        Panel(
            "Replicas of autoscalers",
            "How many pods an autoscaler sees, wants, and may have at most; empty where there is none.",
            tuple(
                Query(promql.selected(f"k8s_hpa_{what}_replicas", *_AUTOSCALERS), f"{{{{k8s_hpa_name}}}} {what}")
                for what in ("current", "desired", "max")
            ),
            unit="none",
            width=24,
        ),
    ),
)

_CPU, _MEMORY = "k8s_pod_cpu_usage", "k8s_pod_memory_working_set_bytes"
_RESOURCES = Row(
    "Resources",
    (
        _used("CPU", _CPU, "none"),
        _share("CPU", _CPU, "k8s_container_cpu_request", "request"),
        _used("Memory", _MEMORY, "bytes"),
        _share("Memory", _MEMORY, "k8s_container_memory_request_bytes", "request"),
        _share("Memory", _MEMORY, "k8s_container_memory_limit_bytes", "limit"),
    ),
)

DASHBOARD = Dashboard(
    "kubernetes",
    "Kubernetes",
    "Deployments, pods and autoscalers of a namespace, and what its pods use of what they requested.",
    (
        Variable("namespace", _DESIRED, "k8s_namespace_name", default="shop"),
        Variable("deployment", promql.selected(_DESIRED, _NAMESPACE), "k8s_deployment_name"),
    ),
    (_ROLLOUT, _SCALING, _RESOURCES),
)
