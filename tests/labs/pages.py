"""The pages of docs/labs as what a newcomer does with them: commands and what they print, and files that are saved.

Fenced blocks say what they are, in the words that follow their language:

    console              commands after `$ ` (`> ` goes on), each followed by what it prints; `...` stands for anything,
                         within a line or, alone on it, for any number of lines. A command whose exit status is not 0 is
                         followed by `$ echo $?`.
    console needs=NAME   the same where the machine has NAME; what needs kind or a cluster is not run but checked
    python save=PATH     a file that the reader saves there
    diff apply           a change that the reader makes
    text                 something to look at
"""

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

REPOSITORY = Path(__file__).resolve().parents[2]
LABS = REPOSITORY / "docs" / "labs"
PROMPT, MORE, STATUS = "$ ", "> ", "echo $?"
# What a block may need, and whether it is run where that is there.
NEEDS = {"kubectl": True, "kind": False, "cluster": False}
SHOWN, SAVED, CHANGED = "text", ("python", "yaml"), "diff"


class PageError(Exception):
    """A page says something that cannot be run; the message begins with file and line."""


@dataclass(frozen=True)
class Command:
    """One command, and the lines that it is to print.

    Attributes:
        line: of the page.
        text: what the reader types, several lines where it goes on.
        expected: what is printed, with `...`.
        status_asked: whether the next command shows the exit status, which then need not be 0.
    """

    line: int
    text: str
    expected: tuple[str, ...]
    status_asked: bool = False


@dataclass(frozen=True)
class Block:
    """One fenced block; `line` is that of its fence."""

    page: Path
    line: int
    language: str
    options: dict[str, str]
    content: str

    @property
    def needs(self):
        return self.options.get("needs")

    @property
    def run(self):
        """Tell whether its commands are run, on a machine that has what they need."""
        return self.language == "console" and NEEDS.get(self.needs, True)

    def fails(self, line, reason):
        return PageError(f"{self.page.name}:{line}: {reason}")

    def commands(self):
        """Return the commands in order.

        Raises:
            PageError: the block begins with something else, or has none.
        """
        found = []
        for number, line in enumerate(self.content.splitlines(), self.line + 1):
            if line.startswith(PROMPT):
                found.append((number, [line.removeprefix(PROMPT)], []))
            elif not found:
                raise self.fails(number, f"a console block begins with a command after {PROMPT!r}, not with {line!r}")
            elif line.startswith(MORE) and not found[-1][2]:
                found[-1][1].append(line.removeprefix(MORE))
            else:
                found[-1][2].append(line)
        if not found:
            raise self.fails(self.line, "a console block without a command")
        texts = ["\n".join(text) for _number, text, _expected in found]
        asked = [text == STATUS for text in [*texts[1:], ""]]
        return [
            Command(number, text, tuple(expected), status)
            for (number, _text, expected), text, status in zip(found, texts, asked, strict=True)
        ]


def blocks(page):
    """Return the fenced blocks of a page.

    Raises:
        PageError: one of them is neither to be run, nor saved, nor only shown.
    """
    fences = [token for token in MarkdownIt().parse(page.read_text()) if token.type in ("fence", "code_block")]
    return [_known(_block(page, token)) for token in fences]


def labs():
    return sorted(path for path in LABS.glob("*.md") if path.name != "README.md")


def _block(page, token):
    language, *words = token.info.split() or [""]
    options = dict(word.partition("=")[::2] for word in words)
    return Block(page, token.map[0] + 1, language, options, token.content)


def _known(block):
    shapes = {
        "console": not block.options or (block.options.keys() == {"needs"} and block.needs in NEEDS),
        CHANGED: block.options == {"apply": ""},
        SHOWN: not block.options and not any(line.startswith(PROMPT) for line in block.content.splitlines()),
        **dict.fromkeys(SAVED, block.options.keys() == {"save"}),
    }
    if not shapes.get(block.language, False):
        said = " ".join([block.language, *(f"{key}={value}" for key, value in block.options.items())]).strip()
        raise block.fails(block.line, f"a block {said!r} is neither run nor marked: see tests/labs/pages.py")
    return block
