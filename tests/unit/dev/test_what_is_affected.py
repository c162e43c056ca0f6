"""Which pods a saved file affects, which migration, and what is said where a person has to act."""

from pathlib import PurePath

import pytest

from bench.checkout import SERVICES
from dev.affected import CHASSIS_MIGRATION, MIGRATION, REQUIREMENTS, affected
from dev.session import catalogue_of

FOLDERS = {"order": "order", "user": "user", "gift_card": "gift-card"}
ALL = ("gift-card", "order", "user")


def of(*paths):
    return affected(map(PurePath, paths), FOLDERS)


@pytest.mark.parametrize(
    ("path", "replaced"),
    [
        ("order/api.py", ("order",)),
        ("order/prices/table.json", ("order",)),
        ("gift_card/store.py", ("gift-card",)),
        ("chassis/health.py", ALL),
        ("shared/money.py", ALL),
        ("images.yaml", ALL),
        ("order/README.md", ()),
        ("order/.api.py.swp", ()),
        ("notes.txt", ()),
    ],
)
def test_pods_of_the_services_that_run_a_file_are_replaced(path, replaced):
    found = of(path)
    assert found.replaced == replaced
    assert not found.migrated
    assert not found.advice


@pytest.mark.parametrize(
    ("path", "migrated"),
    [
        ("order/migrations/versions/0003_gift.py", ("order",)),
        ("gift_card/migrate.py", ("gift-card",)),
        ("chassis/migrations.py", ALL),
    ],
)
def test_a_migration_runs_again_and_leaves_the_pods_alone(path, migrated):
    found = of(path)
    assert found.migrated == migrated
    assert not found.replaced


@pytest.mark.parametrize("path", [*REQUIREMENTS, "order/Dockerfile"])
def test_what_no_new_pod_would_notice_is_said(path):
    found = of(path)
    assert not found.replaced
    assert not found.migrated
    (line,) = found.advice
    assert line.startswith(f"{path}: ")
    assert "`make " in line


def test_a_burst_asks_for_everything_once():
    found = of("order/api.py", "order/store.py", "chassis/health.py", "user/migrate.py", "requirements.txt")
    assert found.replaced == ALL
    assert found.migrated == ("user",)
    assert len(found.advice) == 1


def test_the_services_are_those_of_the_catalogue_that_are_built_from_the_folder():
    found = catalogue_of(SERVICES)
    assert {"order", "user"} <= set(found.values())
    assert "delivery" not in found.values()
    assert all((SERVICES / folder / "app.py").is_file() for folder in found)


def test_the_files_that_mean_a_migration_are_those_that_the_services_have():
    assert all((SERVICES / folder / name).exists() for folder in ("order", "user") for name in MIGRATION)
    assert (SERVICES / "chassis" / CHASSIS_MIGRATION).is_file()
