"""The parameters of a call, converted, completed and judged as the document says."""

from __future__ import annotations

from typing import Any

from contracts.spec import Parameter
from mockserver import hints
from mockserver.operations.binding import Bound
from mockserver.operations.call import Call
from mockserver.problems import Problem


def arguments(call: Call, bound: Bound) -> dict[str, Any]:
    """Every declared parameter by its Python name; those that did not come have their default, or None.

    :raises Problem: the documented one, naming the parameter, when a value does not fit
    """
    given: dict[str, Any] = {}
    result: dict[str, Any] = {}
    for parameter in bound.operation.parameters:
        value = _value(call, bound, parameter)
        if value is not None:
            given[parameter.name] = value
        result[parameter.python_name] = parameter.default if value is None else value
    violation = bound.operation.parameter_schema.violation(given)
    if violation is None:
        _advise(call, bound)
        return result
    declared = {parameter.name: parameter for parameter in bound.operation.parameters}
    culprit = declared[violation.path.partition("[")[0]]
    name = culprit.problem or bound.example("invalid-request").name
    sentence = f"{culprit.location} parameter {violation}"
    raise Problem(name, hint=f"The {sentence}.", detail=sentence)


def _value(call: Call, bound: Bound, parameter: Parameter) -> Any:
    if parameter.free_form:
        return {name: values[0] for name, values in call.query.items() if name not in bound.query_names}
    if parameter.location == "path":
        return parameter.convert(call.arguments[parameter.name])
    if parameter.location == "header":
        # The official request collection sends x-business-user-id as a query parameter.
        text = call.header(parameter.name) or call.query.get(parameter.name, [""])[0]
        return parameter.convert(text) if text else None
    values = call.query.get(parameter.name)
    # Several by comma is the documented form; repeated parameters mean the same to every reader of the wild.
    return None if values is None else parameter.convert(",".join(values) if parameter.many else values[0])


def _advise(call: Call, bound: Bound) -> None:
    """A hint for a query parameter nobody documented, which is ignored, as the real API does."""
    if bound.free_form is not None:
        return
    for name in call.query:
        if name not in bound.query_names:
            import difflib  # noqa: PLC0415 - only for a mistake

            known = {other.lower(): other for other in bound.query_names}
            close = difflib.get_close_matches(name.lower(), known, n=1)
            call.hint = hints.unknown_parameter(name, known[close[0]] if close else None)
            return
