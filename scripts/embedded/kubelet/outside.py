"""Services that no proxy stands before: what a container is told of them are their real addresses.

There is no DNS, and the way through the pods' HTTP proxy would put spans about spans into every trace, and a line for
each of their batches into the access log. So the collector's name is replaced where an environment names it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping


def rewriter(services: Mapping[str, str]) -> Callable[[str], str]:
    """Return what replaces Services by addresses in a text.

    Args:
        services: ``host:port`` by ``<service>.<namespace>:<port>``; ``.svc`` and ``.svc.cluster.local`` may follow the
            namespace.
    """
    if not services:
        return lambda text: text
    names = {_pattern(name): address for name, address in services.items()}
    known = re.compile("|".join(f"({pattern})" for pattern in names))
    addresses = list(names.values())
    return lambda text: known.sub(lambda found: addresses[(found.lastindex or 1) - 1], text)


def _pattern(name: str) -> str:
    host, _, port = name.partition(":")
    return rf"(?<![\w.-]){re.escape(host)}(?:\.svc(?:\.cluster\.local)?)?:{port}(?!\d)"


def hosts(services: Mapping[str, str]) -> list[str]:
    """Return the hosts that are to be reached without a proxy."""
    return sorted({address.rpartition(":")[0] for address in services.values()})
