"""What a saved file of services/ affects: pods, a migration, or something that has to be done by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath

CHASSIS = "chassis"
CATALOGUE = "images.yaml"
# Of a service: run by its migration Job, and by nothing else.
MIGRATION = ("migrations", "migrate.py")
# Of the chassis: imported by migrations, and by nothing else.
CHASSIS_MIGRATION = "migrations.py"
# Read by people and by builders of images, never by a pod.
SILENT = frozenset({".md", ".pyc", ".pyi"})
REQUIREMENTS = {
    "requirements.in": "{path}: what is installed does not change by it: `make requirements`, then `make dev` again",
    "requirements.txt": "{path}: the packages are installed when `make dev` starts: end it with Ctrl-C, start it again",
}
DOCKERFILE = "{path}: no pod of this cluster is made from it: `make images`, and for pods of its images Tilt"


@dataclass(frozen=True)
class Affected:
    """What is to be done about saved files.

    Attributes:
        replaced: services whose pods are replaced, in the order of their names.
        migrated: services whose migration runs again, before that.
        advice: one line for each file that a person has to do something about.
    """

    replaced: tuple[str, ...] = ()
    migrated: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.replaced or self.migrated or self.advice)


def affected(paths: Iterable[PurePath], services: Mapping[str, str]) -> Affected:
    """Return what files affect.

    Args:
        paths: the files, relative to services/.
        services: the name of each service by that of its folder.
    """
    found = [_of_one(path, services) for path in sorted(paths)]
    replaced = {service for each in found for service in each.replaced}
    migrated = {service for each in found for service in each.migrated}
    return Affected(
        tuple(sorted(replaced)), tuple(sorted(migrated)), tuple(line for each in found for line in each.advice)
    )


def _of_one(path: PurePath, services: Mapping[str, str]) -> Affected:
    everybody = tuple(services.values())
    if path.suffix in SILENT or any(part.startswith(".") for part in path.parts):
        return Affected()
    if path.name == "Dockerfile":
        return Affected(advice=(DOCKERFILE.format(path=path),))
    folder, *rest = path.parts
    if not rest:
        return _of_the_root(path, everybody)
    if folder == CHASSIS and rest == [CHASSIS_MIGRATION]:
        return Affected(migrated=everybody)
    if folder in services and rest[0] in MIGRATION:
        return Affected(migrated=(services[folder],))
    # What is in the folder of no service may be imported by each of them.
    return Affected(replaced=(services[folder],) if folder in services else everybody)


def _of_the_root(path: PurePath, everybody: tuple[str, ...]) -> Affected:
    if path.name in REQUIREMENTS:
        return Affected(advice=(REQUIREMENTS[path.name].format(path=path),))
    # The catalogue says how pods are started; the embedded cluster reads it anew for each.
    return Affected(replaced=everybody) if path.name == CATALOGUE else Affected()
