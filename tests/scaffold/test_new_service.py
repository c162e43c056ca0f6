"""A new service is a service: what it is made of is valid, in style, wired everywhere, and its tests pass."""

import fnmatch
import re
from pathlib import Path

import pytest
import yaml
from tests.scaffold.conftest import run

from scaffold import service
from scaffold.model import OWN, own_files, services
from scaffold.tree import Tree

SERVICES = ("payment", "gift-card")


@pytest.mark.parametrize("name", SERVICES)
def test_it_has_a_file_for_every_file_of_the_model_but_those_left_out(grown, name):
    tree = Tree(grown)
    mine, models = own_files(tree, name), own_files(tree, "user")
    assert len(mine) == len(models) - 1
    assert {Path(path).suffix for path in mine} == {Path(path).suffix for path in models}
    assert {folder for folder in OWN if any(path.startswith(f"{folder}/") for path in mine)} == set(OWN)


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_of_users_is_left_in_it(grown, name):
    tree = Tree(grown)
    for path in own_files(tree, name):
        said = re.findall(r"(?i)\busers?\b.*|e-?mail.*|nickname.*", tree.read(path))
        assert [
            line for line in said if not re.match(r"user, whatever|user-action|USER 10001|users pay", line)
        ] == [], path


def test_a_name_of_two_words_is_written_as_each_place_writes_names(grown):
    api, rule = (
        (grown / path).read_text()
        for path in ("services/gift_card/api.py", "istio/routing/gift-card/virtual-service.yaml")
    )
    assert "class GiftCardApi:" in api
    assert '"""Answer GET /gift-cards/{gift_card_id}."""' in api
    assert "There is no gift card with this id." in api
    assert "uri: {prefix: /gift-cards}" in rule
    assert 'Service("gift-card", settings)' in (grown / "services/gift_card/app.py").read_text()
    assert '"gift_cards",' in (grown / "services/gift_card/store.py").read_text()
    assert (
        'CREATE DATABASE "gift-card" OWNER "gift-card";'
        in (grown / "k8s/components/postgres/databases.sql").read_text()
    )


def test_nobody_may_ask_it_but_the_gateway(grown):
    policy = yaml.safe_load((grown / "istio/base/allow-payment.yaml").read_text())
    assert policy["spec"]["rules"] == [
        {"from": [{"source": {"serviceAccounts": ["istio-system/istio-ingressgateway"]}}]}
    ]


def test_it_is_in_the_style_of_the_tree(grown):
    run(grown, "ruff", "check", "--no-cache", ".")
    run(grown, "ruff", "format", "--no-cache", "--check", ".")


def test_every_rule_on_imports_holds_for_it(grown):
    told = run(grown, "lint-imports", "--no-cache")
    assert "0 broken" in told
    rules = (grown / "pyproject.toml").read_text()
    assert 'modules = ["user", "order", "payment", "gift_card"]' in rules
    assert rules.count('"payment"') == rules.count('"order"')


def test_its_manifests_render_and_its_tests_and_those_of_the_tree_pass(grown):
    """Those that look at every service there is: a third one must not be one too many anywhere."""
    chosen = [
        "tests/manifests/test_overlays.py",
        "tests/manifests/test_network_policies.py",
        "tests/manifests/test_access_policies.py",
        "tests/manifests/test_manifests_fit_services.py",
        "tests/images/test_dockerfile_policies.py",
        "tests/unit/services/test_payment_api.py",
        "tests/unit/services/test_gift_card_api.py",
        "tests/unit/services/test_image_catalogue.py",
        "tests/unit/test_signal_matrix_rules.py",
    ]
    told = run(grown, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen)
    assert " passed" in told


def test_what_is_generated_is_up_to_date(grown):
    run(grown, "python", "-m", "monitoring", "check")
    groups = yaml.safe_load((grown / "observability/prometheus/rules/slo.yaml").read_text())["groups"]
    assert {group["name"] for group in groups} == {f"slo-{name}" for name in ("user", "order", *SERVICES)}


def test_drills_know_what_to_ask_it_for(grown):
    script = (
        "from itertools import islice; from drills.traffic.mix import Traffic\n"
        "traffic = Traffic('gift-card', 1); traffic._requests['gift-card'].known.append('7')\n"
        "print({(call.service, call.path.rpartition('/7')[0] or call.path) for call in islice(traffic, 300)})"
    )
    assert run(grown, "python", "-c", script).strip() == "{('gift-card', '/gift-cards')}"


def test_files_and_lines_that_were_there_stay_as_they_are(original, grown):
    """Nothing is lost on the way: a shared file has more lines, and all of its old ones in their order."""
    for path in original.rglob("*"):
        relative = path.relative_to(original)
        if path.is_file() and relative.suffix in (".yaml", ".sql", ".py", ".md"):
            left = iter((grown / relative).read_text().splitlines())
            lost = [line for line in path.read_text().splitlines() if "[" not in line and line not in left]
            assert lost == [], relative


def test_it_begins_with_the_first_version_and_no_promoted_image_however_far_the_model_is(copy):
    production = copy / "k8s/overlays/production"
    for path, old, new in (
        ("kustomization.yaml", r"newTag: v1\n    digest: sha256:0{64}", f"newTag: v7\n    digest: sha256:{'a1' * 32}"),
        ("version-user.yaml", r"version: v1", "version: v7"),
    ):
        text, changed = re.subn(old, new, (production / path).read_text())
        assert changed == 2
        (production / path).write_text(text)
    tree = Tree(copy)
    service.new(tree, "payment")
    images = yaml.safe_load(tree.read("k8s/overlays/production/kustomization.yaml"))["images"]
    [(tag, digest)] = [(each["newTag"], each["digest"]) for each in images if each["name"] == "payment"]
    assert (tag, digest) == ("v1", f"sha256:{'0' * 64}")
    assert tree.read("k8s/overlays/production/version-payment.yaml").count("version: v1") == 2


def test_updates_of_its_base_image_are_looked_for(grown):
    updates = yaml.safe_load((grown / ".github/dependabot.yaml").read_text())["updates"]
    [looked_for] = [each["directories"] for each in updates if each["package-ecosystem"] == "docker"]
    for dockerfile in grown.glob("services/*/Dockerfile"):
        folder = f"/{dockerfile.parent.relative_to(grown)}"
        assert any(fnmatch.fnmatch(folder, pattern) for pattern in looked_for), folder


def test_it_may_be_made_once(grown):
    with pytest.raises(service.ScaffoldError, match="there is a service payment already"):
        service.new(Tree(grown), "payment")
    assert services(Tree(grown)) == ["gift-card", "order", "payment", "user"]
