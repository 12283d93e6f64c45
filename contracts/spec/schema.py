"""A prepared JSON Schema, and the sentence that says why a value does not fit it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

Json = Any
Credential = Literal["value", "subject"]


@dataclass(frozen=True, slots=True)
class Violation:
    """One way in which a value does not fit its schema: where, what was wrong, what was expected."""

    path: str
    message: str

    def __str__(self) -> str:
        """A sentence that begins with the field's path."""
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
    def _explain(self) -> Callable[[Json], ValidationError | None]:
        # Most programs that are right from the start never come here.
        from jsonschema import Draft202012Validator, FormatChecker  # noqa: PLC0415
        from jsonschema.exceptions import best_match  # noqa: PLC0415

        validator = Draft202012Validator(self.document, format_checker=FormatChecker())
        return lambda value: best_match(validator.iter_errors(value))

    def violation(self, value: Json) -> Violation | None:
        """The most telling reason why ``value`` does not fit, or None when it does."""
        if self._fits(value):
            return None
        error = self._explain(value)
        return None if error is None else _violation(error)

    def _fits(self, value: Json) -> bool:
        try:
            return self._accepts(value)
        except (ValueError, TypeError, OverflowError):
            # A value that the fast one cannot even read, such as text with a lone surrogate.
            return False


def _violation(error: ValidationError) -> Violation:
    instance: Json = error.instance
    wanted: Json = error.validator_value
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path).lstrip(".")
    rule = str(error.validator)
    if rule == "required":
        missing = next(name for name in wanted if name not in instance)
        return Violation(f"{path}.{missing}".lstrip("."), "is required")
    if rule in ("anyOf", "oneOf"):
        return Violation(path, _alternatives(instance, wanted))
    return Violation(path, _expected(rule, instance, wanted))


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
        return f"must be {_kinds(wanted)}, not {_kind(instance)}"
    return _SENTENCES[rule](wanted) if rule in _SENTENCES else f"breaks the rule {rule}"


def _kinds(wanted: str | Sequence[str]) -> str:
    return wanted if isinstance(wanted, str) else " or ".join(wanted)


def _kind(value: Json) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return "null" if value is None else names[type(value)]
