"""Copies an object of Kubernetes for the labs: JSON comes in, and goes out with another name, image and labels.

kubectl get deployment order -o json | python docs/labs/copy_of.py order-canary order:v2 track=canary version=v2
"""

from __future__ import annotations

import json
import sys
from typing import Any

# What the API server gave the pods of a Job, so that it knows them again; a copy gets its own.
TIES = ("controller-uid", "job-name")


def copy_of(body: dict[str, Any], name: str, image: str, labels: dict[str, str]) -> dict[str, Any]:
    """Return the object without what the API server wrote into it, and with another name, image and labels."""
    spec, template = body["spec"], body["spec"]["template"]
    if body["kind"] == "Job":
        spec.pop("selector", None)
    else:
        spec["selector"]["matchLabels"].update(labels)
    for container in template["spec"]["containers"]:
        container["image"] = image
    template["metadata"]["labels"] = {**_own(template["metadata"]), **labels}
    metadata = {"name": name, "labels": {**_own(body["metadata"]), **labels}}
    return {"apiVersion": body["apiVersion"], "kind": body["kind"], "metadata": metadata, "spec": spec}


def _own(metadata: dict[str, Any]) -> dict[str, str]:
    return {key: value for key, value in metadata.get("labels", {}).items() if not key.endswith(TIES)}


if __name__ == "__main__":
    new_name, new_image, *new_labels = sys.argv[1:]
    copied = copy_of(json.load(sys.stdin), new_name, new_image, dict(each.split("=") for each in new_labels))
    json.dump(copied, sys.stdout, indent=2)
