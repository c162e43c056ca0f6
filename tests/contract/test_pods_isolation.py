"""What a container has of its own: user, mounts, credentials, names. Here processes differ most from containers."""

import os

from tests.contract.waiting import until


def test_a_container_runs_as_the_user_that_its_manifest_names(pods, differs):
    pods.create("import os; print(os.getuid())")
    pods.ended()
    if differs("security-context"):
        assert pods.log() == f"{os.getuid()}\n"
        until(lambda: "securityContext" in "".join(pods.events("Unsupported")), "its name in an event")
    else:
        assert pods.log() == "10001\n"


def test_a_volume_is_seen_by_the_code_itself(pods, differs):
    pods.core.create_namespaced_config_map(pods.namespace, {"metadata": {"name": "a"}, "data": {"key": "value"}})
    pods.create(
        # Put together, so that nobody can have rewritten it.
        "import pathlib; print(pathlib.Path('/', 'contract-mount', 'key').exists())",
        spec={"volumes": [{"name": "a", "configMap": {"name": "a"}}]},
        volumeMounts=[{"name": "a", "mountPath": "/contract-mount"}],
    )
    pods.ended()
    assert pods.log() == ("False\n" if differs("mount-paths") else "True\n")


def test_a_container_has_the_token_of_its_account(pods):
    pods.create("import os; print(os.path.exists('/var/run/secrets/kubernetes.io/serviceaccount/token'))")
    pods.ended()
    assert pods.log() == "True\n"


def test_the_name_of_a_service_resolves(pods, differs):
    body = {"metadata": {"name": "web"}, "spec": {"ports": [{"name": "http", "port": 80}]}}
    service = pods.core.create_namespaced_service(pods.namespace, body)
    pods.create(RESOLVE)
    pods.ended()
    assert pods.log() == ("unknown\n" if differs("service-dns") else f"{service.spec.cluster_ip}\n")


# The cluster's DNS learns of a new Service a moment later.
RESOLVE = """
import socket, time
for _ in range(20):
    try:
        print(socket.gethostbyname("web"))
        break
    except OSError:
        time.sleep(0.2)
else:
    print("unknown")
"""


def test_a_command_in_a_running_container(kubectl, pods, differs):
    pods.create("import time; time.sleep(600)")
    until(lambda: pods.state() and pods.state().running, "the start")
    command = ("exec", "probe", "--", "echo", "here")
    if differs("exec"):
        assert "does not implement" in kubectl.fails(*command)
    else:
        assert kubectl(*command) == "here\n"
