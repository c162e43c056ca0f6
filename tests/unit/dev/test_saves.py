"""Saved files come in bursts, and what nobody has written by hand does not count."""

import os
import threading
import time
from pathlib import PurePath

import pytest

from dev.saves import Saves, WatchError, saved_at, saved_since

PATIENCE = 20.0


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "order").mkdir()
    return tmp_path.resolve()


@pytest.fixture
def saves(folder):
    with Saves(folder) as watched:
        yield watched


def take(saves):
    """Return the next burst; a burst that does not come fails the test instead of hanging it."""
    found = []
    thread = threading.Thread(target=lambda: found.append(next(iter(saves))), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert found, "no burst"
    return found[0]


def test_files_that_are_saved_together_are_one_burst(folder, saves):
    names = [f"order/{number}.py" for number in range(20)]
    for name in names:
        (folder / name).write_text("saved")
    assert take(saves) == {PurePath(name) for name in names}
    assert not saves.pending


def test_what_piled_up_meanwhile_is_one_burst(folder, saves):
    for number in range(3):
        (folder / "order" / f"{number}.py").write_text("saved")
        wait_until(lambda: saves.pending)
        time.sleep(0.2)  # until the burst is over
    assert take(saves) == {PurePath(f"order/{number}.py") for number in range(3)}


def test_a_file_that_is_renamed_into_place_or_deleted_is_saved(folder, saves):
    (folder / "order/draft").write_text("saved")
    (folder / "order/draft").replace(folder / "order/api.py")
    assert PurePath("order/api.py") in take(saves)
    (folder / "order/api.py").unlink()
    assert take(saves) == {PurePath("order/api.py")}


def test_bytecode_and_the_files_of_editors_are_no_saves(folder, saves):
    (folder / "order/__pycache__").mkdir()
    (folder / "order/__pycache__/api.cpython-313.pyc").write_text("compiled")
    (folder / "order/.api.py.swp").write_text("open")
    (folder / "order/api.py~").write_text("before")
    (folder / "order/api.py").write_text("saved")
    assert take(saves) == {PurePath("order/api.py")}


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    with Saves(tmp_path / "gone") as saves, pytest.raises(WatchError, match="gone cannot be watched") as caught:
        next(iter(saves))
    assert "\n" not in str(caught.value)


def test_a_save_counts_from_when_the_file_was_written(folder):
    path = folder / "order/api.py"
    path.write_text("saved")
    moment = time.time() - 2
    os.utime(path, (moment, moment))
    assert saved_at(folder, {PurePath("order/api.py")}) == pytest.approx(moment)


@pytest.mark.parametrize("age", [3600, -3600])
def test_a_file_with_a_time_of_another_day_counts_from_now(folder, age):
    path = folder / "order/api.py"
    path.write_text("saved")
    os.utime(path, (time.time() - age, time.time() - age))
    before = time.time()
    assert saved_at(folder, {PurePath("order/api.py")}) >= before
    assert saved_at(folder, {PurePath("order/deleted.py")}) >= before


def test_what_was_saved_while_nobody_watched_is_found(folder):
    for name, age in (("old", 100), ("new", 1)):
        (folder / f"order/{name}.py").write_text("saved")
        os.utime(folder / f"order/{name}.py", (time.time() - age, time.time() - age))
    assert saved_since(folder, time.time() - 50) == {PurePath("order/new.py")}


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)
