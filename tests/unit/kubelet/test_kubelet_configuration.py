"""What a container is given: environment, commands, volumes, resources."""

import json

import pytest

from embedded.apiserver.resources import SECRETS

SHOW = "import json, os, sys, time; print(json.dumps([dict(os.environ), sys.argv]), flush=True); time.sleep(600)"


async def shown(node, name="web"):
    """Return environment and arguments of a container that runs SHOW."""
    await node.until(lambda: node.is_ready(name))
    await node.eventually(lambda: node.log(name).endswith("\n"))
    return json.loads(node.log(name))


async def test_the_manifests_environment_is_resolved(node, script):
    node.configure("settings", {"LEVEL": "info", "COLOUR": "green"})
    node.configure("passwords", {"db": "s3cret"}, SECRETS)
    env = [
        {"name": "FIRST", "value": "1"},
        {"name": "CHAIN", "value": "$(FIRST)-$(COLOUR)-$(UNKNOWN)-$$(FIRST)"},
        {"name": "FROM_IMAGE", "value": "overridden"},
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "KEY", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "LEVEL"}}},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "passwords", "key": "db"}}},
        {"name": "ABSENT", "valueFrom": {"secretKeyRef": {"name": "none", "key": "x", "optional": True}}},
        {"name": "MEMORY", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
    ]
    more = {
        "env": env,
        "envFrom": [{"configMapRef": {"name": "settings"}}, {"prefix": "P_", "secretRef": {"name": "passwords"}}],
        "args": ["--name=$(POD)", "$(UNKNOWN)"],
        "resources": {"limits": {"memory": "512Mi"}},
    }
    node.create(containers=[script(SHOW, **more)])
    values, arguments = await shown(node)
    wanted = {
        "FIRST": "1",
        "CHAIN": "1-green-$(UNKNOWN)-$(FIRST)",
        "FROM_IMAGE": "overridden",
        "POD": "web",
        "IP": node.pod()["status"]["podIP"],
        "APP": "web",
        "KEY": "info",
        "LEVEL": "info",
        "PASSWORD": "s3cret",
        "P_db": "s3cret",
        "MEMORY": "512",
    }
    assert values | wanted == values
    assert "ABSENT" not in values
    assert arguments[1:] == ["--name=web", "$(UNKNOWN)"]


async def test_nothing_of_the_users_own_environment_leaks_in(node, monkeypatch, script):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "leaked")
    monkeypatch.setenv("PYTHONSTARTUP", "/nowhere")
    node.create(containers=[script(SHOW)])
    values, _arguments = await shown(node)
    from embedded.kubelet.environment import INHERITED

    given = {"PATH", "HOME", "TMPDIR", "HOSTNAME", "PYTHONPATH", "PYTHONUNBUFFERED", "HTTP_HOST", "HTTP_PORT"}
    given |= {"OTEL_RESOURCE_ATTRIBUTES"}
    # The C library and the interpreter may add what the locale needs.
    assert set(values) <= given | set(INHERITED) | {"EMBEDDED_CLUSTER", "__CF_USER_TEXT_ENCODING"}
    assert values["HOSTNAME"] == "web"


async def test_the_proxy_of_the_namespace_is_given(make_node, script):
    node = make_node(proxy=lambda namespace: f"http://proxy-of-{namespace}:15001")
    node.create(containers=[script(SHOW)])
    values, _arguments = await shown(node)
    assert values["HTTP_PROXY"] == values["http_proxy"] == "http://proxy-of-shop:15001"
    assert values["NO_PROXY"] == "127.0.0.1,localhost"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"configMapKeyRef": {"name": "late", "key": "k"}}, 'configmap "late" not found'),
        ({"secretKeyRef": {"name": "late", "key": "k"}}, 'secret "late" not found'),
    ],
)
async def test_a_missing_reference_holds_the_container_until_it_exists(node, source, message, script):
    node.create(containers=[script(SHOW, env=[{"name": "VALUE", "valueFrom": source}])])
    await node.until(lambda: node.reason() == "CreateContainerConfigError")
    assert node.message() == message
    node.configure(
        "late",
        {"k": "here"},
        SECRETS
        if "secretKeyRef" in source
        else __import__("embedded.apiserver.resources", fromlist=["CONFIG_MAPS"]).CONFIG_MAPS,
    )
    values, _arguments = await shown(node)
    assert values["VALUE"] == "here"


async def test_a_missing_key_is_named(node, script):
    node.configure("settings", {"other": "1"})
    source = {"configMapKeyRef": {"name": "settings", "key": "wanted"}}
    node.create(containers=[script(SHOW, env=[{"name": "VALUE", "valueFrom": source}])])
    await node.until(lambda: node.reason() == "CreateContainerConfigError")
    assert node.message() == "couldn't find key wanted in ConfigMap shop/settings"


async def test_args_alone_keep_the_images_program(node):
    node.create(containers=[{"image": "script:v1", "args": ["-c", "print('other')"]}], restartPolicy="Never")
    await node.until(lambda: node.ended())
    assert node.log() == "other\n"


async def test_volumes_are_folders_and_paths_lead_there(node, script):
    node.configure("settings", {"app.ini": "[a]", "skipped": "x"})
    node.configure("passwords", {"db": "s3cret"}, SECRETS)
    node.claim("data")
    volumes = [
        {"name": "scratch", "emptyDir": {}},
        {"name": "settings", "configMap": {"name": "settings", "items": [{"key": "app.ini", "path": "etc/a.ini"}]}},
        {"name": "passwords", "secret": {"secretName": "passwords"}},
        {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "labels", "downwardAPI": {"items": [{"path": "l", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
    ]
    mounts = [{"name": volume["name"], "mountPath": f"/{volume['name']}"} for volume in volumes]
    source = """
        import os, sys
        print([open(p).read() for p in ("/settings/etc/a.ini", "/passwords/db", "/labels/l")])
        print(os.listdir("/settings"))
        open("/scratch/x", "w").write("1")
        open(os.environ["URL"].removeprefix("sqlite:///"), "w").write("rows")
    """
    env = [{"name": "URL", "value": "sqlite:////data/order.db"}]
    node.create(containers=[script(source, volumeMounts=mounts, env=env)], volumes=volumes, restartPolicy="Never")
    await node.until(lambda: node.ended())
    assert node.log() == "['[a]', 's3cret', 'app=\"web\"']\n['etc']\n"
    assert (node.state.volumes / "shop" / "data" / "order.db").read_text() == "rows"


async def test_a_claims_content_outlives_the_pod_and_goes_with_the_claim(node, script):
    from embedded.apiserver.resources import PERSISTENT_VOLUME_CLAIMS

    node.claim("data")
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]
    mounts = [{"name": "data", "mountPath": "/data"}]
    count = script("open('/data/n', 'a').write('x'); print(open('/data/n').read())", volumeMounts=mounts)
    for name in ("one", "two"):
        node.create(name, containers=[dict(count)], volumes=volumes, restartPolicy="Never")
        await node.until(lambda n=name: node.ended(n))
    assert node.log("two") == "xx\n"
    node.store.delete(PERSISTENT_VOLUME_CLAIMS, "shop", "data")
    await node.eventually(lambda: not (node.state.volumes / "shop" / "data").exists())


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        ({"hostPath": {"path": "/"}}, "hostPath is not supported"),
        ({"persistentVolumeClaim": {"claimName": "none"}}, 'persistentvolumeclaim "none" not found'),
        ({"configMap": {"name": "none"}}, 'configmap "none" not found'),
    ],
)
async def test_a_volume_that_cannot_be_had_is_named(node, volume, message):
    node.create(volumes=[{"name": "v", **volume}])
    await node.until(lambda: any(message in text for text in node.events("FailedMount")))
    assert node.pod()["status"]["phase"] == "Pending"


async def test_more_memory_than_the_limit_is_oom_killed(node, monkeypatch, script):
    monkeypatch.setattr("embedded.kubelet.stats.INTERVAL", 0.05)
    greedy = "x = bytearray(80 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1\nimport time; time.sleep(600)"
    node.create(containers=[script(greedy, resources={"limits": {"memory": "48Mi"}})], restartPolicy="Never")
    await node.until(lambda: node.ended())
    assert (node.ended()["reason"], node.ended()["exitCode"]) == ("OOMKilled", 137)


async def test_cpu_is_measured_for_each_pod(node, monkeypatch, script):
    monkeypatch.setattr("embedded.kubelet.stats.INTERVAL", 0.05)
    node.create("busy", containers=[script("while True: pass")])
    node.create("idle", containers=[script("import time; time.sleep(600)")])
    await node.eventually(lambda: (node.kubelet.cpu_millicores("shop", "busy") or 0) > 100)
    assert (node.kubelet.cpu_millicores("shop", "idle") or 0) < node.kubelet.cpu_millicores("shop", "busy") / 2
    assert node.kubelet.cpu_millicores("shop", "none") is None
