"""What cannot become a service is refused in one line, before anything changes."""

import pytest

from scaffold import service
from scaffold.errors import ScaffoldError
from scaffold.model import EDITS
from scaffold.tree import Tree

REFUSED = {
    "": "is no name of a service",
    "Payment": "is no name of a service",
    "pay ment": "is no name of a service",
    "pay_ment": "is no name of a service",
    "pay--ment": "is no name of a service",
    "-payment": "is no name of a service",
    "payment-": "is no name of a service",
    "1payment": "is no name of a service",
    "pay/../ment": "is no name of a service",
    "payment\n": "is no name of a service",
    "zahlung-für": "is no name of a service",
    "$(id)": "is no name of a service",
    "a" * 40: "is too long: at most 39 characters",
    "user": "there is a service user already",
    "order": "there is a service order already",
    "order-canary": "releases make objects whose names end in canary",
    "payment-migrate": "releases make objects whose names end in migrate",
    "class": "class means something in Python",
    "match": "match means something in Python",
    "filter": "filter means something in Python",
    "queue": "Python has a package queue already",
    "flask": "Python has a package flask already",
    "chassis": "chassis is a package of this project",
    "drills": "drills is a package of this project",
    "postgres": "an object of the manifests is called postgres",
    "prometheus": "an object of the manifests is called prometheus",
    "network": "it means something else in istio/gateway",
    "sqlite": "it means something else in k8s/components/sqlite",
    "image": "it means something else in",
    "position": "Position means something else in the code of a service",
    "userstore": "its path /userstores and that of user begin alike",
    "superuser": "it means something else in k8s/components/postgres/server.yaml",
    "a-name-that-is-as-long-as-pods-can-bear": "the name is too long for the lines of services/",
}


@pytest.mark.parametrize(("name", "said"), REFUSED.items())
def test_it_is_refused(original, name, said):
    tree = Tree(original)
    with pytest.raises(ScaffoldError) as error:
        service.new(tree, name)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert tree.changes == {}


@pytest.mark.parametrize("name", ["gift-card", "invoice", "s3-store", "category", "usergroup"])
def test_it_is_taken(original, name):
    assert f"k8s/base/{name}/deployment.yaml" in service.new(Tree(original), name)


@pytest.mark.parametrize("name", ["user", "order"])
def test_what_the_platform_is_about_stays(original, name):
    with pytest.raises(ScaffoldError, match="so it stays"):
        service.remove(Tree(original), name)


def test_what_is_not_there_cannot_go(original):
    with pytest.raises(ScaffoldError, match="there is no service payment: there are order, user"):
        service.remove(Tree(original), "payment")


def test_a_service_that_others_use_stays(copy):
    tree = Tree(copy)
    service.new(tree, "payment")
    tree.write()
    (copy / "k8s/base/order/settings.env").open("a").write("PAYMENT_URL=http://payment:8080\n")
    with pytest.raises(ScaffoldError, match=r"payment is still used: k8s/base/order/settings\.env"):
        service.remove(Tree(copy), "payment")


# What happens to the model, and what is said of it: the rules cannot rot unnoticed.
ROT = {
    "a field that only users have": (
        "services/user/domain.py",
        lambda text: text.replace("MAX_NAME = 100", 'MAX_NAME = 100\nE_MAIL_OF_USERGROUP = "x"'),
        "would still say",
    ),
    "a file with a word that no rule knows": (
        "services/user/avatar.py",
        lambda _text: '"""Pictures of superusers."""\n',
        "services/payment/avatar.py would still say superusers",
    ),
    "somebody who asks for users": (
        "k8s/components/network-policy/user.yaml",
        lambda text: text.replace("- podSelector:", "- podSelector: # order and its migration"),
        "k8s/components/network-policy/user.yaml has changed",
    ),
    "an entry that lost its shape": (
        "k8s/components/network-policy/database.yaml",
        lambda text: text.replace(
            "- {key: app.kubernetes.io/name, operator: In, values: [user, order]}",
            "- key: app.kubernetes.io/name\n        operator: In\n        values: [user,\n          order]",
        ),
        "k8s/components/network-policy/database.yaml is not valid: values stands twice",
    ),
    "Python that is none": (
        "services/user/domain.py",
        lambda text: f"{text}\ndef user(:\n",
        "services/user/domain.py is not valid",
    ),
}


@pytest.mark.parametrize("what", ROT)
def test_the_rules_notice(copy, what):
    path, change, said = ROT[what]
    file = copy / path
    file.write_text(change(file.read_text() if file.exists() else ""))
    tree = Tree(copy)
    with pytest.raises(ScaffoldError) as error:
        service.new(tree, "payment")
    assert said in str(error.value)


@pytest.mark.parametrize("path", EDITS)
def test_every_edit_has_its_place(original, path):
    text = Tree(original).read(path)
    assert [old for old, _new in EDITS[path] if text.count(old) != 1] == []
