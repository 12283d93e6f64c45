"""Reads ``contract.toml``: which plans, which program, how to start it, where its events go. Mistakes are error
messages.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from tpmock.common.durations import seconds
from tpmock.common.suggestions import did_you_mean
from tpmock.kit.cases import case_files
from tpmock.kit.cases.case_files import Case, CaseError
from tpmock.kit.cases.claims import ANSWERS_LATER, OWN_PATIENCE, stated
from tpmock.kit.subjects.subjects import Pace

_PATIENCE, _QUIET = "5s", "500ms"
if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

_TABLES = ("start", "running", "manual")


class ContractError(CaseError):
    """The file cannot be used; the text says where and why, and what to write instead."""


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """A contract as read.

    :param folder: where the file is; commands run there unless they say otherwise
    """

    folder: Path
    name: str
    claims: frozenset[str]
    pace: Pace = Pace()
    plans: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    expected: Path | None = None
    start: Mapping[str, Any] | None = None
    running: Mapping[str, str] | None = None
    manual: Mapping[str, str] | None = None
    events: Mapping[str, str] | None = None
    trigger: Mapping[str, Any] | None = None
    ours: bool = False

    def cases(self) -> tuple[Case, ...]:
        """Return the cases of its plans that it wants.

        :raises ContractError: when a wanted id begins no case
        """
        every = {case.id: case for plan in self.plans for case in case_files.load_plan(plan)}
        try:
            return case_files.beginning_with(self.wanted, tuple(every.values()))
        except CaseError as problem:
            raise ContractError(f"cases: {problem}") from None

    def target(self, mock: str | None, sandbox: str | None) -> tuple[str | None, str | None, int | None]:
        """Return the mock, the sandbox, and how many cases run side by side.

        :param mock: a mock that was asked for besides
        """
        if self.running is not None:
            return self.running["mock"], self.running["sandbox"], 1
        by_hand = self.manual is not None or "manual" in (self.trigger or {})
        # Two copies cannot listen on one port.
        fixed_port = self.events is not None and "{port}" not in self.events["to"]
        return mock, sandbox, 1 if by_hand or fixed_port else None


def read(file: Path) -> Contract:
    """Read a contract.

    :raises ContractError: naming the file and the place in it
    """
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ContractError(f"{file}: there is no such file. tpmock init ci writes one to begin with.") from None
    except (OSError, UnicodeDecodeError) as problem:
        raise ContractError(f"{file}: cannot be read: {problem}") from problem
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise ContractError(f"{file}: not TOML: {problem}.") from problem
    for mistake in _problems(data):
        raise ContractError(f"{file}: {mistake}")
    subject = data["subject"]
    tables: dict[str, Any] = {name: data.get(name) for name in (*_TABLES, "events", "trigger")}
    return Contract(
        folder=file.resolve().parent,
        name=subject["name"],
        plans=tuple(data["plans"]),
        wanted=tuple(data.get("cases", ())),
        claims=stated(subject.get("claims", ())),
        pace=pace(subject.get("claims", ()), subject.get("patience"), subject.get("quiet")),
        expected=file.resolve().parent / data["expected"] if "expected" in data else None,
        **tables,
    )


def pace(claims: Collection[str], patience: str | None = None, quiet: str | None = None) -> Pace:
    """Return what a subject claims to do by its own clock.

    :param patience: the bound of ``own-patience`` as a duration; None for the default, 5 s
    :param quiet: the silence of ``answers-later`` as a duration; None for the default, 500 ms
    """
    return Pace(
        patience=seconds(_PATIENCE if patience is None else patience) if OWN_PATIENCE in claims else 0.0,
        quiet=seconds(_QUIET if quiet is None else quiet) if ANSWERS_LATER in claims else 0.0,
    )


def _problems(data: Mapping[str, Any]) -> Iterator[str]:
    # Late: the library takes as long to import as the rest of the kit, which runs mostly without a file.
    from jsonschema import Draft202012Validator  # noqa: PLC0415
    from jsonschema.exceptions import best_match  # noqa: PLC0415

    found = best_match(Draft202012Validator(case_files.schema("contract")).iter_errors(data))
    if found is not None:
        yield _sentence(found)
        return
    for plan in data["plans"]:
        if plan not in case_files.choices():
            yield f"plans: no plan is named {plan}. {did_you_mean(plan, case_files.choices())}"
    ways = [name for name in _TABLES if name in data]
    if len(ways) > 1:
        yield f"[{ways[0]}] and [{ways[1]}] both say where the subject is; keep one."
    if not ways and "command" not in data.get("trigger", {}):
        yield "[start] is missing. Write how the program starts, or [running], [manual], or a [trigger] with a command."
    if "events" in data and "trigger" in data:
        yield "[events] and [trigger] both say how orders reach the subject; keep one."
    for member, claim in (("patience", OWN_PATIENCE), ("quiet", ANSWERS_LATER)):
        if member in data["subject"] and claim not in data["subject"].get("claims", ()):
            yield f"subject.{member} belongs to the claim {claim}. Add it to subject.claims, or leave {member} out."
    if "events" not in data and "trigger" not in data:
        yield "[events] is missing. Write where Segment's events go, or a [trigger] for a subject without events."


def _sentence(found: ValidationError) -> str:
    place = ".".join(str(part) for part in found.absolute_path)
    where = f"{place}: " if place else ""
    # The keywords of the schema that failed, whose types the library leaves open.
    rule: Any = found.validator_value
    instance: Any = found.instance
    schema_at_fault: Any = found.schema
    properties: dict[str, Any] = schema_at_fault.get("properties", {})
    match found.validator:
        case "additionalProperties":
            unknown = next(str(name) for name in instance if name not in properties)
            return f"{where}there is no {unknown}. {did_you_mean(unknown, properties)}"
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
