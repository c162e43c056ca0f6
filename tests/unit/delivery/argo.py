"""What a sync of Argo CD would make of an object, by the Application's ignoreDifferences and RespectIgnoreDifferences.

As Argo CD 3.5 does it: ignored fields take their values from the cluster. In kinds that Kubernetes knows, lists are
merged by name; in all others, such as a VirtualService, the whole list that holds an ignored field is the cluster's.
"""

import copy
from pathlib import Path

import jq
import yaml

REPOSITORY = Path(__file__).resolve().parents[3]
APPLICATION = yaml.safe_load((REPOSITORY / "k8s" / "argocd" / "application.yaml").read_text())
KNOWN = ("", "apps", "batch")


def synced(wanted, live, application=APPLICATION):
    """Return what stands on the cluster after a sync: what Git wants, with what is ignored as it is."""
    result = copy.deepcopy(wanted)
    group = live["apiVersion"].rpartition("/")[0] if "/" in live["apiVersion"] else ""
    for path in ignored(live, group, application):
        if group not in KNOWN:
            path = path[: next((at for at, step in enumerate(path) if isinstance(step, int)), len(path))]
        _take_over(result, live, path)
    return result


def ignored(body, group, application=APPLICATION):
    """Return the path of each ignored field that an object has."""
    paths = []
    for rule in application["spec"]["ignoreDifferences"]:
        if (rule["group"], rule["kind"]) == (group, body["kind"]):
            paths += [pointer.strip("/").split("/") for pointer in rule.get("jsonPointers", ())]
            for expression in rule.get("jqPathExpressions", ()):
                paths += jq.compile(f"[path({expression})]").input_value(body).first()
    return paths


def _take_over(result, live, path):
    """Set one field as it is on the cluster; an entry of a list is the one of that name."""
    *parents, last = path
    for step in parents:
        live = live[step] if isinstance(step, int) else live.get(step, {})
        if isinstance(step, int):
            result = next((each for each in result if each.get("name") == live.get("name")), {})
        else:
            result = result.setdefault(step, {})
    if last in live:
        result[last] = copy.deepcopy(live[last])
    else:
        result.pop(last, None)
