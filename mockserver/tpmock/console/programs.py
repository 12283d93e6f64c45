"""Programs of several languages that use a sandbox, with its addresses and credentials filled in."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from typing import Any, Final

from tpmock.common import compiled, environment, package_data

_PLACE: Final = re.compile(r"@(\w+)@")


def texts() -> Mapping[str, Any]:
    """Return the texts of the page "Connect"."""
    found: Mapping[str, Any] = compiled.content(package_data.path("texts", "connect.yaml"))
    return found


def single_quoted(value: str) -> str:
    r"""Return a text as PHP and Ruby write it: in single quotes, where only ``\`` and ``'`` have a meaning."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


#: Kinds of quotes in which a program's language writes a text.
_QUOTES: Final[Mapping[str, Callable[[str], str]]] = {
    "json": json.dumps,
    "single": single_quoted,
    "shell": shlex.quote,
}


def filled_in(program: Mapping[str, str], sandbox: Mapping[str, Any]) -> str:
    """Return the code of a program for a sandbox.

    :param program: one of the ``programs`` of :func:`texts`
    :param sandbox: its description, as ``GET /_mock/sandboxes/{id}`` answers
    """
    values = {**sandbox["urls"], **sandbox["credentials"]}
    quote = _QUOTES[program["quote"]]
    return _PLACE.sub(lambda place: quote(values[place[1]]), program["code"])


def environments(sandbox: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the sandbox's environment variables in the forms of ``tpmock env``, as programs to show."""
    values = environment.variables(sandbox)
    return [
        {"name": "shell", "label": "Shell", "run": 'eval "$(tpmock env)"', "code": environment.shell(values)},
        {
            "name": "dotenv",
            "label": ".env",
            "run": "tpmock env --format dotenv > .env",
            "code": environment.dotenv(values),
        },
    ]
