"""Cases as data: reads ``contracts/cases`` and refuses what it does not understand, naming the place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib.resources.abc import Traversable
from typing import Any

import jsonschema_rs
import msgspec
import yaml
from tpmock.common import package_data
from tpmock.common.one_line import one_line
from tpmock.common.suggestions import did_you_mean
from tpmock.kit.cases import base_events, template

# The C loader is ten times as fast, and not in every build of PyYAML.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


# Members of a check that are not checks themselves.
_ABOUT_CHECKS = frozenset({"level", "needs"})


class CaseError(Exception):
    """A case file cannot be used; the text says where and why."""


class Level(StrEnum):
    """Severity of a breach: failure or warning."""

    MUST = "must"
    SHOULD = "should"


class Clause(msgspec.Struct, frozen=True):
    """Source of a requirement."""

    source: str
    section: str
    url: str


class CaseStep(msgspec.Struct, frozen=True):
    """Step of a case: its name in the vocabulary, and its arguments."""

    name: str
    args: Any


class CaseCheck(msgspec.Struct, frozen=True):
    """Check of a case: its name in the vocabulary, and its arguments.

    :param needs: what a subject must claim for this check to apply
    """

    name: str
    args: Any
    level: Level
    needs: tuple[str, ...] = ()


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One scenario with an id.

    :param evidence: how sure we are of the requirement: seed, documented, official-code, observed or assumed
    :param needs: what a subject must claim
    :param live: how it may be run on the real API: "read-only", for it changes nothing, "writes", or not at all
    :param fresh: whether it needs its own sandbox and a newly started subject
    """

    id: str
    plan: str
    chapter: str
    title: str
    requirement: str
    clause: Clause
    evidence: str
    fresh: bool = False
    needs: tuple[str, ...] = ("events",)
    live: str = ""
    quick: bool = False
    given: tuple[CaseStep, ...]
    when: tuple[CaseStep, ...]
    then: tuple[CaseCheck, ...]


QUICK, STANDARD = "quick", "standard"
"""Two plans without cases of their own: quick, and all."""


def plans() -> tuple[str, ...]:
    """Return the names of all plans with cases of their own, in alphabetical order."""
    return tuple(sorted(folder.name for folder in _root().iterdir() if folder.is_dir()))


def choices() -> tuple[str, ...]:
    """Return the names of everything that can be run as a plan."""
    return (*plans(), QUICK, STANDARD)


@cache
def load_plan(plan: str) -> tuple[Case, ...]:
    """Return all cases of a plan, ordered by id.

    :param plan: one of :func:`choices`
    :raises CaseError: when a file cannot be used, or an id occurs twice
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


def beginning_with(ids: Sequence[str], cases: Sequence[Case]) -> tuple[Case, ...]:
    """Return the cases whose id begins with one of ``ids``, or all without any.

    :raises CaseError: for one that begins no id
    """
    for one in ids:
        if not any(case.id.startswith(one) for case in cases):
            plans = ", ".join(dict.fromkeys(case.plan for case in cases))
            raise CaseError(f"No case of the plan {plans} has an id that begins with {one}; see tpmock test list.")
    return tuple(case for case in cases if not ids or case.id.startswith(tuple(ids)))


def load_file(plan: str, file: Traversable) -> Iterator[Case]:
    """Yield the cases of one file.

    :raises CaseError: naming the file, the case and the place in it
    """
    try:
        chapter = read_yaml(file)
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        raise CaseError(f"{file.name}: not YAML: {one_line(problem)}") from problem
    try:
        _check_words(chapter)
        _check_schema(chapter)
        for case in chapter["cases"]:
            _check_references(case)
            yield case_of(plan, chapter, case)
    except CaseError as problem:
        raise CaseError(f"{file.name}, {problem}") from None


def read_yaml(file: Traversable) -> Any:
    """Return the data of a YAML file."""
    return yaml.load(file.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506 - either is a safe loader


@cache
def schema(name: str = "case") -> Mapping[str, Any]:
    """Return the JSON Schema of a kind of file, for editors and for its reader.

    :param name: ``case``, ``contract`` or ``evidence``
    """
    read: dict[str, Any] = json.loads(package_data.path("schemas", f"{name}.json").read_text(encoding="utf-8"))
    return read


def vocabulary(kind: str) -> dict[str, str]:
    """Return the names of steps or checks with their descriptions.

    :param kind: ``step`` or ``check``
    """
    words = schema()["$defs"][kind]["properties"]
    return {name: word.get("description", "") for name, word in words.items() if name not in _ABOUT_CHECKS}


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(dict(schema()))


def _is_accepted(chapter: Any) -> bool:
    """Return whether a chapter fits the schema; a hundred times faster than finding the reason."""
    try:
        return _validator().is_valid(chapter)
    except ValueError:
        # YAML has values that JSON does not have; the slow way finds what is wrong with them.
        return False


def _root() -> Traversable:
    return package_data.folder("cases")


def _check_words(chapter: object) -> None:
    """Refuse unknown steps and checks before the schema does: its error would list every alternative."""
    cases = chapter.get("cases") if isinstance(chapter, dict) else None
    for case in (item for item in _list(cases) if isinstance(item, dict)):
        for part, kind in (("given", "step"), ("when", "step"), ("then", "check")):
            known = vocabulary(kind)
            for index, item in enumerate(_list(case.get(part))):
                for word in item if isinstance(item, dict) else ():
                    if word not in known and not (kind == "check" and word in _ABOUT_CHECKS):
                        place = f"case {case.get('id')}, {part}[{index}]"
                        raise CaseError(f"{place}: no {kind} is named {word}. {did_you_mean(str(word), known)}")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


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
        case = chapter["cases"][path[1]]
        place = f"case {case.get('id', path[1]) if isinstance(case, dict) else path[1]}"
        path = path[2:]
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    raise CaseError(f"{place}{', ' + where if where else ''}: {one_line(problem.message)}")


def _check_references(case: Mapping[str, Any]) -> None:
    """Refuse unknown base events and unknown placeholders."""
    # A placeholder that only a later step saves is a mistake too, but the run shows it at once.
    allowed = template.NAMES | set(_saved((*case.get("given", ()), *case.get("when", ()))))
    for part in ("given", "when", "then"):
        for index, item in enumerate(case.get(part, ())):
            place = f"case {case['id']}, {part}[{index}]"
            event = next((args.get("event") for args in item.values() if isinstance(args, dict)), None)
            if part != "then" and event is not None and event not in base_events.names():
                raise CaseError(f"{place}: no base event is named {event}. {did_you_mean(event, base_events.names())}")
            for name in template.unknown(item, allowed):
                raise CaseError(f"{place}: unknown placeholder {{{name}}}.")


def _saved(steps: Iterable[Any]) -> Iterator[str]:
    for item in steps:
        for args in item.values():
            yield from args.get("save", ()) if isinstance(args, dict) else ()


def case_of(plan: str, chapter: Mapping[str, Any], data: Mapping[str, Any]) -> Case:
    """Return a case of a chapter; the data was checked before or is ours."""
    return Case(
        **{name: data[name] for name in ("id", "title", "evidence", "fresh", "live", "quick") if name in data},
        plan=plan,
        chapter=chapter["chapter"],
        requirement=" ".join(data["requirement"].split()),
        clause=Clause(**data["clause"]),
        needs=(*chapter.get("needs", ("events",)), *data.get("needs", ())),
        given=_steps(data.get("given", ())),
        when=_steps(data.get("when", ())),
        then=tuple(checks_of(data["then"])),
    )


def _steps(items: Any) -> tuple[CaseStep, ...]:
    return tuple(CaseStep(name, args) for item in items for name, args in item.items())


def checks_of(items: Iterable[Mapping[str, Any]]) -> Iterator[CaseCheck]:
    """Yield the checks of a case; the data was checked before or is ours."""
    for item in items:
        level = Level(item.get("level", Level.MUST))
        needs = tuple(item.get("needs", ()))
        yield from (CaseCheck(name, args, level, needs) for name, args in item.items() if name not in _ABOUT_CHECKS)
