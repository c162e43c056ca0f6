"""`make dev` as somebody uses it: save, see, break, mend, end. On a cluster and on files of its own."""

import os
import signal
import time

import psutil
import pytest
import requests

from bench import checkout
from bench.inner_loop import watching
from cluster.client import Cluster
from dev.asking import NOBODY

pytestmark = pytest.mark.timeout(300)

PATIENCE = 60.0
GONE = '"There is no order with this id."'


class Desk:
    """A person with an editor and a browser.

    Args:
        loop: the inner loop that runs beside.
        services: the files.
        state: the cluster's folder.
    """

    def __init__(self, loop, services, state):
        self.loop, self.services, self.state = loop, services, state
        self.original = (services / "order/api.py").read_text()
        with Cluster.connect(state / "kubeconfig") as cluster:
            self.gateway = cluster.gateway_url

    def save(self, text, file="order/api.py"):
        """Save a file, and return how much was said before."""
        said = len(self.loop.lines)
        (self.services / file).write_text(text)
        return said

    def answer(self, word):
        """Edit what the service says of an order that is not there, as code."""
        return self.save(self.original.replace(GONE, word))

    def see(self, text, said):
        return self.loop.wait_for(text, PATIENCE, said)

    def ask(self):
        """Return what a user reads."""
        found = requests.get(f"{self.gateway}/orders/{NOBODY}", timeout=5)
        assert found.status_code == 404, found.text
        return found.json()["detail"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dev").resolve()
    services, state = checkout.copy(folder / "services"), folder / "state"
    with pytest.MonkeyPatch.context() as environment:
        for name in ("GATEWAY_URL", "KUBECONFIG", "KUBECONTEXT", "NAMESPACE"):
            environment.delenv(name, raising=False)
        with watching(state, services) as loop:
            yield Desk(loop, services, state)


def test_a_saved_file_is_answered_with_by_new_pods(desk):
    said = desk.answer('"Saved."')
    desk.see("order/api.py: new pods for order", said)
    pod = desk.see("order: pod order-", said).split()[2]
    desk.see("order: all 2 pods are new", said)
    assert {desk.ask() for _ in range(10)} == {"Saved."}
    assert pod in pods(desk)
    assert not [line for line in desk.loop.lines[said:] if "user" in line]


def test_a_broken_file_is_told_while_the_old_pods_serve_and_the_next_save_mends_it(desk):
    before = {name for name in pods(desk) if name.startswith("order-")}
    said = desk.save("def broken(:\n")
    line = desk.see("crashed with exit code", said)
    assert "SyntaxError: invalid syntax" in line
    assert "the old pods go on serving, the next save tries again" in line
    desk.see("  | SyntaxError", said)
    wait_until(lambda: {name for name in pods(desk) if name.startswith("order-")} == before)
    assert {desk.ask() for _ in range(10)} == {"Saved."}
    said = desk.answer('"Mended."')
    desk.see("order: all 2 pods are new", said)
    assert {desk.ask() for _ in range(10)} == {"Mended."}


def test_a_burst_over_both_services_is_one_replacement_of_each(desk):
    said = len(desk.loop.lines)
    for name in ("chassis/health.py", "order/api.py", "user/api.py"):
        os.utime(desk.services / name)
        with (desk.services / name).open("a") as file:
            file.write("# saved\n")
    desk.see("order: all 2 pods are new", said)
    desk.see("user: all 2 pods are new", said)
    headings = [line for line in desk.loop.lines[said:] if "new pods for" in line]
    assert len(headings) == 1, headings
    assert "chassis/health.py, order/api.py, user/api.py: new pods for order, user" in headings[0]


def test_a_saved_migration_runs_again_and_a_broken_one_is_told(desk):
    file = desk.services / "order/migrate.py"
    said = desk.save(file.read_text() + "# saved\n", "order/migrate.py")
    desk.see("order/migrate.py: migration of order", said)
    desk.see("order: the database is at revision 0001", said)
    good = file.read_text()
    said = desk.save("import nothing_of_that_name\n", "order/migrate.py")
    assert "No module named 'nothing_of_that_name'" in desk.see("Job order-migrate is not ready", said)
    said = desk.save(good, "order/migrate.py")
    desk.see("order: the database is at revision 0001", said)


def test_ctrl_c_leaves_no_process_and_nothing_in_the_users_checkout(desk):
    desk.answer('"Interrupted."')  # in the middle of a replacement
    wait_until(lambda: "new pods for order" in desk.loop.lines[-1] or "pod order-" in desk.loop.lines[-1])
    assert desk.loop.stop(signal.SIGINT) == 0
    assert desk.loop.lines[-1] == "ended"
    assert not [line for line in desk.loop.lines if "Traceback" in line and not line.strip().startswith("|")]
    assert not left_of(desk.state)
    assert "Saved." not in (checkout.SERVICES / "order/api.py").read_text()


def pods(desk):
    with Cluster.connect(desk.state / "kubeconfig") as cluster:
        return {pod["metadata"]["name"] for pod in cluster.pods.list() if "deletionTimestamp" not in pod["metadata"]}


def left_of(state):
    """Return the processes that bear the state folder in their command or their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            words = [*process.cmdline(), *process.environ().values()]
        except psutil.Error:
            continue
        if any(str(state) in word for word in words) and process.pid != os.getpid():
            found.append(process)
    return found


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
