"""The parameters of a call, converted, completed with defaults and validated by the document."""

from __future__ import annotations

from typing import Any

from tpmock.core.problems import Problem
from tpmock.server.request import OperationCall
from tpmock.spec.model import Parameter


def arguments(call: OperationCall) -> dict[str, Any]:
    """Return every declared parameter by its Python name; missing ones have their default, or None.

    :raises Problem: the documented one, naming the parameter, when a value is not valid
    """
    bound = call.bound
    given: dict[str, Any] = {}
    result: dict[str, Any] = {}
    for parameter in bound.operation.parameters:
        value = _value(call, parameter)
        if value is not None:
            given[parameter.name] = value
        result[parameter.python_name] = parameter.default if value is None else value
    # The validator is not loaded for a call without values to validate, such as the first one, for the health.
    violation = bound.operation.parameter_schema.violation(given) if result else None
    if violation is None:
        return result
    declared = {parameter.name: parameter for parameter in bound.operation.parameters}
    culprit = declared[violation.path.partition("[")[0]]
    name = culprit.problem or bound.example("invalid-request").name
    sentence = f"{culprit.location} parameter {violation}"
    raise Problem(name, hint=f"The {sentence}.", detail=sentence)


def bracketed(name: str) -> str:
    """Return a member of an object in a query form of some clients: ``pagination[count]`` for ``pagination.count``."""
    first, *others = name.split(".")
    return first + "".join(f"[{one}]" for one in others)


def _value(call: OperationCall, parameter: Parameter) -> Any:
    query = call.query
    if parameter.free_form:
        return {name: values[0] for name, values in query.items() if name not in call.bound.query_names}
    if parameter.location == "path":
        return parameter.convert(call.path_arguments[parameter.name])
    if parameter.location == "header":
        # The official request collection sends x-business-user-id as a query parameter.
        text = call.header(parameter.name) or call.query_value(parameter.name)
        return parameter.convert(text) if text else None
    name = parameter.name if parameter.name in query else bracketed(parameter.name)
    if name not in query:
        return None
    # Commas are the documented form; programs also repeat parameters, with the same meaning.
    values = query[name]
    return parameter.convert(",".join(values) if parameter.many else values[0])
