"""What the strategies that move users by the weights of a VirtualService have in common; both versions run complete."""

from __future__ import annotations

from cluster import endpoints, wait
from cluster.client import Cluster
from cluster.collection import STRATEGIC
from cluster.routing import FULL, Router
from cluster.transport import Json
from delivery import capacity, copies
from delivery.errors import DeliveryError
from delivery.journal.release import Release
from delivery.naming import version_of
from delivery.steps import Reporter

STABLE, CANARY = "stable", "canary"


class WeightedStrategy:
    """Splits the traffic of a Service by weight over the subsets stable and canary.

    Args:
        cluster: where the release happens.
        reporter: who is told of the parts of a promotion.
        router: who sets the weights.
    """

    name: str
    track = CANARY
    at_once: bool

    def __init__(self, cluster: Cluster, reporter: Reporter, router: Router | None = None) -> None:
        self._cluster = cluster
        self._reporter = reporter
        self.router = router or Router(cluster)

    def plan(self, service: str, image: str) -> tuple[Release, Json]:
        """See `Strategy.plan`."""
        version = version_of(image)
        selector = self._cluster.services.get(service)["spec"]["selector"]
        stable = copies.stable_deployment(self._cluster, service, selector)
        weights = self.router.weights(service)
        if weights.get(STABLE) != FULL:
            raise DeliveryError(f"not all traffic of {service} is on stable ({weights}): stage the overlay first")
        release = Release(
            service=service,
            strategy=self.name,
            image=image,
            version=version,
            stable=stable["metadata"]["name"],
            copy=f"{stable['metadata']['name']}-canary",
            selector=selector,
            images=copies.images(stable),
            stable_version=copies.template_labels(stable).get(copies.VERSION, ""),
            weights=weights,
        )
        labels = {copies.TRACK: CANARY, copies.VERSION: version}
        body = copies.copy_of(stable, release.copy, image, labels, release.annotation())
        if not selector.items() <= copies.template_labels(body).items():
            raise DeliveryError(
                f"Service {service} selects {selector}, which leaves a canary out: stage a canary overlay"
            )
        return release, body

    def open_door(self, release: Release) -> None:
        """See `Strategy.open_door`; the header route stands in Git."""
        endpoints.wait_serving(self._cluster, release.service, self._labels(release.copy))

    def move(self, release: Release, share: int) -> None:
        """See `Strategy.move`: first the version that gets users has as many pods as the one that they leave."""
        gets, leaves = (release.copy, release.stable) if share else (release.stable, release.copy)
        capacity.fit(self._cluster, release.service, gets, leaves)
        self.router.set_weights(release.service, {STABLE: FULL - share, CANARY: share})

    def back(self, release: Release) -> None:
        """See `Strategy.back`: at once, unless nobody is there."""
        capacity.await_somebody(self._cluster, release.stable)
        capacity.ask(self._cluster, release.stable, release.copy)
        self.router.set_weights(release.service, release.weights)

    def tidy(self, release: Release) -> None:
        """See `Strategy.tidy`: a stable Deployment that a promotion had begun to roll gets its old image again."""
        stable = self._cluster.deployments.get(release.stable)
        if copies.images(stable) != release.images:
            patch = copies.patch_for(stable, release.images, release.stable_version)
            self._cluster.deployments.patch(release.stable, patch, STRATEGIC)
        endpoints.propagate()

    def commit(self, release: Release) -> None:
        """See `Strategy.commit`: the stable Deployment rolls while the canary has its traffic, so nobody notices."""
        with self._reporter.step("shift", canary=FULL):
            self.move(release, FULL)
            endpoints.propagate()
        with self._reporter.step("roll stable", deployment=release.stable, image=release.image):
            stable = self._cluster.deployments.get(release.stable)
            patch = copies.patch_for(stable, copies.with_image(stable, release.image), release.version)
            self._cluster.deployments.patch(release.stable, patch, STRATEGIC)
            wait.deployment_ready(self._cluster, release.stable)
            endpoints.wait_serving(self._cluster, release.service, self._labels(release.stable))
        with self._reporter.step("shift", canary=0):
            self.move(release, 0)

    def clean(self, release: Release) -> None:
        """See `Strategy.clean`."""
        endpoints.propagate()
        self._cluster.deployments.delete(release.copy)

    def _labels(self, deployment: str) -> dict[str, str]:
        labels: dict[str, str] = self._cluster.deployments.get(deployment)["spec"]["selector"]["matchLabels"]
        return labels
