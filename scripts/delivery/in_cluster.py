"""A release as a Job: the cluster carries it out, and starts it again when its pod dies."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

from cluster import wait
from cluster.client import Cluster
from cluster.errors import Conflict
from cluster.manifests import render
from cluster.objects import Objects, kind_of
from cluster.settings import REPOSITORY
from cluster.transport import Json
from cluster.workloads import JOB, is_true
from delivery.errors import UnderWay
from delivery.naming import version_of

# What carries releases out goes with the checkout that sends them.
TAG = "v1"
TEMPLATE = REPOSITORY / "k8s" / "release-job"
# On the Job, for whoever lists them.
SERVICE, IMAGE = "delivery.proving-ground/service", "delivery.proving-ground/image"
# Where nobody's rights are limited, there is nothing to grant.
_GRANTS = "rbac.authorization.k8s.io/v1"


def send(
    cluster: Cluster, service: str, image: str, options: Sequence[str], tag: str = TAG, template: Path = TEMPLATE
) -> str:
    """Create the Job that releases an image, and return its name; one that has ended goes first.

    Args:
        cluster: the namespace.
        service: the Service under release.
        image: image of the new version, as its pods will name it.
        options: further options of the release command.
        tag: of the image `delivery` that carries it out.
        template: kustomization with the Job and what it needs.

    Raises:
        UnderWay: the Job of an earlier release has not ended.
        DeliveryError: the image has no tag.
    """
    version_of(image)
    objects = Objects(cluster)
    rendered = render(template, cluster.namespace, cluster.settings.registry)
    [body] = [each for each in rendered if each["kind"] == JOB.kind]
    job = _filled(body, tag, [service, "--image", image, "--resume", *options])
    job["metadata"] |= {"name": f"release-{service}", "annotations": {SERVICE: service, IMAGE: image}}
    _clear(cluster, job["metadata"]["name"])
    for each in rendered:
        if each is not body and not (each["apiVersion"] == _GRANTS and objects.find(kind_of(each)) is None):
            objects.apply(each)
    try:
        JOB.collection(cluster).create(job)
    except Conflict as error:
        raise _under_way(job["metadata"]["name"]) from error
    return str(job["metadata"]["name"])


def _filled(body: Json, tag: str, arguments: list[str]) -> Json:
    job = copy.deepcopy(body)
    container = job["spec"]["template"]["spec"]["containers"][0]
    container["image"] = f"{container['image']}:{tag}"
    container["args"] = arguments
    return job


def _clear(cluster: Cluster, name: str) -> None:
    jobs = JOB.collection(cluster)
    left = jobs.find(name)
    if left is None:
        return
    if not (is_true(left, "Complete") or is_true(left, "Failed")):
        raise _under_way(name)
    uid = left["metadata"]["uid"]
    jobs.delete(name, "Foreground", uid)
    wait.gone(jobs, name, uid)


def _under_way(name: str) -> UnderWay:
    return UnderWay(f"Job {name} is at work: follow it with `kubectl logs -f job/{name}`, or end it by abort")
