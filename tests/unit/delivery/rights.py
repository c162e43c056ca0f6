"""What a release may ask of the API server, and what a request needs: a Job in the cluster has no other rights."""

import re
from pathlib import Path

import yaml

ROLE = Path(__file__).resolve().parents[3] / "k8s" / "release-job" / "role.yaml"
# /api/v1 or /apis/<group>/<version>, then the namespace's resource, perhaps its name, perhaps a part of it.
ADDRESS = re.compile(
    r"/apis?(?:/(?P<group>[a-z0-9.]+\.[a-z0-9.]+|apps|batch))?/v\w+/namespaces/[^/]+/(?P<resource>\w+)"
    r"(?:/(?P<name>[^/]+))?(?:/(?P<part>\w+))?$"
)
# Some tests clear journals as staging does, which has rights of its own.
STAGING = {("", "configmaps", "list")}
VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


def granted():
    """Return what the Role of the release Job grants, as (group, resource, verb)."""
    rules = yaml.safe_load(ROLE.read_text())["rules"]
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def needed(method, path, watching=False):
    """Return what a request needs, None for what everybody may ask or what is in no namespace."""
    found = ADDRESS.match(path)
    if not found:
        return None
    resource = "/".join(each for each in (found["resource"], found["part"]) if each)
    read = "get" if found["name"] else "list"
    return found["group"] or "", resource, "watch" if watching else VERBS.get(method, read)
