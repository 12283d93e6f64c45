"""Reads ``contract.toml``: which plans, which program, how to start it, where its events go. Mistakes are sentences."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from contracts.kit import cases
from contracts.kit.cases import Case
from contracts.kit.claims import EVENTS

PLACEHOLDERS = {
    "port": "a free port",
    "workdir": "a folder of the subject's own, which outlives a restart",
    "python": "the Python that runs the kit",
    "url": "where events go",
    "sandbox": "the sandbox's id",
}
"""What can stand in braces in commands, addresses and variables, besides the sandbox's credentials and addresses.

Credentials are named as the control API names them, such as ``{apiKey}``; addresses are ``{mock}``, ``{trustpilot}``,
``{invitations}``, ``{authenticate}`` and ``{segment}``.
"""

_TABLES = ("start", "running", "manual")


class ContractError(Exception):
    """The file cannot be used; the text says where and why, and what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """A contract as read.

    :param folder: where the file is; commands run there unless they say otherwise.
    """

    folder: Path
    name: str
    plans: tuple[str, ...]
    wanted: tuple[str, ...]
    claims: frozenset[str]
    expected: Path | None
    start: Mapping[str, Any] | None
    running: Mapping[str, str] | None
    manual: Mapping[str, str] | None
    events: Mapping[str, str] | None
    trigger: Mapping[str, Any] | None

    def cases(self) -> tuple[Case, ...]:
        """The cases of its plans that it wants.

        :raises ContractError: when a wanted id begins no case.
        """
        every = {case.id: case for plan in self.plans for case in cases.load_plan(plan)}
        for one in self.wanted:
            if not any(case_id.startswith(one) for case_id in every):
                raise ContractError(f"cases: no case of {', '.join(self.plans)} has an id that begins with {one}.")
        return tuple(case for case in every.values() if not self.wanted or case.id.startswith(self.wanted))

    def place(self, mock: str | None, sandbox: str | None) -> tuple[str | None, str | None, int | None]:
        """The mock, the sandbox, and how many cases run side by side.

        :param mock: a mock that was asked for besides.
        """
        if self.running is not None:
            return self.running["mock"], self.running["sandbox"], 1
        by_hand = self.manual is not None or "manual" in (self.trigger or {})
        return mock, sandbox, 1 if by_hand else None


@cache
def schema() -> Mapping[str, Any]:
    """The JSON Schema of the file, for editors and for :func:`read`."""
    text = (files("contracts") / "schemas" / "contract.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def read(file: Path) -> Contract:
    """Read a contract.

    :raises ContractError: naming the file and the place in it.
    """
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ContractError(f"{file}: there is no such file. tpmock init ci writes one to begin with.") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise ContractError(f"{file}: cannot be read: {problem}") from problem
    except tomllib.TOMLDecodeError as problem:
        raise ContractError(f"{file}: not TOML: {problem}.") from problem
    for mistake in _problems(data):
        raise ContractError(f"{file}: {mistake}")
    subject = data["subject"]
    return Contract(
        folder=file.resolve().parent,
        name=subject["name"],
        plans=tuple(data["plans"]),
        wanted=tuple(data.get("cases", ())),
        claims=frozenset(subject.get("claims", EVENTS)),
        expected=file.resolve().parent / data["expected"] if "expected" in data else None,
        **{name: data.get(name) for name in (*_TABLES, "events", "trigger")},
    )


def _problems(data: Mapping[str, Any]) -> Iterator[str]:
    found = best_match(Draft202012Validator(schema()).iter_errors(data))
    if found is not None:
        yield _sentence(found)
        return
    for plan in data["plans"]:
        if plan not in cases.choices():
            yield f"plans: no plan is named {plan}{_nearest(plan, cases.choices())}."
    ways = [name for name in _TABLES if name in data]
    if len(ways) > 1:
        yield f"[{ways[0]}] and [{ways[1]}] are two ways to come by the subject; keep one."
    if not ways and "command" not in data.get("trigger", {}):
        yield "[start] is missing: how the program is started; or [running], [manual], or a [trigger] with a command."
    if "events" in data and "trigger" in data:
        yield "[events] and [trigger] are two ways for orders to come; keep one."
    if "events" not in data and "trigger" not in data:
        yield "[events] is missing: where Segment's events go; or a [trigger] for a subject that takes none."


def _sentence(found: ValidationError) -> str:
    place = ".".join(str(part) for part in found.absolute_path)
    where = f"{place}: " if place else ""
    # The words of the schema at fault, whose types the library leaves open.
    rule: Any = found.validator_value
    instance: Any = found.instance
    schema_at_fault: Any = found.schema
    properties: dict[str, Any] = schema_at_fault.get("properties", {})
    match found.validator:
        case "additionalProperties":
            unknown = next(str(name) for name in instance if name not in properties)
            said = f"there is no {unknown}{_nearest(unknown, tuple(properties))}"
        case "required":
            missing = next(name for name in rule if name not in instance)
            why = properties.get(missing, {}).get("description", "")
            said = f"{missing} is missing{f': {why[0].lower()}{why[1:]}' if why else ''}"
        case "type":
            said = f"{found.instance!r} must be of the type {rule}"
        case "enum":
            said = f"{found.instance!r} is none of {', '.join(rule)}"
        case "pattern":
            said = f"{found.instance!r} must begin with http:// or https://"
        case _:
            said = found.message
    return f"{where}{said}."


def _nearest(word: str, known: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
