"""Blue-green by VirtualService: all users move at once by the weights of the route, and the Service stays as it is."""

from __future__ import annotations

from cluster import endpoints
from cluster.routing import FULL
from delivery.errors import DeliveryError
from delivery.journal.release import Release
from delivery.strategies.weighted import CANARY, WeightedStrategy


class BlueGreenRouteStrategy(WeightedStrategy):
    """Moves a Service from the subset stable to the subset canary in one step.

    It needs no second Service, and what leads to the old version is one update of the routes away. It moves what comes
    through the gateway, where a selector moves every caller.
    """

    name = "blue-green-route"
    at_once = True

    def move(self, release: Release, share: int) -> None:
        """See `Strategy.move`."""
        super().move(release, share)
        endpoints.propagate()

    def commit(self, release: Release) -> None:
        """See `Strategy.commit`."""
        if self.router.weights(release.service).get(CANARY) != FULL:
            raise DeliveryError(
                f"VirtualService {release.service} does not lead to {release.version}: switch before you promote"
            )
        super().commit(release)
