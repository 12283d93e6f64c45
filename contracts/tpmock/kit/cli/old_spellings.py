"""Options of the command ``test`` that are subcommands today: the old spellings go on, with a hint.

Before the subcommands, ``tpmock test --list`` listed and ``tpmock test --destination-url URL`` tested what runs there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final, NamedTuple

import click
from tpmock.kit.cli.options import OPTIONS

#: Today's words for each old option, with what follows them. The first option that is given decides.
_SUBCOMMANDS: Final = {
    "--mutants": "list mutants",
    "--list": "list",
    "--explain": "explain NAME",
    "--live": "live",
    "--generated": "generated",
    "--replay": "replay FILE",
    "--destination-url": "running URL",
}
#: Options with a value; that of ``--plan`` may be missing.
_WITH_VALUE: Final = {"--explain"} | {
    option.args[0] for option in OPTIONS.values() if not option.keywords.get("is_flag")
}
#: These run nothing, and have always ignored what they do not need.
_IGNORES: Final = {"--mutants", "--list", "--explain"}


class _Word(NamedTuple):
    """An option with its value, or another argument.

    :ivar option: its name; empty for another argument
    :ivar value: None where the option has none
    """

    option: str
    value: str | None
    words: tuple[str, ...]


class Translation(NamedTuple):
    """Arguments in today's spelling.

    :ivar hint: the sentence that names it
    """

    args: list[str]
    hint: str


def translated(args: Sequence[str], group: click.Group) -> Translation | None:
    """Return the arguments in today's spelling; None when nothing in them is old.

    :param args: what was typed after ``tpmock test``
    :param group: the command with its subcommands
    """
    if args and args[0] in group.commands:
        return None
    words = tuple(_words(args))
    old = next((name for name in _SUBCOMMANDS if any(word.option == name for word in words)), None)
    if old is None:
        return None
    replaced = next(word for word in words if word.option == old)
    subcommand = [word for word in _SUBCOMMANDS[old].split() if word.islower()]
    known = {option for parameter in group.commands[subcommand[0]].params for option in parameter.opts}
    ignored = {word for word in words if old in _IGNORES and word.option and word.option not in known}
    rest = chain.from_iterable(word.words for word in words if word is not replaced and word not in ignored)
    value = () if replaced.value is None else (replaced.value,)
    return Translation([*subcommand, *rest, *value], f"Hint: {old} is now: tpmock test {_SUBCOMMANDS[old]}")


def _words(args: Sequence[str]) -> Iterator[_Word]:
    """Yield the options with their values, as a parser of options would see them."""
    rest = list(args)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if not word.startswith("--") or word == "--":
            yield _Word("", None, (word,))
        elif equals:
            yield _Word(name, value, (word,))
        elif name in _WITH_VALUE and rest and not (name == "--plan" and rest[0].startswith("-")):
            value = rest.pop(0)
            yield _Word(name, value, (word, value))
        else:
            yield _Word(name, None, (word,))
