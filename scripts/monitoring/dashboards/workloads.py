"""Kubernetes as the OpenTelemetry collector sees it: Deployments, pods, autoscalers, and what pods use."""

from __future__ import annotations

from monitoring.dashboards import promql
from monitoring.dashboards.dashboard import Dashboard, Row
from monitoring.dashboards.panels import Panel, Table
from monitoring.dashboards.query import Query
from monitoring.dashboards.variables import Variable

_NAMESPACE = 'namespace="$namespace"'
_CHOSEN = (_NAMESPACE, 'deployment=~"$deployment"')
# An autoscaler bears the name of the Deployment that it scales.
_AUTOSCALERS = (_NAMESPACE, 'hpa=~"$deployment"')
_POD = "{{pod}}"
_DESIRED = "k8s_deployment_desired"
# The collector counts a phase as a number.
_PHASES = {"Pending": 1, "Running": 2, "Succeeded": 3, "Failed": 4, "Unknown": 5}


def _by_pod(metric: str) -> str:
    return f"sum by (pod) ({promql.selected(metric, *_CHOSEN)})"


def _used(what: str, metric: str, unit: str, width: int = 8) -> Panel:
    query = Query(_by_pod(metric), _POD)
    return Panel(f"{what} by pod", f"{what} that each pod uses.", (query,), unit=unit, width=width)


def _share(what: str, metric: str, limit: str, of: str, width: int = 8) -> Panel:
    query = Query(f"{_by_pod(metric)} / {_by_pod(limit)}", _POD)
    about = f"{what} that each pod uses, as a share of what its containers {of}; pods that {of} none are not drawn."
    return Panel(f"{what}: share of {of}", about, (query,), unit="percentunit", width=width)


_ROLLOUT = Row(
    "Deployments and pods",
    (
        Panel(
            "Replicas",
            "How many pods each Deployment should have, and how many can answer.",
            (
                Query(promql.selected(_DESIRED, *_CHOSEN), "{{deployment}} desired"),
                Query(promql.selected("k8s_deployment_available", *_CHOSEN), "{{deployment}} available"),
            ),
        ),
        Panel(
            "Pods by phase",
            "How many pods are in each phase.",
            tuple(
                Query(f"count ({promql.selected('k8s_pod_phase', *_CHOSEN)} == {number})", phase)
                for phase, number in _PHASES.items()
            ),
            stacked=True,
        ),
        Panel(
            "Restarts",
            "How often the containers of each pod were started again since the pod was made.",
            (Query(_by_pod("k8s_container_restarts"), _POD),),
        ),
        Table(
            "Containers that wait or have ended",
            "Why, as Kubernetes says; there is no line for one that runs.",
            (Query(f"{promql.selected('k8s_container_status_reason', *_CHOSEN)} == 1", ""),),
            width=24,
            height=6,
            columns={"pod": "Pod", "container": "Container", "k8s_container_status_reason": "Reason"},
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
                Query(promql.selected(f"k8s_hpa_{what}_replicas", *_AUTOSCALERS), f"{{{{hpa}}}} {what}")
                for what in ("current", "desired", "max")
            ),
            width=24,
        ),
    ),
)

_CPU, _MEMORY = "k8s_pod_cpu_usage", "k8s_pod_memory_working_set_bytes"
_RESOURCES = Row(
    "Resources",
    (
        _used("CPU", _CPU, "none", width=12),
        _share("CPU", _CPU, "k8s_container_cpu_request", "request", width=12),
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
        Variable("namespace", _DESIRED, "namespace", default="shop"),
        Variable("deployment", promql.selected(_DESIRED, _NAMESPACE), "deployment"),
    ),
    (_ROLLOUT, _SCALING, _RESOURCES),
)
