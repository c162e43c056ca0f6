"""Taking a release over: what its former holder may still have under way is made to fail.

A request may be late: sent before its process was stopped, or held up on the network. All of them are bound to the
resource version that the object had when it was read. So every object is written to once, which changes its version.
"""

from __future__ import annotations

from cluster.collection import Collection
from delivery.journal.tenure import Tenure
from delivery.strategies.strategy import Strategy

FENCE = "delivery.proving-ground/fence"


def touch(tenure: Tenure, strategy: Strategy) -> None:
    """Change the version of everything that the release changes and does not make; nothing else of it changes."""
    for kind, name in strategy.touched(tenure.entry.release):
        collection: Collection = getattr(tenure.cluster, kind)
        if collection.find(name) is not None:
            for value in (str(tenure.entry.epoch), None):
                collection.patch(name, {"metadata": {"annotations": {FENCE: value}}})
