"""What does the labs is strict: each way in which a page can be wrong is found, with its line."""

import pytest
from tests.labs.pages import PageError, blocks
from tests.labs.patterns import differs
from tests.labs.runner import LabError, carry_out
from tests.labs.shell import Shell, ShellError

PATH = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def shell(tmp_path):
    session = Shell(tmp_path, PATH)
    yield session
    session.close()


@pytest.fixture
def do(tmp_path, shell):
    """Do a page of this text, and return what was left out."""

    def carry(text, has=lambda _name: True):
        page = tmp_path / "lab.md"
        page.write_text(text)
        return carry_out(page, tmp_path, shell, has)

    return carry


def console(*lines, options=""):
    return "\n".join([f"```console{options}", *lines, "```", ""])


def test_a_page_that_is_right_is_done_in_one_session(do, tmp_path):
    text = "# Lab\n\n" + console("$ colour=blue", "$ mkdir a && cd a") + "Then:\n\n" + console("$ echo $colour", "blue")
    assert do(text + console("$ pwd", ".../a", "$ cat > x <<'END'", "> one", "> END", "$ cat x", "one")) == []
    assert (tmp_path / "a" / "x").read_text() == "one\n"


def test_another_output_is_told_with_its_line_and_what_was_printed(do):
    with pytest.raises(LabError, match=r"(?s)^lab.md:5: \$ printf .*expected: 3\nprinted:\n1\n2$"):
        do(console("$ printf '1\\n2\\n'", "1", "2", "3"))


def test_output_that_the_page_does_not_have_is_one_too_many(do):
    with pytest.raises(LabError, match=r"(?s)expected: no more lines\nprinted:\nhello"):
        do(console("$ echo hello"))


def test_a_command_that_fails_stops_the_lab(do, tmp_path):
    with pytest.raises(LabError, match=r"(?s)^lab.md:2: \$ ls nowhere\nexit status 2.*No such file"):
        do(console("$ ls nowhere", "...", "$ touch after"))
    assert not (tmp_path / "after").exists()


def test_a_command_may_fail_where_its_exit_status_is_asked_for(do):
    assert do(console("$ (echo no; exit 3)", "no", "$ echo $?", "3")) == []


def test_and_then_it_has_to_be_the_one_that_the_page_says(do):
    with pytest.raises(LabError, match=r"(?s)lab.md:4: \$ echo \$\?\nexpected: 3\nprinted:\n4"):
        do(console("$ (exit 4)", "$ echo $?", "3"))


def test_what_a_machine_lacks_is_left_out_and_all_else_is_done(do):
    text = console("$ kubectl get pods", "...", options=" needs=kubectl") + console("$ echo done", "done")
    assert [command.text for command in do(text, has=lambda _name: False)] == ["kubectl get pods"]


def test_what_needs_kind_is_never_run(do):
    assert do(console("$ false", options=" needs=kind")) == []


@pytest.mark.parametrize(
    "fence",
    ["```", "```sh", "```bash", "```console later", "```console needs=luck", "```python", "```text", "```yaml apply"],
)
def test_a_block_that_is_neither_run_nor_marked_is_refused(do, fence):
    with pytest.raises(PageError, match=r"^lab.md:3: a block .* is neither run nor marked"):
        do(f"# Lab\n\n{fence}\n$ make up\n```\n")


def test_an_indented_block_is_refused(do):
    with pytest.raises(PageError, match="neither run nor marked"):
        do("# Lab\n\n    $ make up\n")


def test_a_block_without_a_command_is_refused(do):
    with pytest.raises(PageError, match=r"^lab.md:2: a console block begins with a command"):
        do(console("make up"))
    with pytest.raises(PageError, match=r"^lab.md:1: a console block without a command"):
        do(console())


def test_a_block_in_folded_text_is_found(tmp_path):
    page = tmp_path / "lab.md"
    page.write_text("<details>\n<summary>Answer</summary>\n\n" + console("$ true") + "\n</details>\n")
    assert [block.line for block in blocks(page)] == [4]


def test_a_file_is_saved_and_a_change_is_made(do, tmp_path):
    change = "```diff apply\n--- a/new.py\n+++ b/new.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n```\n"
    do("```python save=new.py\nx = 1\n```\n" + change + console("$ cat new.py", "x = 2"))
    assert (tmp_path / "new.py").read_text() == "x = 2\n"


def test_a_change_that_does_not_fit_is_told(do):
    with pytest.raises(LabError, match=r"^lab.md:1: the change cannot be made: .*new.py"):
        do("```diff apply\n--- a/new.py\n+++ b/new.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n```\n")


def test_a_command_that_hangs_is_told_with_what_it_printed(shell):
    with pytest.raises(ShellError, match="it takes too long; so far it printed:\nbegun"):
        shell.run("echo begun; exec sleep 60", deadline=0.5)


def test_a_command_that_ends_the_shell_is_told(do):
    with pytest.raises(LabError, match=r"(?s)lab.md:2: \$ exit 0\nthe shell ended"):
        do(console("$ exit 0"))


def test_a_command_cannot_read_what_comes_after_it(do):
    assert do(console("$ cat", "$ echo next", "next")) == []


@pytest.mark.parametrize(
    ("expected", "printed", "at"),
    [
        (["a ... c"], ["a b c"], None),
        (["a ... c"], ["a b d"], 0),
        (["a.c"], ["abc"], 0),
        (["..."], [], None),
        (["...", "end"], ["1", "2", "end"], None),
        (["...", "end"], ["1", "2"], 1),
        (["begin", "..."], ["begin", "1"], None),
        (["a", "b"], ["a"], 1),
        (["a"], ["a", "b"], 1),
        ([], [], None),
        (["a"], ["a   "], None),
    ],
)
def test_three_dots_stand_for_anything_and_nothing_else_does(expected, printed, at):
    assert differs(expected, printed) == at
