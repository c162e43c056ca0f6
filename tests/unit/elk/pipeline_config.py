"""Reads Logstash's configuration language, as far as this project's pipeline uses it, and refuses all else.

What comes out are nested tuples: ``("plugin", name, settings)`` and ``("if", [(condition, statements), ...])``, where
the condition of an ``else`` is None.
"""

import re

TOKEN = re.compile(
    r"""\s+|\#[^\n]*
    |(?P<string>"[^"]*"|'[^']*')
    |(?P<selector>(?:\[[^\[\]",]+\])+)
    |(?P<number>-?\d+)
    |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>=>|==|!=|>=|<=|=~|!~|[{}\[\],!<>()])""",
    re.VERBOSE,
)
BOOLEANS = {"true": True, "false": False}


class UnknownConstructError(Exception):
    """The pipeline has something that is not understood here: teach it, or do without."""


def read(text):
    """Return the statements of each section, by its name."""
    reader = _Reader(text)
    sections = {}
    while reader.peek() is not None:
        sections.setdefault(reader.take("word"), []).extend(reader.block())
    return sections


class _Reader:
    def __init__(self, text):
        self.tokens = list(_tokens(text))
        self.at = 0

    def peek(self, ahead=0):
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else None

    def is_next(self, *values):
        return self.peek() is not None and self.peek()[1] in values and self.peek()[0] in ("sign", "word")

    def take(self, kind=None, value=None):
        token = self.peek()
        if token is None or kind not in (None, token[0]) or value not in (None, token[1]):
            rest = " ".join(text for _, text in self.tokens[self.at :][:5])
            raise UnknownConstructError(f"{value or kind} is expected before {rest or 'the end'}")
        self.at += 1
        return token[1]

    def block(self):
        self.take("sign", "{")
        statements = []
        while not self.is_next("}"):
            statements.append(self.branches() if self.is_next("if") else self.plugin())
        self.take("sign", "}")
        return statements

    def plugin(self):
        name = self.take("word")
        self.take("sign", "{")
        settings = {}
        while not self.is_next("}"):
            key = self.take("word")
            self.take("sign", "=>")
            if key in settings:
                raise UnknownConstructError(f"{name} has {key} twice")
            settings[key] = self.value()
        self.take("sign", "}")
        return "plugin", name, settings

    def branches(self):
        self.take("word", "if")
        found = [(self.condition(), self.block())]
        while self.is_next("else"):
            self.take("word", "else")
            if not self.is_next("if"):
                return "if", [*found, (None, self.block())]
            self.take("word", "if")
            found.append((self.condition(), self.block()))
        return "if", found

    def condition(self):
        parts, joint = [self.comparison()], None
        while self.is_next("and", "or"):
            word = self.take("word")
            if joint not in (None, word):
                raise UnknownConstructError("`and` beside `or`: say it in two conditions")
            joint = word
            parts.append(self.comparison())
        return (joint or "and", parts)

    def comparison(self):
        if self.is_next("!"):
            self.take()
            return "not", ("truthy", self.operand())
        left = self.operand()
        if self.is_next("=="):
            self.take()
            return "==", left, self.operand()
        if self.is_next(">="):
            self.take()
            return ">=", left, self.operand()
        if self.is_next("not", "in"):
            negated = self.is_next("not") and bool(self.take())
            self.take("word", "in")
            found = ("in", left, self.operand())
            return ("not", found) if negated else found
        return "truthy", left

    def operand(self):
        kind = self.peek()[0]
        if kind == "selector":
            return "field", self.take()
        return "constant", self.value()

    def value(self):
        kind, text = self.peek()
        if kind == "string":
            return self.take()[1:-1]
        if kind == "number":
            return int(self.take())
        if text in BOOLEANS:
            return BOOLEANS[self.take()]
        if text == "[":
            return self.array()
        if text == "{":
            return self.hash()
        # A bare word, such as the name of a codec.
        return self.take("word")

    def array(self):
        self.take("sign", "[")
        values = []
        while not self.is_next("]"):
            values.append(self.value())
            if not self.is_next("]"):
                self.take("sign", ",")
        self.take("sign", "]")
        return values

    def hash(self):
        self.take("sign", "{")
        values = {}
        while not self.is_next("}"):
            key = self.take("string")[1:-1]
            self.take("sign", "=>")
            values[key] = self.value()
        self.take("sign", "}")
        return values


def _tokens(text):
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        if not found:
            raise UnknownConstructError(f"not understood: {text[at : at + 40]!r}")
        at = found.end()
        if found.lastgroup:
            yield found.lastgroup, found.group()
