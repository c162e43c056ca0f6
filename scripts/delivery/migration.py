"""The migration that a new version needs: a Job like the live one with the new image, run before any of its pods."""

from __future__ import annotations

import copy

from cluster import wait
from cluster.client import Cluster
from cluster.transport import Json
from cluster.workloads import JOB
from delivery import copies
from delivery.journal.release import Release
from delivery.journal.tenure import Tenure

# Written by the API server to tie a Job to its pods; the copy gets its own.
_TIES = ("batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "controller-uid", "job-name")


def plan(cluster: Cluster, release: Release) -> Json | None:
    """Return the Job that brings the database to what the new version needs; None for a service that has none.

    Raises:
        DeliveryError: the live Job does not run the service's image.
    """
    live = JOB.collection(cluster).find(f"{release.service}-migrate")
    if live is None:
        return None
    metadata, spec = live["metadata"], copy.deepcopy(live["spec"])
    label = {copies.VERSION: release.version}
    template = spec["template"]
    for name in ("selector", "manualSelector"):
        spec.pop(name, None)
    kept = {name: value for name, value in copies.template_labels(live).items() if name not in _TIES}
    template["metadata"]["labels"] = {**kept, **label}
    copies.set_images(template["spec"], copies.with_image(live, release.image))
    labels = {name: value for name, value in (metadata.get("labels") or {}).items() if name not in _TIES}
    return {
        "apiVersion": "batch/v1",
        "kind": JOB.kind,
        "metadata": {"name": name_of(release), "labels": {**labels, **label}, "annotations": release.mark()},
        "spec": spec,
    }


def run(tenure: Tenure, job: Json) -> None:
    """Run a Job to completion; one of that name that an earlier release left behind goes first.

    One that this release made already, before it changed hands, is waited for and not begun again.

    Raises:
        Unready: it failed, for the reason that Kubernetes gives, or took too long.
    """
    jobs, name = JOB.collection(tenure.cluster), job["metadata"]["name"]
    left = jobs.find(name)
    if left is not None and not tenure.entry.release.made(left):
        jobs.delete(name, "Foreground")
        wait.gone(jobs, name, left["metadata"]["uid"])
        left = None
    if left is None:
        tenure.make(JOB.collection, job)
    wait.ready(tenure.cluster, JOB, name)


def remove(cluster: Cluster, release: Release) -> None:
    """Remove the Job of a release, if there is one."""
    jobs, name = JOB.collection(cluster), name_of(release)
    if jobs.find(name) is not None:  # who never had one need not be allowed to delete any
        jobs.delete(name)


def name_of(release: Release) -> str:
    """Return the name of a release's Job: labels may have signs that names may not."""
    return f"{release.service}-migrate-{release.version.lower().replace('_', '-')}"
