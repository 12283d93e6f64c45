"""Configurations are dataclasses whose fields name the variable of the environment that sets them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from functools import cache
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Variable:
    """How a field is set from text.

    :param parse: raises ValueError with the rest of a sentence that begins with the name
    :param show: the reverse of ``parse``
    :param setting: its name among Segment's custom settings, for preferences: ``delayDays`` of TRUSTPILOT_DELAY_DAYS
    """

    name: str
    parse: Callable[[str], object]
    meaning: str
    show: Callable[[Any], object]
    setting: str


def variable(
    name: str,
    parse: Callable[[str], object],
    meaning: str,
    *,
    default: Any = MISSING,
    secret: bool = False,
    show: Callable[[Any], object] = str,
) -> Any:
    """Declare a field; one without a default is required, and a secret one stays out of ``repr``."""
    first, *others = name.removeprefix("TRUSTPILOT_").split("_")
    declared = Variable(name, parse, meaning, show, "".join([first.lower(), *map(str.capitalize, others)]))
    return field(default=default, repr=not secret, metadata={Variable: declared})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(variable, field))
def configuration(cls: type[T]) -> type[T]:
    """Make a frozen dataclass of a class whose fields are declared by :func:`variable`."""
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)


@cache
def declared_in(cls: type) -> dict[str, tuple[Field[Any], Variable]]:
    """Return the fields that a variable sets, by their names."""
    return {each.name: (each, each.metadata[Variable]) for each in fields(cls) if Variable in each.metadata}


def read(cls: type, environment: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    """Return the values of those fields that the environment sets; an empty variable counts as missing.

    :param problems: gets a sentence for each value that is wrong, or is missing and required
    """
    found = {}
    for name, (declared, by) in declared_in(cls).items():
        text = environment.get(by.name, "").strip()
        try:
            if text:
                found[name] = by.parse(text)
            elif declared.default is MISSING:
                problems.append(f"{by.name} is missing.")
        except ValueError as problem:
            problems.append(f"{by.name} {problem}.")
    return found
