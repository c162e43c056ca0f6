"""What `up` and `status` print."""

from __future__ import annotations

import json
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from embedded import orphans
from embedded.state import ClusterError, State

_TIMEOUT = 10


@dataclass(frozen=True)
class Written:
    """What the supervisor has written down.

    Attributes:
        addresses: where everything answers.
        processes: process ids of the cluster's own programs.
    """

    addresses: dict[str, str]
    processes: dict[str, int | None]


def read(state: State) -> Written:
    """Return what the running supervisor has written down.

    Raises:
        ClusterError: it has not written anything yet.
    """
    try:
        content = json.loads(state.status.read_text())
    except (OSError, ValueError):
        raise ClusterError(f"the cluster is starting: see {state.log}") from None
    return Written(content["addresses"], content["processes"])


def print_addresses(out: Console, addresses: dict[str, str], title: str) -> None:
    """Print where everything answers, and the line that makes kubectl use the cluster."""
    out.print(title, markup=False)
    for name, address in addresses.items():
        out.print(f"  {name:<11} {address}", markup=False)
    out.print(f"  export KUBECONFIG={addresses['kubeconfig']}", markup=False)


def print_status(out: Console, state: State) -> None:
    """Print the cluster's programs, its addresses and its pods.

    Raises:
        ClusterError: the API server does not answer.
    """
    written = read(state)
    components = Table("COMPONENT", "PROCESS", "STATE", box=None, pad_edge=False)
    for name, pid in written.processes.items():
        alive = pid is not None and orphans.identity(pid) is not None
        components.add_row(name, str(pid or "-"), "running" if alive else "not running")
    out.print(components)
    pods = Table("NAMESPACE", "POD", "READY", "STATUS", "RESTARTS", "ADDRESS", box=None, pad_edge=False)
    for pod in _pods(state):
        pods.add_row(*_row(pod))
    out.print()
    out.print(pods if pods.row_count else "no pods")
    out.print()
    print_addresses(out, written.addresses, "Addresses")


def _row(pod: dict[str, Any]) -> tuple[str, ...]:
    status = pod.get("status", {})
    containers = status.get("containerStatuses") or []
    waiting = [(item.get("state", {}).get("waiting") or {}).get("reason") for item in containers]
    state = next(filter(None, waiting), status.get("phase", "Pending"))
    if pod["metadata"].get("deletionTimestamp"):
        state = "Terminating"
    ready = f"{sum(item['ready'] for item in containers)}/{len(pod['spec']['containers'])}"
    restarts = str(sum(item["restartCount"] for item in containers))
    meta = pod["metadata"]
    return meta["namespace"], meta["name"], ready, state, restarts, status.get("podIP", "-")


def _pods(state: State) -> list[dict[str, Any]]:
    """Ask the API server, as any client would: an answer is also the proof that it works."""
    config = yaml.safe_load(state.kubeconfig.read_text())
    server = config["clusters"][0]["cluster"]["server"]
    context = ssl.create_default_context(cafile=str(state.tls / "ca.crt"))
    authorization = {"Authorization": f"Bearer {config['users'][0]['user']['token']}"}
    request = urllib.request.Request(f"{server}/api/v1/pods", headers=authorization)  # noqa: S310 - our own file
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with direct.open(request, timeout=_TIMEOUT) as answer:
            return list(json.load(answer)["items"])
    except (urllib.error.URLError, TimeoutError) as error:
        raise ClusterError(f"the API server at {server} does not answer: {error}; see {state.log}") from error
