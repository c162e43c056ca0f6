"""The way back leaves the tree as it was, and loses nothing that somebody wrote."""

import subprocess
import sys

import pytest
from tests.scaffold.conftest import contents

from scaffold import service
from scaffold.errors import ScaffoldError
from scaffold.git import check_clean, check_kept
from scaffold.tree import Tree


def change(root, act, name):
    tree = Tree(root)
    result = act(tree, name)
    tree.write()
    return result


def test_the_tree_is_as_it_was_byte_for_byte_whichever_goes_first(copy):
    before = contents(copy)
    change(copy, service.new, "payment")
    one = contents(copy)
    change(copy, service.new, "gift-card")
    both = contents(copy)
    change(copy, service.remove, "gift-card")
    assert contents(copy) == one
    change(copy, service.new, "gift-card")
    assert contents(copy) == both
    change(copy, service.remove, "payment")
    _changed, lost = change(copy, service.remove, "gift-card")
    assert lost == []
    assert contents(copy) == before
    assert not (copy / "services/payment").exists()


def test_what_was_written_since_is_named(copy):
    change(copy, service.new, "payment")
    (copy / "services/payment/refunds.py").write_text('"""Refunds."""\n')
    domain = copy / "services/payment/domain.py"
    domain.write_text(domain.read_text() + "\nCURRENCY = 'EUR'\n")
    overlay = copy / "k8s/overlays/embedded/kustomization.yaml"
    overlay.write_text(
        overlay.read_text().replace("  - name: payment\n    count: 2", "  - name: payment\n    count: 3")
    )
    _changed, lost = service.remove(Tree(copy), "payment")
    assert lost == [str(path.relative_to(copy)) for path in (overlay, domain, copy / "services/payment/refunds.py")]


def test_what_is_in_no_commit_is_kept(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "kept").write_text("1")
    git(tmp_path, "add", "kept")
    git(tmp_path, "commit", "-qm", "kept")
    check_clean(tmp_path)
    check_kept(tmp_path, ["kept"])
    (tmp_path / "kept").write_text("2")
    with pytest.raises(ScaffoldError, match="kept was changed and is in no commit"):
        check_kept(tmp_path, ["kept"])
    with pytest.raises(ScaffoldError, match="commit or stash it"):
        check_clean(tmp_path)


def git(folder, *arguments):
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True)


def test_a_file_that_cannot_be_written_leaves_all_as_it_was(copy):
    before = contents(copy)
    tree = Tree(copy)
    service.new(tree, "payment")
    tree.changes["Makefile/impossible"] = "a file below a file"
    with pytest.raises(ScaffoldError, match="nothing was changed"):
        tree.write()
    assert contents(copy) == before


INTERRUPTED = """
import os, signal, sys
from pathlib import Path
from scaffold import service
from scaffold.tree import Tree
tree, put = Tree(Path(sys.argv[1])), Tree._put
def interrupted(self, path, text):
    put(self, path, text)
    os.kill(os.getpid(), signal.SIGINT)
Tree._put = interrupted
service.new(tree, "payment")
tree.write()
"""


def test_an_interrupt_comes_after_all_is_written(copy):
    root = Tree().root
    environment = {"PYTHONPATH": f"{root / 'scripts'}:{root / 'services'}"}
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(copy)], cwd=root, env=environment, capture_output=True, text=True
    )
    assert "KeyboardInterrupt" in done.stderr
    assert service.remove(Tree(copy), "payment")[1] == []
