"""Blue-green by VirtualService: all users move at once by the weights of the route, and the Service stays as it is."""

from __future__ import annotations

from collections.abc import Collection

from cluster import endpoints
from cluster.routing import FULL
from delivery.errors import DeliveryError
from delivery.journal.release import Release
from delivery.strategies.weighted import WeightedStrategy


class BlueGreenRouteStrategy(WeightedStrategy):
    """Moves a Service from the subset stable to the subset canary in one step.

    It needs no second Service, and what leads to the old version is one update of the routes away. It moves what comes
    through the gateway, where a selector moves every caller.
    """

    name = "blue-green-route"
    at_once = True

    def move(self, release: Release, share: int, expected: Collection[int]) -> None:
        """See `Strategy.move`."""
        super().move(release, share, expected)
        endpoints.propagate()

    def check_switched(self, release: Release, shares: Collection[int]) -> None:
        """See `Strategy.check_switched`."""
        if FULL not in shares:
            raise DeliveryError(
                f"VirtualService {release.service} does not lead to {release.version}: switch before you promote"
            )
