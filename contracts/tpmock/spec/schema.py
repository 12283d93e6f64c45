"""A prepared JSON Schema, and the sentence that says why a value does not fit it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

Json = Any
Credential = Literal["value", "subject"]
#: The names of members, each with those of its members; None where these may be any.
Names = Mapping[str, "Names | None"]
#: The most reasons in one message.
MOST: Final = 10
#: What a JSON value can hold members in. Evaluated for each member, ``dict | list`` would cost more than the look-up.
_NESTING: Final = (dict, list)


class Violation(msgspec.Struct, frozen=True):
    """One way in which a value does not fit its schema: where, what was wrong, what was expected."""

    path: str
    message: str

    def __str__(self) -> str:
        """Return a sentence that begins with the field's path."""
        return f"{self.path}: {self.message}" if self.path else self.message


class Schema:
    """A JSON Schema with its validators, each prepared once, when first needed.

    A value is first judged by ``jsonschema_rs``, which takes under a microsecond. Only what it does not accept goes to
    ``jsonschema``, fifty times slower, which has the last word and gives the reason.

    :param document: the schema without references
    :param secrets: names of members, at any depth, that hold secrets
    :param credentials: members by which a sandbox is found, and how: by the ``value``, or by the ``subject`` of a JWT
    """

    def __init__(
        self, document: Mapping[str, Json], secrets: frozenset[str], credentials: Mapping[str, Credential]
    ) -> None:
        self.document = document
        self.secrets = secrets
        self.credentials = credentials

    @cached_property
    def _accepts(self) -> Callable[[Json], bool]:
        # Late, as documents are also read where nothing is judged.
        import jsonschema_rs  # noqa: PLC0415

        return jsonschema_rs.Draft202012Validator(dict(self.document), validate_formats=True).is_valid

    @cached_property
    def _explain(self) -> Callable[[Json], list[ValidationError]]:
        # Most programs that are right from the start never come here.
        from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415
        from jsonschema.exceptions import best_match  # noqa: PLC0415

        validator = Draft202012Validator(self.document, format_checker=FormatChecker())

        def explain(value: Json) -> list[ValidationError]:
            found = list(validator.iter_errors(value))
            best = best_match(found)
            return [] if best is None else [best, *(best_match([each]) for each in found)]

        return explain

    @cached_property
    def _names(self) -> Names | None:
        return _names(self.document)

    def violation(self, value: Json) -> Violation | None:
        """Return the most telling reason why ``value`` does not fit, or None when it does."""
        return next(iter(self.violations(value)), None)

    def violations(self, value: Json) -> list[Violation]:
        """Return every reason why ``value`` does not fit, the most telling first; at most :data:`MOST` of them."""
        if self._fits(value):
            return []
        told = (violation for error in self._explain(value) for violation in _violations(error))
        return list(dict.fromkeys(told))[:MOST]

    def unknown(self, value: Json) -> Iterator[tuple[str, str, Collection[str]]]:
        """Return every member of ``value`` that is not documented, at any depth: where it is, its name, and those
        that are.
        """
        names = self._names
        # Most values have none, and telling so takes less than walking through them.
        return iter(()) if _knows_all(names, value) else _unknown(names, value, "")

    def _fits(self, value: Json) -> bool:
        try:
            return self._accepts(value)
        except (ValueError, TypeError, OverflowError):
            # A value that the fast one cannot even read, such as text with a lone surrogate.
            return False


def _names(schema: Mapping[str, Json]) -> Names | None:
    """Return the members that a schema knows, each with those it knows in turn; None where any may come."""
    parts = [schema, *(part for word in ("allOf", "anyOf", "oneOf") for part in schema.get(word, ()))]
    if any(part.get("additionalProperties") not in (None, False) for part in parts):
        return None
    known: dict[str, Names | None] = {}
    for part in parts:
        known |= {name: _names(inner) for name, inner in part.get("properties", {}).items()}
    items = [part["items"] for part in parts if isinstance(part.get("items"), dict)]
    return known or (_names(items[0]) if items else None)


def _knows_all(names: Names | None, value: Json) -> bool:
    """Return whether ``value`` is an object with documented members only; False too where that is not sure."""
    if not names or not isinstance(value, dict) or not value.keys() <= names.keys():
        return not names
    for name, inner in value.items():  # noqa: SIM110 - each call with a body comes here; all() would take twice as long
        if type(inner) in _NESTING and not _knows_all(names[name], inner):
            return False
    return True


def _unknown(names: Names | None, value: Json, path: str) -> Iterator[tuple[str, str, Collection[str]]]:
    if not names:
        return
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _unknown(names, item, f"{path}[{number}]")
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in names:
                yield path, name, names
            elif type(inner) in _NESTING:
                yield from _unknown(names[name], inner, f"{path}.{name}".lstrip("."))


def _violations(error: ValidationError) -> Iterator[Violation]:
    """Yield what an error says; of missing members, each."""
    if str(error.validator) != "required":
        yield _violation(error)
        return
    path = _path(error)
    wanted: Json = error.validator_value
    instance: Json = error.instance
    for name in wanted:
        if name not in instance:
            yield Violation(f"{path}.{name}".lstrip("."), "is required")


def _path(error: ValidationError) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")


def _violation(error: ValidationError) -> Violation:
    instance: Json = error.instance
    wanted: Json = error.validator_value
    path = _path(error)
    rule = str(error.validator)
    if rule in ("anyOf", "oneOf"):
        return Violation(path, _alternatives(instance, wanted))
    if "propertyNames" in error.absolute_schema_path:
        return Violation(path, f"has a name {instance!r} that {_expected(rule, instance, wanted)}")
    return Violation(path, _expected(rule, instance, wanted) + (_example(error.schema) if rule == "pattern" else ""))


def _example(schema: object) -> str:
    examples = schema.get("examples") if isinstance(schema, Mapping) else None
    return f", for example {examples[0]}" if examples else ""


def _alternatives(instance: Json, forms: Sequence[Mapping[str, Json]]) -> str:
    names = [", ".join(form["required"]) for form in forms if "required" in form]
    if len(names) != len(forms):
        return "fits none of the forms that are documented"
    given = [name for name in names if isinstance(instance, dict) and name in instance]
    if len(given) > 1:
        return f"give either {' or '.join(names)}, not both"
    return f"needs {' or '.join(names)}"


_SENTENCES: Mapping[str, Callable[[Json], str]] = {
    "enum": lambda wanted: f"must be one of {', '.join(map(str, wanted))}",
    "const": lambda wanted: f"must be {wanted}",
    "format": lambda wanted: f"is not a valid {wanted}",
    "pattern": lambda wanted: f"must match {wanted}",
    "minLength": lambda wanted: "must not be empty" if wanted == 1 else f"needs at least {wanted} characters",
    "maxLength": lambda wanted: f"has more than {wanted} characters",
    "minimum": lambda wanted: f"must be at least {wanted}",
    "maximum": lambda wanted: f"must be at most {wanted}",
    "minItems": lambda wanted: f"needs at least {wanted} item(s)",
    "additionalProperties": lambda _: "has a member that is not documented",
}


def _expected(rule: str, instance: Json, wanted: Json) -> str:
    if rule == "type":
        kinds = [wanted] if isinstance(wanted, str) else wanted
        return f"must be {' or '.join(kinds)}, not {_kind(instance)}"
    return _SENTENCES[rule](wanted) if rule in _SENTENCES else f"breaks the rule {rule}"


def _kind(value: Json) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return "null" if value is None else names[type(value)]
