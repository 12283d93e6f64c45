"""The tables of the README, made from what they list; ``python -m tests.readme --write`` brings them up to date."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from contracts import spec
from contracts.destination.config import Settings
from contracts.kit import checks, steps
from mockserver.cli import tpmock
from mockserver.sandbox import variants

README = Path(__file__).parent.parent / "README.md"


def _table(*head: str, rows: Iterator[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def commands() -> str:
    """Every command with every option."""

    def rows() -> Iterator[tuple[str, ...]]:
        with click.Context(tpmock) as context:
            for name in tpmock.list_commands(context):
                command = tpmock.get_command(context, name)
                assert command is not None
                yield f"`tpmock {name}`", (command.help or "").split("\n", maxsplit=1)[0]
                for option in command.params:
                    if isinstance(option, click.Option):
                        yield f"&nbsp;&nbsp;`{'`, `'.join(option.opts)}`", (option.help or "").split(". Example:")[0]

    return _table("command", "does", rows=rows())


def operations() -> str:
    """Every operation of the vendors' APIs with the statuses and the weakest evidence among them."""

    def rows() -> Iterator[tuple[str, ...]]:
        for api in ("trustpilot", "segment-tracking", "segment-destination"):
            for operation in spec.load(api).operations.values():
                levels = [response.evidence.level for response in operation.responses.values()]
                statuses = ", ".join(operation.responses)
                weakest = max(levels, key=spec.LEVELS.index)
                host = min(host for host in operation.hosts if not host.endswith(".localhost"))
                yield f"`{operation.id}`", f"{operation.method} {host}{operation.path}", statuses, weakest

    return _table("operation", "call", "statuses", "least sure", rows=rows())


def control() -> str:
    """Every call of the control API."""

    def rows() -> Iterator[tuple[str, ...]]:
        for operation in spec.load("control").operations.values():
            yield f"{operation.method} `{operation.path}`", operation.summary

    return _table("call", "does", rows=rows())


def switches() -> str:
    """Every variant."""

    def rows() -> Iterator[tuple[str, ...]]:
        for variant in variants().values():
            others = [value for value in variant.values if value != variant.default]
            yield f"`{variant.name}`", variant.summary, f"**{variant.default}**, {', '.join(others)}"

    return _table("variant", "decides", "values", rows=rows())


def contradictions() -> str:
    """Every contradiction with what decides it."""

    def rows() -> Iterator[tuple[str, ...]]:
        for entry in spec.load("trustpilot").contradictions:
            decided = f"variant `{entry.variant}`" if entry.variant else str(entry.settled)
            yield entry.topic, "; ".join(entry.sides), decided

    return _table("topic", "sources say", "here", rows=rows())


def kit() -> str:
    """Every step and every check of the contract kit."""

    def rows() -> Iterator[tuple[str, ...]]:
        for kind, room in (("step", steps.STEPS), ("check", checks.CHECKS)):
            for name, does in room.items():
                yield kind, f"`{name}`", (inspect.getdoc(does) or "").split("\n\n")[0].replace("\n", " ")

    return _table("", "name", "means", rows=rows())


def destination_variables() -> str:
    """Every environment variable of the destination."""

    def rows() -> Iterator[tuple[str, ...]]:
        for name, meaning in Settings.described():
            yield f"`{name}`", meaning

    return _table("variable", "", rows=rows())


PARTS: dict[str, Callable[[], str]] = {
    "commands": commands,
    "operations": operations,
    "control": control,
    "variants": switches,
    "contradictions": contradictions,
    "kit": kit,
    "destination variables": destination_variables,
}


def with_tables(text: str) -> str:
    """The README with every table as it should be."""
    for name, make in PARTS.items():
        block = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
        if len(block.findall(text)) != 1:
            raise ValueError(f"the README needs one place for the table {name!r}")
        before, rest = text.split(f"<!-- {name}: begin -->\n")
        after = rest.partition(f"<!-- {name}: end -->")[2]
        text = f"{before}<!-- {name}: begin -->\n{make()}\n<!-- {name}: end -->{after}"
    return text


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        raise SystemExit("usage: python -m tests.readme --write")
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
