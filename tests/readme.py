"""The tables of the README, made from what they list; ``python -m tests.readme --write`` brings them up to date."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import click

from contracts import spec
from contracts.kit import checks, steps
from mockserver.cli import tpmock
from mockserver.faults import KINDS, grammar, magic
from mockserver.faults.effects import OUT, TRUSTPILOT
from mockserver.sandbox import variants
from mockserver.settings_file import SETTINGS

README: Path = Path(__file__).parent.parent / "README.md"


def table(*head: str, rows: Iterator[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def all_commands(group: click.Group, prefix: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its full name and arguments."""
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            if isinstance(command, click.Group):
                if command.invoke_without_command:
                    yield f"{prefix} {name}", command
                yield from all_commands(command, f"{prefix} {name}")
            else:
                arguments = [part.make_metavar(context) for part in command.params if isinstance(part, click.Argument)]
                yield " ".join([prefix, name, *arguments]), command


def commands() -> str:
    """Every command with every option."""

    def rows() -> Iterator[tuple[str, ...]]:
        for name, command in all_commands(tpmock, "tpmock"):
            yield f"`{name}`", (command.help or "").split("\n", maxsplit=1)[0]
            for option in command.params:
                if isinstance(option, click.Option):
                    yield f"&nbsp;&nbsp;`{'`, `'.join(option.opts)}`", (option.help or "").split(". Example:")[0]

    return table("command", "does", rows=rows())


def operations() -> str:
    """Every operation of the vendors' APIs with the statuses and the weakest evidence among them."""

    def rows() -> Iterator[tuple[str, ...]]:
        for api in ("trustpilot", "segment-tracking", "segment-public", "segment-destination"):
            for operation in spec.load(api).operations.values():
                levels = [response.evidence.level for response in operation.responses.values()]
                statuses = ", ".join(operation.responses)
                weakest = max(levels, key=list(spec.LEVELS).index)
                host = min(host for host in operation.hosts if not host.endswith(".localhost"))
                yield f"`{operation.id}`", f"{operation.method} {host}{operation.path}", statuses, weakest

    return table("operation", "call", "statuses", "least sure", rows=rows())


def control() -> str:
    """Every call of the control API."""

    def rows() -> Iterator[tuple[str, ...]]:
        for operation in spec.load("control").operations.values():
            yield f"{operation.method} `{operation.path}`", operation.summary

    return table("call", "does", rows=rows())


def levels() -> str:
    """How sure one can be of a behaviour."""
    return table("level", "means", rows=((level, meaning) for level, meaning in spec.LEVELS.items()))


def switches() -> str:
    """Every variant."""

    def rows() -> Iterator[tuple[str, ...]]:
        for variant in variants().values():
            others = [value for value in variant.values if value != variant.default]
            yield f"`{variant.name}`", variant.summary, f"**{variant.default}**, {', '.join(others)}"

    return table("variant", "decides", "values", rows=rows())


def contradictions() -> str:
    """Every contradiction with what decides it."""

    def rows() -> Iterator[tuple[str, ...]]:
        for entry in (entry for api in spec.APIS for entry in spec.load(api).contradictions):
            decided = f"variant `{entry.variant}`" if entry.variant else str(entry.settled)
            yield entry.topic, "; ".join(entry.sides), decided

    return table("topic", "sources say", "here", rows=rows())


def kit() -> str:
    """Every step and every check of the contract kit."""

    def rows() -> Iterator[tuple[str, ...]]:
        for kind, room in (("step", steps.STEPS), ("check", checks.CHECKS)):
            for name, does in room.items():
                yield kind, f"`{name}`", (inspect.getdoc(does) or "").split("\n\n")[0].replace("\n", " ")

    return table("", "name", "means", rows=rows())


def faults() -> str:
    """Everything that can go wrong, and the address that asks for it."""
    strikes: dict[tuple[str, ...], str] = {(OUT,): "what goes out", (TRUSTPILOT,): "Trustpilot"}
    by_address = magic.kinds()

    def rows() -> Iterator[tuple[str, ...]]:
        for kind in KINDS.values():
            where = strikes.get(kind.rooms, "all" if OUT in kind.rooms else "what comes in")
            address = f"`{magic.example(kind)}@example.com`" if kind in by_address else ""
            yield (
                f"`{grammar.example(kind)}`",
                kind.meaning,
                where,
                " or ".join(f"{when} it" for when in kind.whens),
                address,
            )

    return table("effect", "what goes wrong", "strikes", "the work", "by address", rows=rows())


def fault_words() -> str:
    """What may stand behind an effect."""
    return table("word", "means", rows=((f"`{word}`", meaning) for word, meaning in grammar.MODIFIERS.items()))


def settings() -> str:
    """Every setting of a project."""

    def rows() -> Iterator[tuple[str, ...]]:
        for setting in SETTINGS.values():
            takers = [f"`tpmock {name}`" for name in setting.commands] + (["pytest"] if setting.in_pytest else [])
            yield f"`{setting.name}`", f"`{setting.variable}`", setting.meaning, setting.form, ", ".join(takers)

    return table("key", "variable", "means", "is", "taken by", rows=rows())


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "operations": operations,
    "control": control,
    "levels": levels,
    "variants": switches,
    "contradictions": contradictions,
    "kit": kit,
    "settings": settings,
    "faults": faults,
    "fault words": fault_words,
}


def with_tables(text: str, parts: Mapping[str, Callable[[], str]] = PARTS, around: str = "\n") -> str:
    """A README with every table as it should be.

    :param around: what stands around a part; nothing for words within a line.
    """
    for name, make in parts.items():
        begin, end = f"<!-- {name}: begin -->{around}", f"<!-- {name}: end -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"the README needs one place for the table {name!r}")
        before, rest = text.split(begin)
        after = rest.partition(end)[2]
        text = f"{before}{begin}{make()}{around}{end}{after}"
    return text


if __name__ == "__main__":
    from tests.destination.readme import DESTINATION_README, of_destination

    if sys.argv[1:] != ["--write"]:
        raise SystemExit("usage: python -m tests.readme --write")
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
    DESTINATION_README.write_text(of_destination(DESTINATION_README.read_text(encoding="utf-8")), encoding="utf-8")
