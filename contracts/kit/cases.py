"""Cases as data: reads ``contracts/cases`` and refuses what it does not understand, naming the place."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import jsonschema_rs
import yaml

from contracts.kit import base_events, template

# The C loader is ten times as fast, and not in every build of PyYAML.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CaseError(Exception):
    """A case file cannot be used; the text says where and why."""


class Level(StrEnum):
    """How much a breach weighs: a failure or a warning."""

    MUST = "must"
    SHOULD = "should"


@dataclass(frozen=True, slots=True)
class Clause:
    """Where a requirement comes from."""

    source: str
    section: str
    url: str


@dataclass(frozen=True, slots=True)
class Step:
    """Something a case does: the name of a step in the vocabulary, and what it is told."""

    name: str
    told: Any


@dataclass(frozen=True, slots=True)
class Check:
    """Something a case demands: the name of a check in the vocabulary, and what it is told."""

    name: str
    told: Any
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One scenario with an id.

    :param evidence: how sure we are of the requirement: seed, documented, official-code, observed or assumed.
    :param needs: what a subject must claim.
    :param live: how it may be run on the real API: "read-only", for it changes nothing, "writes", or not at all.
    :param quick: whether it belongs to the plan quick.
    :param fresh: whether it needs a sandbox of its own and a newly started subject.
    """

    id: str
    plan: str
    chapter: str
    title: str
    requirement: str
    clause: Clause
    evidence: str
    fresh: bool
    needs: tuple[str, ...] = ("events",)
    live: str = ""
    quick: bool = False
    given: tuple[Step, ...]
    when: tuple[Step, ...]
    then: tuple[Check, ...]


QUICK, STANDARD = "quick", "standard"
"""Two plans that have no cases of their own: a first look, and everything."""


def plans() -> tuple[str, ...]:
    """The names of all plans with cases of their own, in alphabetical order."""
    return tuple(sorted(folder.name for folder in _root().iterdir() if folder.is_dir()))


def choices() -> tuple[str, ...]:
    """The names of everything that can be run as a plan."""
    return (*plans(), QUICK, STANDARD)


@cache
def load_plan(plan: str) -> tuple[Case, ...]:
    """All cases of a plan, ordered by id.

    :param plan: one of :func:`choices`.
    :raises CaseError: when a file cannot be used, or an id occurs twice.
    """
    if plan in {QUICK, STANDARD}:
        every = tuple(case for each in plans() for case in load_plan(each))
        return tuple(case for case in every if case.quick or plan == STANDARD)
    found: dict[str, Case] = {}
    for file in sorted((_root() / plan).iterdir(), key=lambda item: item.name):
        for case in load_file(plan, file):
            if case.id in found:
                raise CaseError(f"{file.name}: the id {case.id} is taken by another case of the plan {plan}.")
            found[case.id] = case
    return tuple(found[case_id] for case_id in sorted(found))


def load_file(plan: str, file: Traversable) -> Iterator[Case]:
    """The cases of one file.

    :raises CaseError: naming the file, the case and the place in it.
    """
    try:
        chapter = yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - either is a safe loader
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise CaseError(f"{file.name}: not YAML: {problem}") from problem
    try:
        _check_words(chapter)
        _check_schema(chapter)
        for case in chapter["cases"]:
            _check_references(case)
            yield _case(plan, chapter, case)
    except CaseError as problem:
        raise CaseError(f"{file.name}, {problem}") from None


@cache
def schema() -> Mapping[str, Any]:
    """The JSON Schema of a case file."""
    read: dict[str, Any] = json.loads((files("contracts") / "schemas" / "case.json").read_text(encoding="utf-8"))
    return read


def vocabulary(kind: str) -> dict[str, str]:
    """The words for steps or checks, each with a sentence.

    :param kind: ``step`` or ``check``.
    """
    words = schema()["$defs"][kind]["properties"]
    return {name: word.get("description", "") for name, word in words.items() if name != "level"}


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(dict(schema()))


def _is_accepted(chapter: Any) -> bool:
    """Whether a chapter fits the schema, told in a hundredth of the time that a reason takes."""
    try:
        return _validator().is_valid(chapter)
    except ValueError:
        # YAML knows values that JSON does not; the slow way says what is wrong with them, if anything is.
        return False


def _root() -> Traversable:
    return files("contracts") / "cases"


def _check_words(chapter: object) -> None:
    """Refuse unknown steps and checks before the schema does: its own words for this would name every alternative."""
    cases = chapter.get("cases") if isinstance(chapter, dict) else None
    for case in (item for item in cases or [] if isinstance(item, dict)):
        for part, kind in (("given", "step"), ("when", "step"), ("then", "check")):
            known = {*vocabulary(kind), "level"} if kind == "check" else set(vocabulary(kind))
            for index, item in enumerate(case.get(part) or []):
                for word in item if isinstance(item, dict) else ():
                    if word not in known:
                        raise CaseError(
                            f"case {case.get('id')}, {part}[{index}]: no {kind} is named {word}{_nearest(word, known)}."
                        )


def _nearest(word: str, known: set[str]) -> str:
    near = difflib.get_close_matches(str(word), known, n=1)
    return f"; did you mean {near[0]}?" if near else f"; known are {', '.join(sorted(known - {'level'}))}"


def _check_schema(chapter: Any) -> None:
    if _is_accepted(chapter):
        return
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - needed only where something is wrong
    from jsonschema.exceptions import best_match  # noqa: PLC0415

    problem = best_match(Draft202012Validator(schema()).iter_errors(chapter))
    if problem is None:
        return
    path = list(problem.absolute_path)
    place = "the file"
    if len(path) > 1 and path[0] == "cases":
        place = f"case {chapter['cases'][path[1]].get('id', path[1])}"
        path = path[2:]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    raise CaseError(f"{place}{', ' + where if where else ''}: {problem.message}")


def _check_references(case: Mapping[str, Any]) -> None:
    """Refuse base events that do not exist, and placeholders that nobody fills."""
    # A placeholder that a later step saves is a mistake too, but one that the run shows at once.
    allowed = template.NAMES | set(_saved((*case.get("given", ()), *case.get("when", ()))))
    for part in ("given", "when", "then"):
        for index, item in enumerate(case.get(part, ())):
            place = f"case {case['id']}, {part}[{index}]"
            event = next((told.get("event") for told in item.values() if isinstance(told, dict)), None)
            if part != "then" and event is not None and event not in base_events.names():
                raise CaseError(f"{place}: no base event is named {event}{_nearest(event, set(base_events.names()))}.")
            for name in template.unknown(item, allowed):
                raise CaseError(f"{place}: nobody fills the placeholder {{{name}}}.")


def _saved(steps: Iterable[Any]) -> Iterator[str]:
    for item in steps:
        for told in item.values():
            yield from told.get("save", ()) if isinstance(told, dict) else ()


def _case(plan: str, chapter: Mapping[str, Any], data: Mapping[str, Any]) -> Case:
    return Case(
        id=data["id"],
        plan=plan,
        chapter=chapter["chapter"],
        title=data["title"],
        requirement=" ".join(data["requirement"].split()),
        clause=Clause(**data["clause"]),
        evidence=data["evidence"],
        fresh=data.get("fresh", False),
        needs=(*chapter.get("needs", ("events",)), *data.get("needs", ())),
        live=data.get("live", ""),
        quick=data.get("quick", False),
        given=_steps(data.get("given", ())),
        when=_steps(data["when"]),
        then=tuple(_checks(data["then"])),
    )


def _steps(items: Any) -> tuple[Step, ...]:
    return tuple(Step(name, told) for item in items for name, told in item.items())


def _checks(items: list[dict[str, Any]]) -> Iterator[Check]:
    for item in items:
        level = Level(item.get("level", Level.MUST))
        yield from (Check(name, told, level) for name, told in item.items() if name != "level")
