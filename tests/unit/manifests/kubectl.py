"""kubectl as the judge of our renderer, and how two renderings are compared."""

import functools
import json
import shutil
import subprocess

import pytest
import yaml

_text = functools.partial(json.dumps, sort_keys=True)
needs_kubectl = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")


def kustomize(folder):
    done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def refuses(folder):
    return subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, check=False).returncode != 0


def by_id(objects):
    """Index objects by what identifies them; their order in a rendering means nothing."""
    found = {}
    for body in objects:
        metadata = body["metadata"]
        key = (body["apiVersion"], body["kind"], metadata.get("namespace", ""), metadata["name"])
        assert key not in found
        found[key] = _ports_in_order(body)
    return found


def _ports_in_order(value):
    """kustomize shuffles ports of mixed protocols, whose order means nothing either."""
    if isinstance(value, list):
        return [_ports_in_order(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: sorted(each, key=_text) if key == "ports" and isinstance(each, list) else _ports_in_order(each)
        for key, each in value.items()
    }
