"""Blue-green: the new version stands complete beside the active one, and all users move at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cluster import endpoints
from cluster.client import Cluster
from cluster.errors import NotFound
from cluster.routing import FULL
from cluster.transport import Json
from delivery import capacity, copies
from delivery.errors import DeliveryError
from delivery.foreign import foreign
from delivery.journal.release import MARK, Release
from delivery.naming import other_colour, version_of
from delivery.steps import Reporter
from delivery.strategies.strategy import Part

PREVIEW = "preview"


class BlueGreenStrategy:
    """Moves a Service from one colour to the other by its selector.

    Args:
        cluster: where the release happens.
        reporter: who is told of the parts of a promotion.
    """

    name = "blue-green"
    track = PREVIEW
    at_once = True

    def __init__(self, cluster: Cluster, reporter: Reporter) -> None:
        self._cluster = cluster
        self._reporter = reporter

    def plan(self, service: str, image: str) -> tuple[Release, Json]:
        """See `Strategy.plan`."""
        version = version_of(image)
        selector = self._cluster.services.get(service)["spec"]["selector"]
        active = copies.stable_deployment(self._cluster, service, selector)
        if copies.VERSION not in selector:
            raise DeliveryError(f"Service {service} does not select by version: stage a blue-green overlay first")
        if selector[copies.VERSION] == version:
            raise DeliveryError(f"version {version} of {service} is active already: blue and green must differ in it")
        release = Release(
            service=service,
            strategy=self.name,
            image=image,
            version=version,
            stable=active["metadata"]["name"],
            copy=other_colour(active["metadata"]["name"]),
            selector=selector,
            images=copies.images(active),
            stable_version=selector[copies.VERSION],
            preview_selector=self._preview(service)["spec"]["selector"],
        )
        return release, _copied(release, active)

    def body(self, release: Release) -> Json:
        """See `Strategy.body`."""
        return _copied(release, self._cluster.deployments.get(release.stable))

    def open_door(self, release: Release) -> None:
        """See `Strategy.open_door`."""
        preview = f"{release.service}-{PREVIEW}"
        self._cluster.patch_selector(preview, _with_version(release.preview_selector, release.version))
        endpoints.wait_serving(self._cluster, preview, self._labels(release.copy))

    def share(self, release: Release) -> int | None:
        """See `Strategy.share`."""
        return _share(release, self._cluster.services.get(release.service))

    def found(self, release: Release) -> str:
        """See `Strategy.found`."""
        return (
            f"Service {release.service} selects {self._cluster.services.get(release.service)['spec'].get('selector')}"
        )

    def leads(self, release: Release) -> list[Json]:
        """See `Strategy.leads`."""
        return [self._cluster.services.get(release.service)]

    def touched(self, release: Release) -> list[tuple[str, str]]:
        """See `Strategy.touched`."""
        return [("services", release.service), ("services", f"{release.service}-{PREVIEW}")]

    def move(self, release: Release, share: int, expected: Collection[int]) -> None:
        """See `Strategy.move`; a selector knows no shares.

        Raises:
            DeliveryError: not all users are meant.
        """
        if share != FULL:
            raise DeliveryError(f"a selector moves all users or none, not {share} %: use the strategy canary")

        def check(service: Json) -> None:
            if _share(release, service) not in {*expected, share}:
                found = f"Service {release.service} selects {service['spec'].get('selector')}"
                raise foreign(found, [service], expected)

        capacity.fit(self._cluster, f"{release.service}-{PREVIEW}", release.copy, release.stable)
        self._cluster.patch_selector(release.service, _with_version(release.selector, release.version), check)
        endpoints.wait_not_serving(self._cluster, release.service, self._labels(release.stable))

    def back(self, release: Release, promoting: bool) -> None:  # noqa: ARG002 - both colours are complete all the time
        """See `Strategy.back`: at once, unless nobody is there."""
        capacity.await_somebody(self._cluster, release.stable)
        self._cluster.patch_selector(release.service, release.selector)

    def tidy(self, release: Release) -> None:
        """See `Strategy.tidy`."""
        endpoints.wait_serving(self._cluster, release.service, self._labels(release.stable))
        self._cluster.patch_selector(f"{release.service}-{PREVIEW}", release.preview_selector)

    def check_switched(self, release: Release, shares: Collection[int]) -> None:
        """See `Strategy.check_switched`."""
        if FULL not in shares:
            raise DeliveryError(
                f"Service {release.service} does not lead to {release.version}: switch before you promote"
            )

    def promotion(self, release: Release) -> list[Part]:
        """See `Strategy.promotion`: the switch has done it."""
        return [Part("clean", lambda _shares: self._clean(release))]

    def _clean(self, release: Release) -> None:
        unmark = {"metadata": {"annotations": {MARK: None}}}
        self._cluster.deployments.patch(release.copy, unmark)
        with self._reporter.step("delete", deployment=release.stable):
            stable = self._cluster.deployments.find(release.stable)
            if stable is not None:
                labels = stable["spec"]["selector"]["matchLabels"]
                endpoints.wait_not_serving(self._cluster, release.service, labels)
                self._cluster.deployments.delete(release.stable, uid=stable["metadata"]["uid"])

    def _preview(self, service: str) -> Json:
        try:
            return self._cluster.services.get(f"{service}-{PREVIEW}")
        except NotFound as error:
            raise DeliveryError(f"there is no Service {service}-{PREVIEW}: stage a blue-green overlay first") from error

    def _labels(self, deployment: str) -> dict[str, str]:
        labels: dict[str, str] = self._cluster.deployments.get(deployment)["spec"]["selector"]["matchLabels"]
        return labels


def _with_version(selector: Mapping[str, str], version: str) -> dict[str, str]:
    return {**selector, copies.VERSION: version}


def _copied(release: Release, active: Json) -> Json:
    return copies.copy_of(active, release.copy, release.image, {copies.VERSION: release.version}, release.mark())


def _share(release: Release, service: Json) -> int | None:
    selector = service["spec"].get("selector")
    if selector == release.selector:
        return 0
    return FULL if selector == _with_version(release.selector, release.version) else None
