"""The tools of ``tpmock mcp``, defined in ``fixtures/texts/mcp-tools.yaml``: their schemas and actions."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from tpmock import spec
from tpmock.common import compiled, package_data
from tpmock.common.control_client import ControlClient

Json = dict[str, Any]

#: The argument for a sandbox, in place of the document's ``sandboxId``.
_SANDBOX: Final = "sandbox"
_SANDBOX_SCHEMA: Final[Json] = {"type": "string", "default": "default", "description": "Name of the sandbox"}
_ROOT: Final = "/_mock"
#: Timeout of a plan in real seconds.
_PLAN_WITHIN: Final = 900
#: The kit's exit codes of a completed run: everything as expected, or not.
_RAN: Final = (0, 1)
_NOT_PASSED: Final = ("failed", "warning", "not-run")


class ToolError(Exception):
    """A tool failed. The message is for its caller."""


@cache
def tools() -> Mapping[str, Json]:
    """Return the tools by name, each with ``does`` and its action."""
    found: dict[str, Json] = compiled.content(package_data.path("texts", "mcp-tools.yaml"))
    return found


def input_schema(name: str) -> Json:
    """Return the JSON Schema of a tool's arguments.

    :param name: one of :func:`tools`
    """
    tool = tools()[name]
    operation = _operation(tool)
    if operation is None:
        properties = {**tool["arguments"], **({_SANDBOX: _SANDBOX_SCHEMA} if tool.get("sandboxed") else {})}
        required = list(tool.get("required", ()))
    else:
        given, names = tool.get("fixed", {}), _names(tool)
        parts = [operation.parameter_schema.document, *(body.document for body in operation.body.values())]
        properties = {
            names.get(key, key): value
            for part in parts
            for key, value in part["properties"].items()
            if key not in given
        }
        required = [names.get(key, key) for part in parts for key in part.get("required", ()) if key not in given]
        for key, more in tool.get("also", {}).items():
            properties[key] = {**properties[key], **more}
        if _SANDBOX in properties:
            properties[_SANDBOX] = _SANDBOX_SCHEMA
            required.remove(_SANDBOX)
    return {"type": "object", "additionalProperties": False, "properties": properties, "required": required}


def call(client: ControlClient, name: str, arguments: Mapping[str, Any]) -> Any:
    """Call a tool.

    :param name: one of :func:`tools`
    :param arguments: valid by :func:`input_schema`
    :returns: a JSON value, None for no result
    :raises ToolError: when it fails
    :raises UnreachableError: when no mock answers
    :raises RefusedError: when the mock refuses
    """
    tool = tools()[name]
    operation = _operation(tool)
    if operation is None:
        return _OWN[name](client, **{key: value for key, value in arguments.items() if value is not None})
    names = {shown: key for key, shown in _names(tool).items()}
    given = {names.get(key, key): value for key, value in arguments.items()} | tool.get("fixed", {})
    places = {parameter.name: parameter.location for parameter in operation.parameters}
    if "sandboxId" in places:
        given.setdefault("sandboxId", "default")
    path = {key: given.pop(key) for key, place in places.items() if place == "path" and key in given}
    query = {key: _as_query(given.pop(key)) for key, place in places.items() if place == "query" and key in given}
    where = operation.path.removeprefix(_ROOT).format(**path)
    return client.call(operation.method, where, given if operation.body else None, query)


def _operation(tool: Json) -> spec.Operation | None:
    return spec.load("control").operations[tool["operation"]] if "operation" in tool else None


def _names(tool: Json) -> dict[str, str]:
    """Return the names of arguments here, by their names in the document."""
    return {"sandboxId": _SANDBOX} | {key: shown for shown, key in tool.get("names", {}).items()}


def _as_query(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


# --- tools that are more than one call ------------------------------------------------------------------------------


def _send_order(
    client: ControlClient,
    order_id: str,
    email: str = "ada@example.com",
    name: str = "Ada",
    surname: str = "Example",
    properties: Json | None = None,
    sandbox: str = "default",
) -> Json:
    described = client.sandbox(sandbox)
    key = base64.b64encode(f"{described['credentials']['writeKey']}:".encode()).decode()
    bought = {"order_id": order_id, "email": email, "name": name, "surname": surname, **(properties or {})}
    event = {"type": "track", "userId": email, "event": "Order Completed", "properties": bought}
    client.request("POST", f"{described['urls']['segment']}/v1/track", event, f"Basic {key}")
    return {"sent": event, "sandbox": sandbox}


def _run_plan(_: ControlClient, plan: str = "quick", contract: str = "", cases: list[str] | None = None) -> Json:
    subject = f"--contract={contract}" if contract else f"--plan={plan}"
    command = [sys.executable, "-m", "tpmock", "test", subject, *(f"--case={one}" for one in cases or ()), "--json"]
    try:
        ran = subprocess.run(  # noqa: S603 - our own command
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_PLAN_WITHIN
        )
    except subprocess.TimeoutExpired:
        raise ToolError(f"The plan did not end within {_PLAN_WITHIN} s. Run fewer cases, or 'tpmock test'.") from None
    if ran.returncode not in _RAN:
        raise ToolError(ran.stderr.strip() or f"tpmock test ended with {ran.returncode}.")
    document = json.loads(ran.stdout)
    bad = [case for case in document["cases"] if case["result"] in _NOT_PASSED]
    return {"passed": ran.returncode == 0, "summary": document["summary"], "cases": bad}


def _search_docs(client: ControlClient, words: str) -> Json:
    from tpmock.console.documentation import search  # noqa: PLC0415 - late: only this tool needs an index

    hits = map(search.as_json, search.index().search(words))
    return {"hits": [{**hit, "address": f"{client.url}{hit['address']}"} for hit in hits]}


_OWN: Final[Mapping[str, Callable[..., Json]]] = {
    "send_order": _send_order,
    "run_plan": _run_plan,
    "search_docs": _search_docs,
}
