"""Where the embedded cluster is not like Kubernetes: ``python -m tests.contract.differences`` writes the page.

A test that meets a difference asks for it by its id and shows on both sides that it holds; a difference that no test
shows is an error, and so is one that no longer holds.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "cluster-differences.md"


@dataclass(frozen=True)
class Difference:
    """One thing that is not the same on both clusters.

    Attributes:
        topic: what it is about.
        kubernetes: what Kubernetes or Istio does.
        embedded: what the embedded cluster does instead.
        reason: why.
    """

    topic: str
    kubernetes: str
    embedded: str
    reason: str

    def __str__(self):
        return f"{self.topic}: {self.embedded} ({self.reason})"


DIFFERENCES = {
    "mtls": Difference(
        topic="Mutual TLS",
        kubernetes="PeerAuthentication STRICT: a pod outside the mesh is refused, its connection is reset",
        embedded="the object is stored and named in an event; traffic is plain text and accepted",
        reason="processes of one machine share one network, and one proxy serves the node: nobody stands outside",
    ),
    "authorization": Difference(
        topic="Authorization in the mesh",
        kubernetes="AuthorizationPolicy: an identity that is not allowed gets 403",
        embedded="the object is stored and named in an event; every request is allowed",
        reason="without mutual TLS no caller has an identity that could be checked",
    ),
    "network-policy": Difference(
        topic="NetworkPolicy",
        kubernetes="a network plugin that knows policies drops what none of them allows",
        embedded="the object is stored and named in an event; nothing is dropped",
        reason="processes of one machine share one network, and cutting it up needs root",
    ),
    "rate-limit": Difference(
        topic="Local rate limit",
        kubernetes="an EnvoyFilter configures it; requests beyond the limit get 429",
        embedded="the object is stored and named in an event; nothing is limited",
        reason="an EnvoyFilter patches the configuration that istiod makes, of which there is none to patch",
    ),
    "refused-kinds": Difference(
        topic="Kinds that the shop does not need",
        kubernetes="DaemonSet, CronJob, Role and others are served",
        embedded="501 with the name of the kind",
        reason="a kind that is stored but does nothing would look as if it worked",
    ),
    "exec": Difference(
        topic="kubectl exec, attach, port-forward",
        kubernetes="streams from and to a container",
        embedded="501 with the name of the gap",
        reason="the processes are on the same machine: the shell at hand reaches them",
    ),
    "metrics-api": Difference(
        topic="metrics.k8s.io, kubectl top",
        kubernetes="served by metrics-server, where it is installed",
        embedded="501; its autoscaler reads the processes' times itself",
        reason="the autoscaler is the only one who asks",
    ),
    "crash-back-off": Difference(
        topic="Restart of a container that crashes",
        kubernetes="first after 10 s, then 20 s, 40 s ... up to 5 min",
        embedded="first after 1 s, then 2 s, 4 s ... up to 5 min",
        reason="a drill lives for a minute, and images are at hand: waiting longer teaches nothing",
    ),
    "security-context": Difference(
        topic="securityContext",
        kubernetes="the container runs as the user that it names, without capabilities, on a read-only file system",
        embedded="named in an event; the process runs as whoever started the cluster",
        reason="changing the user needs root, which a laptop should not give",
    ),
    "service-dns": Difference(
        topic="Names of Services",
        kubernetes="resolved by the cluster's DNS for any protocol",
        embedded="known to the proxy only, which HTTP_PROXY names: HTTP clients that honour it reach them",
        reason="a process has the machine's resolver, and changing that needs root",
    ),
    "mount-paths": Difference(
        topic="Paths of volumes",
        kubernetes="a volume appears at its mountPath",
        embedded="paths below it are rewritten in environment, command and arguments; the code itself sees no mount",
        reason="a mount namespace needs root, and macOS has none",
    ),
    "storage": Difference(
        topic="Persistent volumes",
        kubernetes="a StorageClass provisions a volume, where the cluster has a default one",
        embedded="every claim is bound at once to a folder; StorageClasses are not served",
        reason="one machine has one kind of storage",
    ),
    "observatory": Difference(
        topic="Collector, Jaeger, Elasticsearch, Grafana",
        kubernetes="the real ones, each in pods of its own",
        embedded="one process that speaks the parts of their APIs that the drills need, and has pages of its own",
        reason="none of them comes as a small package, and a laptop runs a drill beside them",
    ),
    "controller-managers": Difference(
        topic="Field managers of controllers",
        kubernetes="managedFields also tell which controller wrote a status",
        embedded="managedFields tell who applied or patched; writes of controllers have no manager",
        reason="nothing applies a status, so nothing could come into conflict over it",
    ),
}


def render():
    """Return the text of the page."""
    shown = {key: ", ".join(f"`{name}`" for name in names) for key, names in uses().items()}
    rows = [
        (each.topic, each.kubernetes, each.embedded, each.reason, shown.get(key, ""))
        for key, each in DIFFERENCES.items()
    ]
    return _INTRODUCTION + _table(("what", "Kubernetes with Istio", "embedded", "why", "shown by"), rows)


def uses():
    """Return the names of the tests that ask for each difference."""
    found = {}
    for path in sorted(HERE.glob("test_*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef):
                for key in _asked(function):
                    found.setdefault(key, []).append(function.name)
    return found


def _asked(function):
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "differs":
            yield ast.literal_eval(node.args[0])


_INTRODUCTION = """\
<!-- Written by `python -m tests.contract.differences`; do not edit. -->
# Where the two clusters differ

One suite, `tests/contract`, runs against the embedded cluster and against Kubernetes with Istio. What it expects is the
same on both, but for what stands here. Each difference is shown to hold by a test on both sides. What of Kubernetes the
embedded cluster does not do at all stands in [embedded-coverage.md](embedded-coverage.md).

"""


def _table(headings, rows):
    lines = [headings, ["---"] * len(headings), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(render())
