"""A kubelet with a scheduler over a real store: its pods are real processes, small HTTP servers in Python."""

import asyncio
import contextlib
import json
import textwrap
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
import yaml

from embedded import orphans
from embedded.apiserver.resources import CONFIG_MAPS, EVENTS, PERSISTENT_VOLUME_CLAIMS, PODS, SECRETS
from embedded.apiserver.store import Store
from embedded.events import EventRecorder
from embedded.kubelet.actions import Actions
from embedded.kubelet.images import Catalogue
from embedded.kubelet.kubelet import Kubelet
from embedded.kubelet.logs import Logs
from embedded.kubelet.runtime import Runtime
from embedded.kubelet.scheduler import Scheduler
from embedded.network import PORTS_ANNOTATION, open_network
from embedded.processes import ProcessTable
from embedded.state import State

DEADLINE = 30

# Says what it is asked: its environment, its arguments; answers /fail with 503 while the file `sick` is in its folder.
SERVER = """
    import http.server, json, os, signal, sys
    print("listening", flush=True)
    def stop(*_):
        print("stopping", flush=True)
        sys.exit(0)
    signal.signal(signal.SIGTERM, stop)
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            sick = self.path.startswith("/fail") and os.path.exists("sick")
            body = json.dumps({"env": dict(os.environ), "argv": sys.argv[1:], "pid": os.getpid()}).encode()
            self.send_response(503 if sick else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *args):
            pass
    address = os.environ["HTTP_HOST"], int(os.environ.get("HTTP_PORT", "0"))
    http.server.ThreadingHTTPServer(address, Handler).serve_forever()
"""


class Node:
    """The kubelet under test and what a test asks of it."""

    def __init__(self, folder: Path, catalogue: Path, **given) -> None:
        self.state = State(folder)
        self.state.prepare()
        self.catalogue = catalogue
        self.store = Store(self.state.database)
        self.network, self._listener = open_network(self.state)
        processes = ProcessTable(self.state.processes, str(folder))
        (folder / "scratch").mkdir(exist_ok=True)
        self.runtime = Runtime(
            store=self.store,
            events=EventRecorder(self.store, "kubelet"),
            catalogue=Catalogue(catalogue),
            processes=processes,
            network=self.network,
            actions=Actions(processes, folder / "scratch"),
            logs=Logs(self.state.logs),
            pods=self.state.pods,
            claims=self.state.volumes,
            node_ip=self._listener.getsockname()[0],
            **given,
        )
        self.kubelet = Kubelet(self.runtime)
        self._tasks: list[asyncio.Task] = []

    def start(self) -> None:
        self.kubelet.reset()
        self._tasks = [asyncio.create_task(part.run()) for part in (Scheduler(self.store), self.kubelet)]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._listener.close()
        self.store.close()

    def left(self) -> set[int]:
        """Return the processes that are still there."""
        return {*orphans._written_down(self.state.processes), *orphans._marked(str(self.state.folder))}

    def create(self, name="web", containers=None, namespace="shop", owner="", **spec):
        """Create a pod; its containers are servers on port 8080 unless stated otherwise."""
        containers = containers or [{}]
        for number, container in enumerate(containers):
            container.setdefault("name", f"c{number}" if number else "main")
            container.setdefault("image", "server:v1")
            container.setdefault("ports", [{"name": "http", "containerPort": 8080 + number}])
        meta = {"name": name, "namespace": namespace, "labels": {"app": name}}
        if owner:
            meta["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": owner}]
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": containers, **spec}}
        return self.store.create(PODS, body)

    def configure(self, name, data, resource=CONFIG_MAPS, namespace="shop"):
        meta = {"name": name, "namespace": namespace}
        key = "stringData" if resource == SECRETS else "data"
        if resource == SECRETS:
            import base64

            key, data = "data", {k: base64.b64encode(v.encode()).decode() for k, v in data.items()}
        self.store.create(resource, {"apiVersion": "v1", "kind": resource.kind, "metadata": meta, key: data})

    def claim(self, name, namespace="shop"):
        meta = {"name": name, "namespace": namespace}
        body = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": {}}
        self.store.create(PERSISTENT_VOLUME_CLAIMS, body)

    def delete(self, name="web", namespace="shop", **how):
        self.store.delete(PODS, namespace, name, **how)

    def pod(self, name="web", namespace="shop"):
        return self.store.find(PODS, namespace, name)

    def phase(self, name="web"):
        return (self.pod(name) or {}).get("status", {}).get("phase")

    def container(self, name="web", number=0, key="containerStatuses"):
        statuses = (self.pod(name) or {}).get("status", {}).get(key) or []
        return statuses[number] if len(statuses) > number else {}

    def reason(self, name="web", **which):
        """Return why a container waits."""
        return (self.container(name, **which).get("state", {}).get("waiting") or {}).get("reason")

    def message(self, name="web", **which):
        return (self.container(name, **which).get("state", {}).get("waiting") or {}).get("message", "")

    def ended(self, name="web", **which):
        return self.container(name, **which).get("state", {}).get("terminated")

    def is_ready(self, name="web"):
        conditions = (self.pod(name) or {}).get("status", {}).get("conditions", [])
        return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)

    def events(self, reason):
        return [event["message"] for event in self.store.peek(EVENTS) if event["reason"] == reason]

    def log(self, name="web", container="main", previous=False):
        return self.runtime.logs.path("shop", name, container, previous).read_text()

    async def until(self, condition: Callable[[], object]):
        """Wait until a condition holds that changes with the stored objects; returns what it gave."""
        with self.store.watch(None) as watch:
            async with asyncio.timeout(DEADLINE):
                if found := condition():
                    return found
                async for _event in watch:
                    if found := condition():
                        return found
        raise AssertionError("the store was closed")

    async def eventually(self, condition: Callable[[], object]):
        """Wait for a condition that no stored object tells of."""
        async with asyncio.timeout(DEADLINE):
            while not (found := condition()):  # noqa: ASYNC110 - it is about processes and files
                await asyncio.sleep(0.02)
        return found

    def url(self, name="web", port=8080):
        pod = self.pod(name)
        ports = json.loads(pod["metadata"].get("annotations", {}).get(PORTS_ANNOTATION, "{}"))
        return f"http://{pod['status']['podIP']}:{ports.get(str(port), port)}"

    async def ask(self, name="web", path="/", port=8080):
        """Ask a running server for what it knows; its socket may open a moment after its process has started."""
        async with asyncio.timeout(DEADLINE), aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientConnectionError):
                    async with session.get(self.url(name, port) + path) as answer:
                        return await answer.json(content_type=None)
                await asyncio.sleep(0.02)


@pytest.fixture
def catalogue(tmp_path):
    """Write a catalogue with a server and a program that runs what the manifest says."""
    server = tmp_path / "server.py"
    server.write_text(textwrap.dedent(SERVER))
    file = tmp_path / "images.yaml"
    content = {
        "services": {
            "server": {"command": ["python", "-S", str(server)]},
            "script": {"command": ["python", "-S", "-c", "print('hello')"]},
        },
        "images": [
            {"name": "server", "tag": "v1", "env": {"APP_VERSION": "v1", "FROM_IMAGE": "yes"}},
            {"name": "server", "tag": "v2", "env": {"APP_VERSION": "v2"}},
            {"name": "script", "tag": "v1"},
        ],
    }
    file.write_text(yaml.safe_dump(content))
    return file


@pytest.fixture
async def node(tmp_path, catalogue):
    node = Node(tmp_path / "state", catalogue)
    node.start()
    yield node
    await node.stop()
    assert not node.left()


@pytest.fixture
async def make_node(tmp_path, catalogue):
    """Make a node with collaborators of the test's own; it is stopped at the end."""
    made = []

    def make(**given):
        node = Node(tmp_path / "state", catalogue, **given)
        node.start()
        made.append(node)
        return node

    yield make
    for node in made:
        await node.stop()
        assert not node.left()


@pytest.fixture(scope="session")
def script():
    """Return what makes a container that runs a Python script."""
    return run_script


def run_script(source, name="main", **more):
    return {"name": name, "image": "script:v1", "command": ["python", "-S", "-c", textwrap.dedent(source)], **more}
