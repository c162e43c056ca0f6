"""The one place that talks to Kubernetes, Istio's objects and Prometheus; nothing else imports `kubernetes`."""

from cluster.client import Cluster
from cluster.errors import ClusterError

__all__ = ["Cluster", "ClusterError"]
