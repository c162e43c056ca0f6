"""From what is written about users to what is written about another thing: names first, then what only users have.

Names have another form in each place (``gift-card`` for Kubernetes, ``gift_card`` for Python, ``gift card`` in a
sentence); which one is told by what stands beside them, and in Python by whether they are in a text or in the code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from scaffold.names import Names
from scaffold.prose import prose

# Where the word means somebody else, or nothing of the domain: these stay as they are.
PROTECTED = ("every user", "root-user-action", "USER 10001", "users pay", "order.yaml", "in order")
# What a user has and other things have not, and what stands in its place. A reference is as unique as an e-mail
# address, so that the way from a rule of the domain to a status stays; a note is as optional as a nickname.
FIELDS = {
    re.escape(r"^[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"): r"^[A-Za-z0-9._-]{1,64}$",
    r"\b254\b": "64",
    # Nothing of it was ever released: it begins with the first version, and no image is promoted.
    r"(?<=newTag: )\S+": "v1",
    r"(?<=^    version: )\S+$|(?<=^        version: )\S+$": "v1",
    r"(?<=digest: sha256:)[0-9a-f]{64}": "0" * 64,
    r"(?<=hex\})@example\.com": "",
    r"@example\.org": "-1",
    r"(?<=\b[Aa])n (?=e-?mail|address)": " ",
    r"\be-mail address\b|\be-mail\b|\baddress\b": "reference",
    r"\baddresses\b": "references",
    r"EMAIL": "REFERENCE",
    r"Email": "Reference",
    r"email": "reference",
    r"nickname": "note",
    r"\bADA\b": "FIRST",
    r"\bAda\b": "First",
    r"\bada\b": "first",
    r"\bcountess\b": "by hand",
}
# Nothing of these may be left over: where there is, a rule is missing.
FOREIGN = re.compile(r"(?i)\w*user\w*|\w*e-?mail\w*|\w*nickname\w*|\bada\b|\borders?\b")

_MARK = "\x00"


def translate(text: str, names: Names, path: str) -> str:
    """Return a text about users as one about another thing.

    Args:
        text: what a file of `user` says.
        names: the other thing.
        path: the file, whose kind says how names are usually written in it.
    """
    for number, phrase in enumerate(PROTECTED):
        text = text.replace(phrase, f"{_MARK}{number}{_MARK}")
    for pattern, instead in FIELDS.items():
        text = re.sub(pattern, instead.replace("\\", r"\\"), text, flags=re.MULTILINE)
    parts = prose(text) if path.endswith(".py") else [(text, False)]
    text = "".join(rename(part, names, path, in_prose=is_prose) for part, is_prose in parts)
    return re.sub(rf"{_MARK}(\d+){_MARK}", lambda found: PROTECTED[int(found[1])], text)


def foreign(text: str, names: Names) -> Iterator[str]:
    """Yield the words of a translated text that still speak of users, or of those who ask for them."""
    own = [form for each in (names.many, names) for form in (each.kebab, each.snake, each.words, each.camel)]
    for phrase in (*PROTECTED, *own, names.constant, names.words.capitalize()):
        text = text.replace(phrase, "")
    yield from sorted({found[0] for found in FOREIGN.finditer(text)})


def rename(text: str, names: Names, path: str, *, in_prose: bool = False) -> str:
    """Return a text with the name in place of `user`, each time in the form that its place asks for."""
    forms = _forms(names, _usual(names, path), in_prose)
    text = re.sub(r"\b([Aa])(?= user\b)", rf"\1{names.article[1:]}", text)
    either = "|".join(f"(?P<at{number}>{pattern})" for number, pattern in enumerate(forms))
    instead = list(forms.values())
    return re.sub(either, lambda found: instead[int(str(found.lastgroup)[2:])], text)


def _usual(names: Names, path: str) -> str:
    """Return how a file writes the name where nothing else tells it."""
    in_python = path.endswith(".py") or PurePath(path).name in ("Dockerfile", ".dockerignore")
    return names.snake if in_python else names.kebab


def _forms(names: Names, usual: str, in_prose: bool) -> dict[str, str]:
    """Return by each place what stands there; the first that fits counts."""
    many = names.many
    return {
        r"(?<=/)users(?![a-z_])": many.kebab,
        r"\bUsers\b": many.words.capitalize(),
        r"User(?![a-z])": names.camel,
        r"(?<![A-Z])USER(?=_)": names.constant,
        r"(?<![a-z])users(?=_)|(?<=_)users(?![a-z])": many.snake,
        r"(?<=\bof )users(?![a-z])": many.words,
        r"(?<![a-z])users(?![a-z])": many.words if in_prose else many.snake,
        r'(?<=main\(")user(?=")|(?<=services/)user(?![a-z])': names.snake,
        r'(?<=_id, ")user(?=")|(?<![a-z])user(?= service\b)': names.words,
        r'(?<=")user(?=")': names.kebab,
        r"(?<![a-z])user(?=_|\.(?!yaml)[a-z])|(?<=_)user(?![a-z])": names.snake,
        r"(?<![a-z])user(?![a-z])": names.words if in_prose else usual,
    }
