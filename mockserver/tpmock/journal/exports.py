"""Exports of journal entries: one as a shell script that repeats the call, all as an HTTP archive."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from tpmock.common import curl, environment, har
from tpmock.common.curl import TOKEN, Words
from tpmock.common.har import HttpMessage
from tpmock.common.moments import iso_milliseconds
from tpmock.core.vendor_hosts import is_vendor_host
from tpmock.journal.journal import Entry, header_lines
from tpmock.journal.masking import is_secret, mask

_TOKEN_PATH: Final = "/v1/oauth/oauth-business-users-for-applications/accesstoken"  # noqa: S105 - a path
#: The form of a secret that is not a credential of the sandbox, by its kind.
_TOKENS: Final[Mapping[str, str]] = {
    mask("tpa-0123456789abcdef"): TOKEN,
    mask("tpr-0123456789abcdef"): "TRUSTPILOT_REFRESH_TOKEN",
}
_FETCH_TOKEN: Final = (
    f': "${{{TOKEN}:=$(curl -sS -u "$TRUSTPILOT_API_KEY:$TRUSTPILOT_API_SECRET" -d grant_type=client_credentials '
    f'''"$TPMOCK_URL{_TOKEN_PATH}" | sed 's/.*"access_token": *"\\([^"]*\\)".*/\\1/')}}"'''
)
_PARTNER_PATH: Final = "/v1/private/partners/"
_FETCH_PARTNER_TOKEN: Final = _FETCH_TOKEN.replace("$TRUSTPILOT_API_", "$TRUSTPILOT_PARTNER_API_").replace(
    "-d grant_type=client_credentials",
    '-d grant_type=password --data-urlencode "username=$TRUSTPILOT_PARTNER_USERNAME" '
    '--data-urlencode "password=$TRUSTPILOT_PARTNER_PASSWORD"',
)


def curl_script(entry: Entry, sandbox_id: str, credentials: Mapping[str, str]) -> str:
    """Return the script. Run it after ``eval "$(tpmock env --sandbox ID)"``.

    :param credentials: of the sandbox, by name
    """
    words = _words(credentials)
    command = _command(entry, words)
    lines = [
        "#!/bin/sh",
        f"# Entry {entry.id} of the journal: {_described(entry)}",
        f'# Unofficial, made by tpmock. First: eval "$(tpmock env --sandbox {sandbox_id})"',
        "set -eu",
    ]
    if words.left_out:
        lines.append("# A masked secret is not a credential of this sandbox: replace … by it.")
    if TOKEN in words.used:
        lines.append("# The token of that call was not kept, so a fresh one is fetched, unless you give one.")
        lines.append(_FETCH_PARTNER_TOKEN if _PARTNER_PATH in entry.url else _FETCH_TOKEN)
    return "\n".join([*lines, command]) + "\n"


def _described(entry: Entry) -> str:
    answer = "no answer" if entry.status is None else str(entry.status)
    return curl.comment(f"{entry.operation or 'nothing documented'}, {answer}, {iso_milliseconds(entry.at)}")


def _command(entry: Entry, words: Words) -> str:
    headers = list(header_lines(entry.request_headers))
    parts = urlsplit(entry.url)
    behind = parts.path + (f"?{parts.query}" if parts.query else "")
    if entry.direction != "in":
        address, host = words.quoted(f"{parts.scheme}://{parts.netloc}{behind}"), ""
    else:
        address = f'"$TPMOCK_URL"{words.quoted(behind)}'
        host = next((value for name, value in headers if name.lower() == "host"), "")
    vendor = is_vendor_host(host.partition(":")[0].lower())
    body = entry.request_body.decode("utf-8", "replace")
    return curl.command(entry.method, address, headers, body, words, host=host if vendor else "")


def _words(credentials: Mapping[str, str]) -> Words:
    variables = {
        f"{mask(value)}{{{name}}}": variable
        for name, value in credentials.items()
        if is_secret(name) and (variable := environment.variable(name)) is not None
    } | dict(_TOKENS)
    return Words(re.compile("|".join(map(re.escape, variables))), lambda match: variables[match[0]])


_MORE = ("id", "direction", "api", "operation", "evidence", "trace", "join", "fault", "effect", "error")


def har_archive(entries: Iterable[Entry]) -> dict[str, Any]:
    """Return the archive of some entries."""
    return har.archive(map(_in_har, entries))


def _in_har(entry: Entry) -> dict[str, Any]:
    return har.entry(
        at=iso_milliseconds(entry.at),
        milliseconds=entry.milliseconds,
        method=entry.method,
        url=entry.url,
        request=HttpMessage(list(header_lines(entry.request_headers)), entry.request_body),
        status=entry.status,
        response=HttpMessage(list(header_lines(entry.response_headers)), entry.response_body),
        comment=entry.hint or "",
        more={name: getattr(entry, name) for name in _MORE},
    )
