"""What is true of an image only once it runs, under the restrictions of the pods in k8s/."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

DEADLINE = 60.0
# The slow request must still be under way when the service has been told to stop, and after it failed readiness.
SLOW_MS, DELAY_S = 3000, 1
# The slow one, and the one that asks for the metrics.
IN_PROGRESS = 'http_requests_in_progress{service="user",version="v1"} 2.0'
SOURCES = {"app.py", "api.py", "config.py", "domain.py", "migrate.py", "shapes.py", "store.py", "__init__.py"}
BUILD_TOOLS = ("pip", "pip3", "gcc", "cc", "g++", "make", "ld", "git", "curl", "wget")

pytestmark = pytest.mark.timeout(600)


def url(container):
    container.reload()
    return f"http://127.0.0.1:{container.ports['8080/tcp'][0]['HostPort']}"


def status(container, path):
    """Return the status of an answer, 0 while there is none."""
    try:
        return requests.get(f"{url(container)}{path}", timeout=5).status_code
    except requests.ConnectionError:
        return 0


def until(condition, what):
    ends = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < ends, what
        time.sleep(0.1)


def serve(run, **environ):
    """Start the service and migrate its database, as a Job does: the same image, another command."""
    container = run(SHUTDOWN_DELAY_SECONDS=str(DELAY_S), **environ)
    until(lambda: status(container, "/livez") == 200, lambda: container.logs().decode())
    code, output = container.exec_run(["python", "-m", "user.migrate"])
    assert code == 0, output
    until(lambda: status(container, "/readyz") == 200, "ready")
    return container


def ask(run, *command):
    """Run a command instead of the service and return its exit status and output."""
    container = run(*command)
    code = container.wait(timeout=DEADLINE)["StatusCode"]
    return code, container.logs().decode()


def shell(run, script):
    code, output = ask(run, "sh", "-c", script)
    assert code == 0, output
    return output.split()


def test_it_serves_as_a_pod_of_the_restricted_level(run):
    container = serve(run)
    created = requests.post(f"{url(container)}/users", json={"name": "Ada", "email": "ada@example.org"}, timeout=5)
    assert created.status_code == 201
    assert created.headers["X-App-Version"] == "v1"


def test_sigterm_lets_a_request_finish_and_exits_clean(run):
    container = serve(run, FAULT_LATENCY_MS=str(SLOW_MS))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(requests.get, f"{url(container)}/users", timeout=DEADLINE)
        until(lambda: IN_PROGRESS in requests.get(f"{url(container)}/metrics", timeout=5).text, "it began")
        container.kill("SIGTERM")
        until(lambda: status(container, "/readyz") == 503, "readiness fails first")
        assert not slow.done()
        assert slow.result().status_code == 200
    assert container.wait(timeout=DEADLINE)["StatusCode"] == 0


def test_gunicorn_is_process_one(run):
    container = run()
    until(lambda: status(container, "/livez") == 200, "serves")
    _, output = container.exec_run(["cat", "/proc/1/cmdline"])
    assert output.decode().split("\0")[:3] == ["python", "-m", "gunicorn"]


def test_wrong_configuration_ends_it_with_one_line(run):
    container = run(HTTP_THREADS="many")
    assert container.wait(timeout=DEADLINE)["StatusCode"] == 2
    [line] = container.logs().decode().splitlines()
    assert line.startswith("configuration error: HTTP_THREADS")


def test_nothing_installs_or_builds(run):
    assert shell(run, f"for tool in {' '.join(BUILD_TOOLS)}; do command -v $tool; done; true") == []
    for module in ("pip", "ensurepip"):
        code, output = ask(run, "python", "-m", module)
        assert (code, f"No module named {module}" in output) == (1, True)
    assert shell(run, "find / -xdev -name 'pip' -o -name 'pip-*' -o -name 'pip[0-9]*' 2>/dev/null; true") == []


def test_nobody_but_root_owns_or_changes_a_file(run):
    """What the service can change of itself, an intruder can too; what lends rights, he can use."""
    assert shell(run, "find / -xdev -type f -perm /6000 2>/dev/null; true") == []
    assert shell(run, "find /app /venv /usr/local ! -user root") == []
    assert shell(run, "find / -xdev ! -type l -perm -o+w ! -perm -1000 2>/dev/null; true") == []
    assert shell(run, "find /app /venv -writable -type f") == []


def test_only_sources_of_the_service_are_in_it(run):
    assert set(shell(run, "ls /app")) == {"chassis", "user"}
    assert set(shell(run, "ls -A /app/user")) == SOURCES | {"migrations", "__pycache__"}
    assert shell(run, "ls /app/user/migrations/versions/*.py")
    assert shell(run, "find /app -type f ! -name '*.py' ! -name '*.pyc'") == []


def test_labels_tell_what_it_is(image):
    labels = {name.rpartition(".")[2]: value for name, value in image.labels.items()}
    assert (labels["title"], labels["version"], labels["licenses"]) == ("user", "v1", "Apache-2.0")
    assert ("revision" in labels) == ("created" in labels)


def test_it_is_configured_as_the_catalogue_says(image):
    config = image.attrs["Config"]
    assert config["User"] == "10001:10001"
    assert "APP_VERSION=v1" in config["Env"]
    assert config["Entrypoint"] + config["Cmd"] == [
        *("python", "-m", "gunicorn", "--config", "python:chassis.serving"),
        "user.app:create_app()",
    ]
