"""A renderer for the part of kustomize that the platform's manifests use, so that no kubectl is needed to apply them.

What it does is equal to `kubectl kustomize`, value by value; what it does not do it refuses, by file and field.
"""

from cluster.kustomize.build import build
from cluster.kustomize.documents import ManifestError

__all__ = ["ManifestError", "build"]
