"""From a burst of saved files to pods that answer."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from cluster import Cluster, ClusterError, restarts
from cluster.jobs import run_again
from cluster.manifests import render
from cluster.transport import Json
from cluster.wait import Wakeup
from dev import words
from dev.affected import affected
from dev.asking import Asker, path_to
from dev.replacement import Age, BrokenError, Replacement, Say
from dev.saves import Burst, Saves, saved_at, saved_since
from images import catalogue
from images.errors import ImagesError

# Changes of the cluster wake whoever waits. Without one a new save is seen after this time, and a pod that is ready but
# was not heard of yet is asked again.
LOOK_AGAIN, ASK_AGAIN = 0.25, 0.02
MIGRATION_SECONDS = 60.0


class Session:
    """Carries out what saved files ask for.

    Args:
        cluster: where the services run.
        overlay: what stands on it; its migration Jobs are those that are run again.
        folder: the services/ that the pods are started from.
        say: is told what happens, one line at a time.
    """

    def __init__(self, cluster: Cluster, overlay: str, folder: Path, say: Say) -> None:
        self._cluster = cluster
        self._overlay = overlay
        self._folder = folder
        self._say = say
        # The mark of the pods that are known to answer, by the uid of their Deployment: the way back.
        self._good: dict[str, str | None] = {}

    def catch_up(self, saves: Saves) -> None:
        """Carry out what was saved after the oldest pod had been started, while nobody watched."""
        made = [pod["metadata"]["creationTimestamp"] for service in self._services() for pod in self._pods(service)]
        if made:
            oldest = min(datetime.datetime.fromisoformat(each).timestamp() for each in made)
            self.carry_out(saved_since(self._folder, oldest), saves)

    def carry_out(self, paths: Burst, saves: Saves) -> None:
        """Do what one burst of saves asks for; what goes wrong is told, and the next burst may mend it.

        Args:
            paths: the files, relative to the folder.
            saves: where the next ones come from, which end the waiting for these.
        """
        saved = saved_at(self._folder, paths)
        try:
            found = affected(paths, catalogue_of(self._folder))
            if any((found.replaced, found.migrated, found.advice)):
                self._say(words.heading(paths, found, saved))
            self._tell(found.advice)
            for service in found.migrated:
                self._migrate(service)
            self._replace(found.replaced, lambda moment: (moment or time.time()) - saved, saves)
        except (ClusterError, ImagesError) as error:
            self._tell([str(error)])

    def _tell(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._say(words.INDENT + line)

    def _services(self) -> list[str]:
        return sorted(catalogue_of(self._folder).values())

    def _pods(self, service: str) -> list[Json]:
        return self._cluster.pods.list({"app": service})

    def _migrate(self, service: str) -> None:
        name = f"{service}-migrate"
        objects = render(self._overlay, self._cluster.namespace, self._cluster.settings.registry)
        job = next((each for each in objects if each["kind"] == "Job" and each["metadata"]["name"] == name), None)
        if job is None:
            self._tell([f"{service}: overlay {self._overlay} has no Job {name}"])
            return
        # Whoever writes a migration wants to hear of the first failure. The manifest's own number comes back with it.
        once = {**job, "spec": {**job["spec"], "backoffLimit": 0}}
        self._tell(run_again(self._cluster, once, MIGRATION_SECONDS))

    def _replace(self, services: Sequence[str], age: Age, saves: Saves) -> None:
        under_way = [each for service in services for each in self._replacements(service, age)]
        if not under_way:
            return
        mark = datetime.datetime.now(datetime.UTC).isoformat()
        try:
            with Wakeup([(self._cluster.deployments, None), (self._cluster.pods, None)]) as wakeup:
                for each in under_way:
                    each.begin(mark)
                self._see_through(under_way, wakeup, saves)
        except KeyboardInterrupt:
            with contextlib.suppress(ClusterError):
                _take_back(under_way)
            raise
        self._good |= {each.uid: mark for each in under_way if each.complete}

    def _replacements(self, service: str, age: Age) -> list[Replacement]:
        """Return what is to be replaced of a service: each of its Deployments that runs pods, such as a canary's."""
        found = [each for each in self._cluster.deployments.list({"app": service}) if each["spec"].get("replicas", 1)]
        if not found:
            self._tell([f"{service}: no pod of it runs on the cluster; if it is new, `make up` puts it there"])
        path = path_to(self._cluster, service)
        asker = Asker(self._cluster, path) if path else None
        for each in found:
            self._good.setdefault(each["metadata"]["uid"], restarts.restarted_at(each))
        return [
            Replacement(
                self._cluster, each, self._good[each["metadata"]["uid"]], asker, age, lambda line: self._tell([line])
            )
            for each in found
        ]

    def _see_through(self, under_way: Sequence[Replacement], wakeup: Wakeup, saves: Saves) -> None:
        """Look after replacements until all are over, or until the next save makes them pointless."""
        left = list(under_way)
        while left and not saves.pending:
            asking = [self._look(each) for each in left]
            left = [each for each in left if not each.over]
            if left:
                wakeup.wait(ASK_AGAIN if any(asking) else LOOK_AGAIN)

    def _look(self, replacement: Replacement) -> bool:
        """Look once at a replacement, and tell whether it has to be asked again right away."""
        try:
            return replacement.look()
        except BrokenError as error:
            self._tell([words.broken(replacement.name, error), *words.quoted(error.log)])
            replacement.take_back()
            return False


def _take_back(under_way: Iterable[Replacement]) -> None:
    for each in under_way:
        if not each.over:
            each.take_back()


def catalogue_of(folder: Path) -> dict[str, str]:
    """Return the name of each service by that of its folder, as the catalogue of images there has them.

    Raises:
        ImagesError: the catalogue cannot be read.
    """
    images = catalogue.load(path=folder / "images.yaml")
    return {Path(each.dockerfile).parent.name: each.service for each in images if each.context == "services"}
