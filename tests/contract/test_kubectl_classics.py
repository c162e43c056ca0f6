"""kubectl's classic commands, as people type them."""

import json

import pytest
from tests.contract.contract_objects import BOX, CONFIG_MAP, DEFINITION, DEPLOYMENT, SERVICE


@pytest.fixture
def web(kubectl):
    kubectl("apply", "-f", "-", stdin=f"{DEPLOYMENT}---{SERVICE}")
    return kubectl


def field(kubectl, kind, name, path):
    return kubectl("get", kind, name, "-o", f"jsonpath={{{path}}}")


def test_apply_creates_configures_and_leaves_alone(kubectl):
    assert kubectl("apply", "-f", "-", stdin=DEPLOYMENT) == "deployment.apps/web created\n"
    assert kubectl("apply", "-f", "-", stdin=DEPLOYMENT) == "deployment.apps/web unchanged\n"
    changed = DEPLOYMENT.replace("web:v1", "web:v2")
    assert kubectl("apply", "-f", "-", stdin=changed) == "deployment.apps/web configured\n"
    assert field(kubectl, "deployment", "web", ".spec.template.spec.containers[0].image") == "example.test/web:v2"


def test_apply_removes_what_is_gone_from_the_manifest(kubectl):
    two = SERVICE.replace("targetPort: http}", "targetPort: http}, {name: metrics, port: 9090}")
    kubectl("apply", "-f", "-", stdin=two)
    kubectl("apply", "-f", "-", stdin=SERVICE)
    assert field(kubectl, "service", "web", ".spec.ports[*].name") == "http"


def test_server_side_apply_knows_its_owners(kubectl):
    kubectl("apply", "--server-side", "--field-manager=git", "-f", "-", stdin=DEPLOYMENT)
    changed = DEPLOYMENT.replace("web:v1", "web:v2")
    refusal = kubectl.fails("apply", "--server-side", "--field-manager=other", "-f", "-", stdin=changed)
    assert 'conflict with "git": .spec.template.spec.containers[name="web"].image' in refusal
    done = kubectl("apply", "--server-side", "--force-conflicts", "--field-manager=other", "-f", "-", stdin=changed)
    assert done == "deployment.apps/web serverside-applied\n"


def test_apply_refuses_misspelt_fields(kubectl):
    refusal = kubectl.fails("apply", "-f", "-", stdin=DEPLOYMENT.replace("replicas:", "replicaz:"))
    assert 'unknown field "spec.replicaz"' in refusal


def test_apply_reads_a_kustomization(kubectl):
    (kubectl.folder / "kustomization.yaml").write_text("resources: [config.yaml]\nnamePrefix: my-\n")
    (kubectl.folder / "config.yaml").write_text(CONFIG_MAP)
    assert kubectl("apply", "-k", str(kubectl.folder)) == "configmap/my-settings created\n"


def test_diff_shows_what_would_change(web):
    done = web.run("diff", "-f", "-", stdin=DEPLOYMENT.replace("web:v1", "web:v2"))
    assert done.returncode == 1, done.stderr
    assert "+      - image: example.test/web:v2" in done.stdout
    assert web("diff", "-f", "-", stdin=DEPLOYMENT) == ""


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (("configmap", "x", "--from-literal=a=b"), "configmap"),
        (("secret", "generic", "x", "--from-literal=a=b"), "secret"),
        (("serviceaccount", "x"), "serviceaccount"),
        (("service", "clusterip", "x", "--tcp=80:8080"), "service"),
        (("deployment", "x", "--image=example.test/web:v1", "--replicas=0", "--port=8080"), "deployment.apps"),
        (("poddisruptionbudget", "x", "--selector=app=web", "--min-available=1"), "poddisruptionbudget.policy"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_create(kubectl, arguments, kind):
    assert kubectl("create", *arguments) == f"{kind}/x created\n"
    assert field(kubectl, kind, "x", ".metadata.name") == "x"


def test_created_objects_carry_what_was_asked(kubectl):
    kubectl("create", "secret", "generic", "x", "--from-literal=a=b")
    assert field(kubectl, "secret", "x", ".data.a") == "Yg=="
    kubectl("create", "deployment", "x", "--image=example.test/web:v1", "--replicas=0", "--port=8080")
    assert field(kubectl, "deployment", "x", ".spec.replicas") == "0"
    assert field(kubectl, "deployment", "x", ".spec.template.spec.containers[0].ports[0].containerPort") == "8080"


def test_autoscale_and_expose(web):
    web("autoscale", "deployment", "web", "--min=1", "--max=3", "--cpu-percent=50")
    assert "cpu: <unknown>/50%" in web("get", "hpa", "web")
    web("expose", "deployment", "web", "--name=second", "--port=81", "--target-port=8080")
    assert field(web, "service", "second", ".spec.ports[0].targetPort") == "8080"


def test_tables(web):
    lines = web("get", "deployments", "-o", "wide").splitlines()
    assert lines[0].split() == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"]
    assert lines[1].split()[:2] == ["web", "0/0"]
    assert lines[1].split()[-3:] == ["web", "example.test/web:v1", "app=web"]
    assert web("get", "service", "web").splitlines()[0].split() == (
        ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"]
    )
    assert "deployment.apps/web" in web("get", "all")
    assert web("get", "deploy", "--no-headers", "-l", "app=other") == ""
    assert web("get", "deploy", "--show-labels").splitlines()[1].endswith("app=web")


def test_a_selector_is_patched(web):
    patch = '{"spec":{"selector":{"app":"web","version":"v2"}}}'
    assert web("patch", "service", "web", "-p", patch) == "service/web patched\n"
    assert json.loads(field(web, "service", "web", ".spec.selector")) == {"app": "web", "version": "v2"}


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("merge", '{"metadata":{"labels":{"x":"1"}}}'),
        ("json", '[{"op":"add","path":"/metadata/labels/x","value":"1"}]'),
        ("strategic", '{"metadata":{"labels":{"x":"1"}}}'),
    ],
)
def test_the_three_patches(web, kind, patch):
    web("patch", "deployment", "web", f"--type={kind}", "-p", patch)
    assert json.loads(field(web, "deployment", "web", ".metadata.labels")) == {"app": "web", "x": "1"}


def test_labels_annotations_images_and_environment(web):
    web("label", "deployment", "web", "tier=front")
    assert "already has a value" in web.fails("label", "deployment", "web", "tier=back")
    web("label", "deployment", "web", "tier-")
    web("annotate", "deployment", "web", "note=here")
    web("set", "image", "deployment/web", "web=example.test/web:v9")
    web("set", "env", "deployment/web", "A=1")
    web("set", "resources", "deployment/web", "--limits=cpu=200m")
    found = json.loads(web("get", "deployment", "web", "-o", "json"))
    container = found["spec"]["template"]["spec"]["containers"][0]
    assert found["metadata"]["labels"] == {"app": "web"}
    assert found["metadata"]["annotations"]["note"] == "here"
    assert (container["image"], container["env"]) == ("example.test/web:v9", [{"name": "A", "value": "1"}])
    assert container["resources"] == {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "200m"}}


def test_rollouts(web):
    web("rollout", "status", "deployment/web", "--timeout=30s")
    web("set", "image", "deployment/web", "web=example.test/web:v2")
    web("rollout", "status", "deployment/web", "--timeout=30s")
    history = web("rollout", "history", "deployment/web")
    assert [line.split()[0] for line in history.splitlines()[2:] if line] == ["1", "2"]
    web("rollout", "undo", "deployment/web")
    image = ".spec.template.spec.containers[0].image"
    assert field(web, "deployment", "web", image) == "example.test/web:v1"
    web("rollout", "pause", "deployment/web")
    assert field(web, "deployment", "web", ".spec.paused") == "true"
    web("rollout", "resume", "deployment/web")
    web("rollout", "restart", "deployment/web")
    assert "restartedAt" in field(web, "deployment", "web", ".spec.template.metadata.annotations")


def test_scale(web):
    # No image, no pod that runs: the number is what counts here.
    assert web("scale", "deployment", "web", "--replicas=0") == "deployment.apps/web scaled\n"
    assert "Expected replicas to be 5, was 0" in web.fails(
        "scale", "deployment", "web", "--replicas=1", "--current-replicas=5"
    )


def test_describe(web):
    described = web("describe", "deployment", "web")
    assert "StrategyType:           RollingUpdate" in described
    assert "0 desired" in described
    assert "TargetPort:" in web("describe", "service", "web")
    for kind in ("namespaces", "nodes", "serviceaccounts", "configmaps", "replicasets", "endpointslices"):
        web("describe", kind)


def test_edit_and_replace(web):
    editor = web.folder / "editor"
    editor.write_text("#!/bin/sh\nsed -i.bak 's/web:v1/web:v5/' \"$1\"\n")
    editor.chmod(0o755)
    assert "edited" in web("edit", "deployment", "web", KUBE_EDITOR=str(editor))
    # From here on nobody else changes it: its controller has said all about it.
    web("wait", "deployment/web", "--for=jsonpath={.status.observedGeneration}=2", "--timeout=30s")
    web("rollout", "status", "deployment/web", "--timeout=30s")
    found = json.loads(web("get", "deployment", "web", "-o", "json"))
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "example.test/web:v5"
    found["spec"]["minReadySeconds"] = 3
    assert web("replace", "-f", "-", stdin=json.dumps(found)) == "deployment.apps/web replaced\n"
    assert "Conflict" in web.fails("replace", "-f", "-", stdin=json.dumps(found))


def test_wait_and_delete(web):
    web("wait", "--for=jsonpath={.metadata.name}=web", "deployment/web", "--timeout=30s")
    web("wait", "--for=condition=Available", "deployment/web", "--timeout=30s")
    assert web("delete", "deployment", "web") == 'deployment.apps "web" deleted\n'
    assert "NotFound" in web.fails("get", "deployment", "web")
    assert web("delete", "deployment", "web", "--ignore-not-found") == ""


@pytest.mark.parametrize("cascade", ["background", "foreground", "orphan"])
def test_delete_cascades_as_asked(web, cascade):
    web("wait", "--for=create", "replicaset", "-l", "app=web", "--timeout=30s")
    replica_set = web("get", "replicaset", "-o", "name").strip()
    web("delete", "deployment", "web", f"--cascade={cascade}")
    if cascade == "orphan":
        assert web("get", replica_set, "-o", "jsonpath={.metadata.ownerReferences}") == ""
    else:
        web("wait", "--for=delete", replica_set, "--timeout=30s")


def test_a_watch_prints_changes(web):
    with web.process("get", "configmaps", "-w", "--no-headers", "--field-selector=metadata.name=settings") as watch:
        try:
            web("create", "-f", "-", stdin=CONFIG_MAP)
            assert watch.stdout.readline().split()[:2] == ["settings", "1"]
            web("delete", "configmap", "settings")
            assert watch.stdout.readline().split()[:2] == ["settings", "1"]
        finally:
            watch.terminate()


def test_explain(kubectl):
    explained = kubectl("explain", "deployment.spec.strategy")
    assert "KIND:       Deployment" in explained
    assert "rollingUpdate" in explained


def test_what_the_cluster_says_of_itself(kubectl):
    assert "deployments" in kubectl("api-resources", "--api-group=apps", "-o", "name")
    assert "apps/v1" in kubectl("api-versions")
    assert "control plane" in kubectl("cluster-info")
    assert kubectl("auth", "can-i", "create", "pods") == "yes\n"
    assert "Username" in kubectl("auth", "whoami")
    assert "current-context" in kubectl("config", "view")
    assert "Server Version" in kubectl("version")


def test_events_are_listed(web):
    listed = web.run("events", "--types=Normal,Warning")
    assert listed.stdout.startswith("LAST SEEN") or "No events found" in listed.stderr
    web("get", "events", "--sort-by=.lastTimestamp")


def test_custom_kinds_come_and_go(kubectl):
    kubectl("apply", "-f", "-", stdin=DEFINITION)
    try:
        kubectl("wait", "--for=condition=Established", "crd/boxes.contract.test", "--timeout=30s")
        assert kubectl("apply", "-f", "-", stdin=BOX) == "box.contract.test/small created\n"
        assert kubectl("get", "bx").splitlines()[1].split() == ["small", "3"]
        assert "How much goes into it." in kubectl("explain", "box.spec.size")
        refusal = kubectl.fails("apply", "-f", "-", stdin=BOX.replace("size: 3", "size: big"))
        assert "spec.size" in refusal
        kubectl("patch", "box", "small", "--type=merge", "-p", '{"spec":{"size":4}}')
        assert field(kubectl, "box", "small", ".spec.size") == "4"
    finally:
        kubectl("delete", "crd", "boxes.contract.test")
    refusal = kubectl.fails("get", "boxes")
    assert "doesn't have a resource type" in refusal or "could not find the requested resource" in refusal


def test_gaps_are_named(kubectl, differs):
    wanted = ("create", "cronjob", "x", "--image=example.test/web:v1", "--schedule=0 0 1 1 *")
    if differs("refused-kinds"):
        assert "the embedded cluster does not implement cronjobs.batch" in kubectl.fails(*wanted)
    else:
        assert kubectl(*wanted) == "cronjob.batch/x created\n"


def test_pages_are_put_together(kubectl):
    many = "---".join(CONFIG_MAP.replace("settings", f"settings-{number}") for number in range(7))
    kubectl("create", "-f", "-", stdin=many)
    names = kubectl("get", "configmaps", "--chunk-size=2", "-o", "name").split()
    assert [name for name in names if "settings" in name] == [f"configmap/settings-{number}" for number in range(7)]
