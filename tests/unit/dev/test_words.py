"""What is said is one line for each thing, and says what a person can act on."""

from pathlib import PurePath

from dev import words
from dev.affected import Affected

TRACEBACK = [
    "Traceback (most recent call last):",
    '  File "/srv/services/order/api.py", line 3',
    "    def broken(:",
    "               ^",
    "SyntaxError: invalid syntax",
    "",
]


def test_a_burst_is_named_by_its_files_and_what_follows():
    found = Affected(replaced=("order", "user"), migrated=("user",))
    line = words.heading(map(PurePath, ["b.py", "a.py"]), found, 0.0)
    assert line.endswith(" a.py, b.py: migration of user, new pods for order, user")


def test_many_files_are_counted_and_not_listed():
    line = words.heading((PurePath(f"{letter}.py") for letter in "abcdef"), Affected(), 0.0)
    assert line.endswith(" a.py, b.py, c.py and 3 more")


def test_a_crash_is_told_by_the_last_line_of_its_log():
    assert words.crashed("order-1", 1, TRACEBACK) == (
        "pod order-1 crashed with exit code 1: SyntaxError: invalid syntax"
    )
    assert words.crashed("order-1", 2, ['{"event": "no database", "level": "error"}']).endswith(": no database")
    assert words.crashed("order-1", 137, []) == "pod order-1 crashed with exit code 137"
    assert words.last_reason(["[1, 2]"]) == "[1, 2]"


def test_broken_pods_are_one_line_that_says_who_serves_and_what_mends_it():
    line = words.broken("order", words.crashed("order-1", 1, TRACEBACK))
    assert line.startswith("order: pod order-1 crashed")
    assert line.endswith("the old pods go on serving, the next save tries again")


def test_the_log_is_shown_without_its_empty_lines():
    assert words.quoted(TRACEBACK)[0] == "  | Traceback (most recent call last):"
    assert len(words.quoted(TRACEBACK)) == len(TRACEBACK) - 1
