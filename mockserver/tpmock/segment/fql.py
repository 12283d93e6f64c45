"""Filter Query Language: the conditions of destination filters, as Segment documents them.

A statement is parsed once into a small tree of functions. A statement that is not valid, or that compares values
of different kinds, is an :class:`FqlError`; the caller then drops the event, as Segment does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from tpmock.segment.fql_values import COMPARISONS, FUNCTIONS, FqlError, Value, truth

__all__ = ["FqlError", "holds", "parse"]

Node = Callable[[Mapping[str, Any]], Value]

#: Maximum nesting of parentheses: more than anyone writes, less than Python's stack allows.
DEEPEST: Final = 50
#: Maximum length of a statement in characters. No source names a limit.
LONGEST: Final = 10_000
#: Maximum digits of an integer; longer ones are read as floating-point numbers, because Python limits integer parsing.
LONGEST_INTEGER: Final = 1_000


_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<number>-?\d+(?:\.\d+)?(?![\w\\-]))
    | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<word>(?:[A-Za-z0-9_-]|\\.)+(?:\.(?:[A-Za-z0-9_-]|\\.)+)*)
    | (?P<sign>!=|>=|<=|[!=<>()\[\],])
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED_QUOTE: Final = re.compile(r"\\(['\"\\])")
_STEP: Final = re.compile(r"((?:[^.\\]|\\.|\\\Z)++)(?:\.|\Z)", re.DOTALL)
_CONSTANTS: Final[Mapping[str, Value]] = {"true": True, "false": False, "null": None}
_RESERVED: Final = {"and", "or", "in", *_CONSTANTS}

Token = tuple[str, str, int]


@lru_cache(maxsize=1_024)
def parse(statement: str) -> Node:
    """Compile a statement into a function of an event.

    :raises FqlError: when it is not valid FQL
    """
    if len(statement) > LONGEST:
        raise FqlError(f"the statement has more than {LONGEST:,} characters")
    reader = _Reader(_tokens(statement))
    node = reader.either(0)
    reader.end()
    return node


def holds(statement: str, event: Mapping[str, Any]) -> bool:
    """Return whether a statement is true for an event.

    :raises FqlError: when it is not valid FQL, or neither true nor false for this event
    """
    return truth(parse(statement)(event), "the whole statement")


def _tokens(statement: str) -> list[Token]:
    found: list[Token] = []
    position = 0
    while statement[position:].strip():
        match = _TOKEN.match(statement, position)
        if match is None:
            raise FqlError(f"cannot be read at character {position + 1}: {statement[position:].strip()[:20]!r}")
        kind = str(match.lastgroup)
        found.append((kind, match[kind], match.start(kind)))
        position = match.end()
    return found


class _Reader:
    """Parser of the tokens of one statement, from the loosest binding to the tightest."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0

    def end(self) -> None:
        if self._next < len(self._tokens):
            raise self._unexpected("the end")

    def either(self, depth: int) -> Node:
        return self._chain(self._both, "or", any, depth)

    def _both(self, depth: int) -> Node:
        return self._chain(self._not, "and", all, depth)

    def _chain(
        self, part: Callable[[int], Node], word: str, join: Callable[[Iterable[bool]], bool], depth: int
    ) -> Node:
        nodes = [part(depth)]
        while self._took(word):
            nodes.append(part(depth))
        if len(nodes) == 1:
            return nodes[0]
        # A flat list, not nested calls: a chain may be longer than Python's stack is deep.
        return lambda event: join(truth(node(event), f"a side of {word}") for node in nodes)

    def _not(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise FqlError(f"nests more than {DEEPEST} deep")
        if self._took("!"):
            inner = self._not(depth + 1)
            return lambda event: not truth(inner(event), "what stands behind !")
        return self._comparison(depth)

    def _comparison(self, depth: int) -> Node:
        left = self._operand(depth)
        for sign, compare in COMPARISONS.items():
            if self._took(sign):
                return _compared(compare, left, self._operand(depth))
        return left

    def _operand(self, depth: int) -> Node:
        if self._took("("):
            node = self.either(depth + 1)
            self._expect(")")
            return node
        if self._took("["):
            return self._list()
        kind, text, _ = self._peek()
        if kind == "word" and text not in _RESERVED:
            self._next += 1
            return self._call(text, depth) if self._took("(") else _path(text)
        return _constant(self._literal())

    def _list(self) -> Node:
        items: list[Value] = []
        while not self._took("]"):
            if items:
                self._expect(",")
            items.append(self._literal())
        return _constant(items)

    def _literal(self) -> Value:
        kind, text, _ = self._peek()
        if kind == "string":
            value: Value = _ESCAPED_QUOTE.sub(r"\1", text[1:-1])
        elif kind == "number":
            value = float(text) if "." in text or len(text) > LONGEST_INTEGER else int(text)
        elif text in _CONSTANTS:
            value = _CONSTANTS[text]
        else:
            raise self._unexpected("a value")
        self._next += 1
        return value

    def _call(self, name: str, depth: int) -> Node:
        if name not in FUNCTIONS:
            raise FqlError(f"{name} is none of the functions {', '.join(FUNCTIONS)}")
        function, wanted = FUNCTIONS[name]
        arguments = [self.either(depth + 1)]
        while self._took(","):
            arguments.append(self.either(depth + 1))
        self._expect(")")
        if len(arguments) != wanted:
            raise FqlError(f"{name} takes {wanted} value(s), not {len(arguments)}")
        return lambda event: function(*(argument(event) for argument in arguments))

    def _peek(self) -> Token:
        if self._next >= len(self._tokens):
            raise FqlError("ends too early")
        return self._tokens[self._next]

    def _took(self, text: str) -> bool:
        if self._next < len(self._tokens):
            kind, found, _ = self._tokens[self._next]
            if found == text and kind in ("sign", "word"):
                self._next += 1
                return True
        return False

    def _expect(self, text: str) -> None:
        if not self._took(text):
            raise self._unexpected(text)

    def _unexpected(self, wanted: str) -> FqlError:
        _, text, position = self._peek()
        return FqlError(f"has {text!r} at character {position + 1}, where {wanted} belongs")


# --- what a tree is made of -------------------------------------------------------------------------------------------


def _constant(value: Value) -> Node:
    return lambda _: value


def _path(text: str) -> Node:
    steps = [re.sub(r"\\(.)", r"\1", step, flags=re.DOTALL) for step in _STEP.findall(text)]

    def follow(event: Mapping[str, Any]) -> Value:
        value: Value = event
        for step in steps:
            value = value.get(step) if isinstance(value, Mapping) else None
        return value

    return follow


def _compared(compare: Callable[[Value, Value], bool], left: Node, right: Node) -> Node:
    return lambda event: compare(left(event), right(event))
