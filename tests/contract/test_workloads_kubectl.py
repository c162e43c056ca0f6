"""kubectl's verbs for workloads that run, as people type them."""

import json

from tests.contract.workloads import deployment, release


def test_rollout_status_history_pause_and_undo(kubectl, workloads):
    kubectl("apply", "-f", "-", stdin=json.dumps(deployment()))
    assert 'deployment "web" successfully rolled out' in kubectl("rollout", "status", "deployment/web")
    first = {pod.metadata.labels["pod-template-hash"] for pod in workloads.pods()}
    kubectl("annotate", "deployment/web", "kubernetes.io/change-cause=the second")
    kubectl("patch", "deployment", "web", "-p", json.dumps(release(release="2")))
    kubectl("rollout", "status", "deployment/web")
    assert [line.split()[0] for line in kubectl("rollout", "history", "deployment/web").splitlines()[2:4]] == ["1", "2"]
    assert "the second" in kubectl("rollout", "history", "deployment/web")
    kubectl("rollout", "undo", "deployment/web")
    kubectl("rollout", "status", "deployment/web")
    assert {pod.metadata.labels["pod-template-hash"] for pod in workloads.pods()} == first
    assert [line.split()[0] for line in kubectl("rollout", "history", "deployment/web").splitlines()[2:4]] == ["2", "3"]


def test_a_paused_deployment_waits_for_its_resumption(kubectl, workloads):
    workloads.start(deployment(replicas=1))
    before = {pod.metadata.name for pod in workloads.pods()}
    kubectl("rollout", "pause", "deployment/web")
    kubectl("patch", "deployment", "web", "-p", json.dumps(release(release="2")))
    kubectl("scale", "deployment/web", "--replicas=2")
    kubectl("wait", "deployment/web", "--for=jsonpath={.status.availableReplicas}=2", "--timeout=60s")
    assert before < {pod.metadata.name for pod in workloads.pods()}
    kubectl("rollout", "resume", "deployment/web")
    kubectl("rollout", "status", "deployment/web")
    assert not before & {pod.metadata.name for pod in workloads.pods()}


def test_a_restart_replaces_every_pod(kubectl, workloads):
    workloads.start(deployment(replicas=1))
    before = {pod.metadata.name for pod in workloads.pods()}
    kubectl("rollout", "restart", "deployment/web")
    kubectl("rollout", "status", "deployment/web")
    assert not before & {pod.metadata.name for pod in workloads.pods()}
