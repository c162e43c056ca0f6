"""Logs are followed: nothing is lost and nothing doubled, whatever happens to the files or to the observatory."""

import json
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedded.kubelet import logs as kubelet_logs
from embedded.kubelet.logs import Logs as KubeletLogs
from embedded.observatory import followed, lines
from embedded.observatory.cluster_source import ClusterApi
from embedded.observatory.follower import Follower
from embedded.observatory.lines import Origin
from embedded.observatory.log_store import LogStore, Position, Progress
from embedded.observatory.pods import Pod, Pods

ORIGIN = Origin(Pod("shop", "order-1"), "app")
META = {"namespace": "shop", "name": "order-1", "labels": {"app": "order", "version": "v2", "track": "canary"}}


class Following:
    """A follower over real files, as often started as a test likes."""

    def __init__(self, folder):
        self.folder = folder
        self.logs = KubeletLogs(folder / "logs")
        self.access_log = folder / "envoy" / "access.log"
        self.access_log.parent.mkdir()
        (folder / "store").mkdir()
        self.pods = Pods(ClusterApi(None))
        self.begin()

    def begin(self):
        self.store = LogStore(self.folder / "store")
        self.follower = Follower(self.store, self.pods, self.folder / "logs", self.access_log)

    def end(self):
        self.follower.close()
        self.store.close()

    def restart(self):
        self.end()
        self.begin()

    def look(self):
        """Look until there is nothing more."""
        while self.follower.look():
            pass

    def rows(self, columns):
        self.look()
        query = f"SELECT {columns} FROM lines JOIN origins ON origins.id = origin ORDER BY lines.id"
        return self.store.database._read(lambda connection: connection.execute(query).fetchall())

    @property
    def messages(self):
        return [row[0] for row in self.rows("message")]


@pytest.fixture
def following(tmp_path):
    made = Following(tmp_path)
    yield made
    made.end()


def write(file, *lines):
    with file.open("a") as out:
        out.writelines(f"{line}\n" for line in lines)


def numbered(first, last):
    return [f"line {number:06d}" for number in range(first, last)]


def test_lines_come_once(following):
    file = following.logs.new("shop", "order-1", "app", 0)
    write(file, "one", "two")
    assert following.messages == ["one", "two"]
    write(file, "three")
    assert following.messages == ["one", "two", "three"]
    assert following.messages == ["one", "two", "three"]


def test_half_a_line_waits_for_the_other_half(following):
    file = following.logs.new("shop", "order-1", "app", 0)
    file.write_text("one\nha")
    assert following.messages == ["one"]
    write(file, "lf")
    assert following.messages == ["one", "half"]


def test_lines_carry_the_labels_of_their_pod(following):
    following.pods.note({"metadata": META})
    write(following.logs.new("shop", "order-1", "app", 0), "one")
    found = following.rows("namespace, pod, container, track, service, version")
    assert found == [("shop", "order-1", "app", "canary", "order", "v2")]


def test_labels_that_come_late_hold_for_earlier_lines(following):
    file = following.logs.new("shop", "order-1", "app", 0)
    write(file, "one")
    following.look()
    following.pods.note({"metadata": META})
    write(file, "two")
    assert following.rows("track") == [("canary",), ("canary",)]


def test_another_start_of_the_container_is_another_file(following):
    write(following.logs.new("shop", "order-1", "app", 0), "one")
    following.look()
    write(following.logs.new("shop", "order-1", "app", 1), "two")
    assert following.messages == ["one", "two"]


def test_the_log_of_a_deleted_pod_is_read_to_its_end(following):
    file = following.logs.new("shop", "order-1", "app", 0)
    write(file, "one")
    following.look()
    write(file, "last words")
    following.logs.remove("shop", "order-1")
    assert following.messages == ["one", "last words"]
    following.look()
    assert following.follower._files == {}
    assert following.store.positions() == {}


def test_a_log_that_was_shortened_in_place(following, monkeypatch):
    monkeypatch.setattr(kubelet_logs, "MAX_SIZE", 4000)
    monkeypatch.setattr(kubelet_logs, "KEPT", 1000)
    file = following.logs.new("shop", "order-1", "app", 0)
    write(file, *numbered(0, 400))
    following.look()
    write(file, *numbered(400, 410))
    following.logs.bound()
    assert file.stat().st_size < 1000
    write(file, *numbered(410, 420))
    assert following.messages == numbered(0, 420)


def test_a_log_that_was_shortened_and_has_grown_beyond_the_place(following, monkeypatch):
    monkeypatch.setattr(kubelet_logs, "MAX_SIZE", 1500)
    monkeypatch.setattr(kubelet_logs, "KEPT", 1000)
    file = following.logs.new("shop", "order-1", "app", 0)
    write(file, *numbered(0, 150))
    following.look()
    following.logs.bound()
    write(file, *numbered(150, 400))
    assert following.messages == numbered(0, 400)


def test_a_log_in_the_middle_of_being_shortened(following):
    file = following.logs.new("shop", "order-1", "app", 0)
    write(file, *numbered(0, 100))
    following.look()
    kept = file.read_text()[-500:]
    file.write_text("")
    following.look()
    file.write_text(kept)
    write(file, "new")
    assert following.messages == [*numbered(0, 100), "new"]


def test_a_log_with_nothing_left_of_what_was_read(following):
    file = following.logs.new("shop", "order-1", "app", 0)
    write(file, *numbered(0, 100))
    following.look()
    file.write_text("other\n")
    following.look()
    assert following.messages == [*numbered(0, 100), "other"]


def test_the_access_log_moves_aside(following):
    write(following.access_log, json.dumps({"path": "/1", "method": "GET", "status": 200}))
    following.look()
    write(following.access_log, json.dumps({"path": "/2", "method": "GET", "status": 200}))
    following.access_log.replace(following.access_log.with_name("access.log.1"))
    write(following.access_log, json.dumps({"path": "/3", "method": "GET", "status": 503}))
    assert following.rows("path, level, dataset") == [
        *[(path, "info", "proxy.access") for path in ("/1", "/2")],
        ("/3", "error", "proxy.access"),
    ]


def test_a_restart_loses_and_doubles_nothing(following):
    file = following.logs.new("shop", "order-1", "app", 0)
    write(file, *numbered(0, 50))
    following.look()
    following.end()
    write(file, *numbered(50, 60))
    following.begin()
    assert following.messages == numbered(0, 60)
    following.restart()
    assert following.messages == numbered(0, 60)


def test_what_moved_while_nobody_looked(following):
    write(following.access_log, *numbered(0, 5))
    following.look()
    following.end()
    write(following.access_log, *numbered(5, 6))
    following.access_log.replace(following.access_log.with_name("access.log.1"))
    write(following.access_log, *numbered(6, 8))
    following.begin()
    assert following.messages == numbered(0, 8)


def test_what_was_shortened_while_nobody_looked(following, monkeypatch):
    monkeypatch.setattr(kubelet_logs, "MAX_SIZE", 1500)
    monkeypatch.setattr(kubelet_logs, "KEPT", 1000)
    file = following.logs.new("shop", "order-1", "app", 0)
    write(file, *numbered(0, 150))
    following.look()
    following.end()
    following.logs.bound()
    write(file, *numbered(150, 400))
    following.begin()
    assert following.messages == numbered(0, 400)


def test_the_number_of_a_file_that_is_gone_says_nothing_of_the_next(following):
    file = following.logs.new("shop", "order-1", "app", 0)
    write(file, *numbered(0, 50))
    following.look()
    following.end()
    other = following.folder / "logs" / "shop" / "order-2" / "app" / "0.log"
    other.parent.mkdir(parents=True)
    file.replace(other)
    following.begin()
    assert following.rows("pod, message") == [
        *[("order-1", line) for line in numbered(0, 50)],
        *[("order-2", line) for line in numbered(0, 50)],
    ]


def test_lines_that_could_not_be_written_come_again(following, monkeypatch):
    write(following.logs.new("shop", "order-1", "app", 0), "one")
    with monkeypatch.context() as broken:
        broken.setattr(following.store, "write", failing)
        with pytest.raises(OSError, match="full"):
            following.follower.look()
    assert following.messages == ["one"]


def failing(*_arguments):
    raise OSError("disk full")


def test_of_a_long_log_the_newest_part_is_read(following, monkeypatch):
    monkeypatch.setattr(followed, "FIRST", 100)
    write(following.logs.new("shop", "order-1", "app", 0), *numbered(0, 50))
    messages = following.messages
    assert messages == numbered(50 - len(messages), 50)
    assert 5 < len(messages) < 10


def test_a_long_log_is_read_in_several_looks(following, monkeypatch):
    monkeypatch.setattr(followed, "BLOCK", 100)
    write(following.logs.new("shop", "order-1", "app", 0), *numbered(0, 50))
    for _ in range(20):
        following.look()
    assert following.messages == numbered(0, 50)


def test_a_line_without_end_is_cut(following, monkeypatch):
    monkeypatch.setattr(followed, "BLOCK", 100)
    write(following.logs.new("shop", "order-1", "app", 0), "x" * 250, "short")
    for _ in range(5):
        following.look()
    assert "".join(following.messages) == "x" * 250 + "short"


def test_the_oldest_lines_go_first_and_errors_last(tmp_path, following):
    following.end()
    following.store = LogStore(tmp_path / "store", limit=2, last_limit=4)
    following.follower = Follower(following.store, following.pods, tmp_path / "logs", None)
    errors = [json.dumps({"event": f"error {number}", "level": "error"}) for number in range(3)]
    write(following.logs.new("shop", "order-1", "app", 0), *errors, "line 3", "line 4", "line 5")
    following.look()
    following.store.bound()
    assert following.messages == ["error 2", "line 4", "line 5"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["time", "status", "duration_ms", "level", "message", "event", "trace_id", "path", "other"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.dictionaries(NAMES, JSON, max_size=6))
def test_whatever_a_program_writes_can_be_kept_and_found(following, content):
    line = json.dumps(content)
    for read in (lines.of_container, partial(lines.of_proxy, at=lambda _address: None)):
        made = read(line, ORIGIN, 0)
        following.store.write([Progress(1, ORIGIN, [made], Position())])
    found = following.rows("lines.id, json_valid(coalesce(more, '{}'))")
    assert all(valid for _number, valid in found)


def test_half_a_character_can_be_kept(following):
    file = following.logs.new("shop", "order-1", "app", 0)
    write(file, '{"event": "\\ud800 broken", "path": "/\\udfff"}', '{"event": "whole \\ud83d\\ude00"}')
    assert following.messages == ["? broken", "whole \N{GRINNING FACE}"]


def test_a_long_log_of_a_deleted_pod_is_read_to_its_end(following, monkeypatch):
    monkeypatch.setattr(followed, "BLOCK", 100)
    write(following.logs.new("shop", "order-1", "app", 0), *numbered(0, 50))
    following.look()
    following.logs.remove("shop", "order-1")
    for _ in range(20):
        following.look()
    assert following.messages == numbered(0, 50)


def test_files_that_went_while_nobody_looked_are_forgotten(following):
    write(following.logs.new("shop", "order-1", "app", 0), "one")
    following.look()
    following.end()
    following.logs.remove("shop", "order-1")
    following.begin()
    following.look()
    assert following.store.positions() == {}
