"""What the strategies that move users by the weights of a VirtualService have in common; both versions run complete."""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from cluster import endpoints, wait
from cluster.client import Cluster
from cluster.collection import STRATEGIC
from cluster.errors import ClusterError
from cluster.routing import FULL, Router
from cluster.transport import Json
from delivery import capacity, copies
from delivery.errors import DeliveryError
from delivery.foreign import foreign
from delivery.journal.release import Release
from delivery.naming import version_of
from delivery.steps import Reporter
from delivery.strategies.strategy import Part

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
        selector = self._cluster.services.get(service)["spec"]["selector"]
        stable = copies.stable_deployment(self._cluster, service, selector)
        weights = self.router.weights(service)
        if weights.get(STABLE) != FULL:
            raise DeliveryError(f"not all traffic of {service} is on stable ({weights}): stage the overlay first")
        release = Release(
            service=service,
            strategy=self.name,
            image=image,
            version=version_of(image),
            stable=stable["metadata"]["name"],
            copy=f"{stable['metadata']['name']}-canary",
            selector=selector,
            images=copies.images(stable),
            stable_version=copies.template_labels(stable).get(copies.VERSION, ""),
            weights=weights,
        )
        body = self._copied(release, stable)
        if not selector.items() <= copies.template_labels(body).items():
            raise DeliveryError(
                f"Service {service} selects {selector}, which leaves a canary out: stage a canary overlay"
            )
        return release, body

    def body(self, release: Release) -> Json:
        """See `Strategy.body`."""
        return self._copied(release, self._cluster.deployments.get(release.stable))

    def open_door(self, release: Release) -> None:
        """See `Strategy.open_door`; the header route stands in Git."""
        endpoints.wait_serving(self._cluster, release.service, self._labels(release.copy))

    def share(self, release: Release) -> int | None:
        """See `Strategy.share`."""
        return _share(self.router.weights(release.service))

    def found(self, release: Release) -> str:
        """See `Strategy.found`."""
        return f"VirtualService {release.service} gives {_words(self.router.weights(release.service))}"

    def leads(self, release: Release) -> list[Json]:
        """See `Strategy.leads`."""
        return self.router.virtual_services(release.service)

    def touched(self, release: Release) -> list[tuple[str, str]]:
        """See `Strategy.touched`."""
        routes = [("virtual_services", each["metadata"]["name"]) for each in self.leads(release)]
        return [*routes, ("deployments", release.stable)]

    def move(self, release: Release, share: int, expected: Collection[int]) -> None:
        """See `Strategy.move`: first the version that gets users has as many pods as the one that they leave."""

        def check(virtual_service: Json, weights: dict[str, int]) -> None:
            if _share(weights) not in {*expected, share}:
                name = virtual_service["metadata"]["name"]
                found = f"VirtualService {name} gives {_words(weights)}"
                raise foreign(found, [virtual_service], expected)

        gets, leaves = (release.copy, release.stable) if share else (release.stable, release.copy)
        capacity.fit(self._cluster, release.service, gets, leaves)
        self.router.set_weights(release.service, {STABLE: FULL - share, CANARY: share}, check)

    def back(self, release: Release, promoting: bool) -> None:
        """See `Strategy.back`: at once, unless nobody is there."""
        if promoting:
            self._unroll(release)
        capacity.await_somebody(self._cluster, release.stable)
        capacity.ask(self._cluster, release.stable, release.copy)
        self.router.set_weights(release.service, release.weights)

    def tidy(self, release: Release) -> None:
        """See `Strategy.tidy`: a stable Deployment that a promotion had begun to roll gets its old image again."""
        self._run(release.stable, release.images, release.stable_version)
        endpoints.propagate()

    def check_switched(self, release: Release, shares: Collection[int]) -> None:
        """See `Strategy.check_switched`: a canary may be promoted from any weight."""

    def promotion(self, release: Release) -> list[Part]:
        """See `Strategy.promotion`: stable rolls while the canary has its traffic, so nobody notices."""
        return [
            Part("all to the canary", lambda shares: self._all_to_canary(release, shares), FULL),
            Part("roll stable", lambda _shares: self._roll(release)),
            Part("all to stable", lambda _shares: self._all_to_stable(release), 0),
            Part("clean", lambda _shares: self._clean(release)),
        ]

    def _all_to_canary(self, release: Release, expected: Collection[int]) -> None:
        with self._reporter.step("shift", canary=FULL):
            self.move(release, FULL, expected)
            endpoints.propagate()

    def _roll(self, release: Release) -> None:
        with self._reporter.step("roll stable", deployment=release.stable, image=release.image):
            stable = self._cluster.deployments.get(release.stable)
            self._run(release.stable, copies.with_image(stable, release.image), release.version)
            wait.deployment_ready(self._cluster, release.stable)
            endpoints.wait_serving(self._cluster, release.service, self._labels(release.stable))

    def _all_to_stable(self, release: Release) -> None:
        with self._reporter.step("shift", canary=0):
            self.move(release, 0, {FULL})

    def _clean(self, release: Release) -> None:
        endpoints.propagate()
        copies.remove(self._cluster, release)

    def _unroll(self, release: Release) -> None:
        """Give the stable Deployment its old image again; one that does not get ready in time keeps nobody waiting."""
        self._run(release.stable, release.images, release.stable_version)
        with contextlib.suppress(ClusterError):
            wait.deployment_ready(self._cluster, release.stable, capacity.RETURN_DEADLINE)
            endpoints.wait_serving(self._cluster, release.service, self._labels(release.stable))

    def _run(self, deployment: str, images: dict[str, str], version: str) -> None:
        """Let a Deployment run these images; one that does is left alone."""

        def change(current: Json) -> Json | None:
            if copies.images(current) == images and copies.template_labels(current).get(copies.VERSION, "") == version:
                return None
            return copies.patch_for(current, images, version)

        self._cluster.deployments.amend(deployment, change, STRATEGIC)

    def _copied(self, release: Release, stable: Json) -> Json:
        labels = {copies.TRACK: CANARY, copies.VERSION: release.version}
        return copies.copy_of(stable, release.copy, release.image, labels, release.mark())

    def _labels(self, deployment: str) -> dict[str, str]:
        labels: dict[str, str] = self._cluster.deployments.get(deployment)["spec"]["selector"]["matchLabels"]
        return labels


def _share(weights: dict[str, int]) -> int | None:
    """Return the canary's share, None where others than stable and the canary have one."""
    canary = weights.get(CANARY, 0)
    return canary if weights.get(STABLE, 0) + canary == FULL else None


def _words(weights: dict[str, int]) -> str:
    return ", ".join(f"{weight} % to {subset}" for subset, weight in weights.items())
