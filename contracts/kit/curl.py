"""An exchange as a shell command that makes it again; secrets and addresses come from the environment."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence

from contracts.kit.transcript import MOCK, SUBJECT, Record

# The mock masks a credential as "tpk-…{apiKey}"; what it is called in the output of "tpmock env".
_VARIABLES = {
    "apiKey": "TRUSTPILOT_API_KEY",
    "apiSecret": "TRUSTPILOT_API_SECRET",
    "password": "TRUSTPILOT_PASSWORD",
    "partnerApiKey": "TRUSTPILOT_PARTNER_API_KEY",
    "partnerApiSecret": "TRUSTPILOT_PARTNER_API_SECRET",
    "partnerPassword": "TRUSTPILOT_PARTNER_PASSWORD",
    "writeKey": "SEGMENT_WRITE_KEY",
    "integrationKey": "INTEGRATION_KEY",
}
_TOKEN = "TRUSTPILOT_ACCESS_TOKEN"  # noqa: S105 - a variable's name
# Curl writes these itself.
_NOT_REPEATED = frozenset({"host", "content-length", "connection", "accept-encoding", "transfer-encoding", "accept"})
# What the mock masked, and what is left of a post of the kit itself with the right key.
_BASIC = re.compile(r"Basic (?:.*…\{(?P<user>\w*):(?P<password>\w*)\}|…:)")
_MASKED = re.compile(rf"{MOCK}|{SUBJECT}|[\w.-]*…(?:\{{(?P<name>\w+)\}})?")


def script(title: str, records: Sequence[Record]) -> str:
    """A script that sends again what the kit sent in a case, and asks what came of it.

    :param title: of the case.
    """
    lines = [
        "#!/bin/sh",
        f"# {re.sub(r'[^ -~]', '?', title)}",
        '# First: eval "$(tpmock env --sandbox ID)"; export DESTINATION_URL to where the destination takes events.',
        "# People in it are stand-ins. Faults, variants and time of the case: see tpmock test --explain.",
        "set -eu",
    ]
    own = [record for record in records if record.number is None or record.api == "segment-tracking"]
    for record in own:
        lines += ["", command(record)]
    if not own:
        lines += ["", "# The kit itself sent nothing here."]
    lines += ["", 'curl -sS "$TPMOCK_URL/_mock/sandboxes/${TPMOCK_SANDBOX:-default}/invitations"', ""]
    return "\n".join(lines)


def command(record: Record) -> str:
    """One exchange as one command."""
    return " \\\n  ".join(["curl -gsSi", *_arguments(record)])


def _arguments(record: Record) -> Iterator[str]:
    yield f"-X {shlex.quote(record.method)}"
    for name, value in record.request_headers.items():
        if name.lower() == "authorization" and (names := _BASIC.fullmatch(value)):
            yield f"-u {_credential(names['user'] or 'integrationKey')}:{_credential(names['password'] or '')}"
        elif name.lower() not in _NOT_REPEATED:
            yield f"-H {_quoted(f'{name}: {value}')}"
    if record.request_body:
        yield f"--data-raw {_quoted(record.request_body)}"
    yield _quoted(record.url)


def _credential(name: str) -> str:
    return f'"${{{_VARIABLES[name]}}}"' if name in _VARIABLES else ""


def _quoted(text: str) -> str:
    """One word for a shell, what was masked in it becoming variables."""
    word, end = "", 0
    for found in _MASKED.finditer(text):
        word += shlex.quote(text[end : found.start()]) if found.start() > end else ""
        word += f'"${{{_variable(found)}}}"'
        end = found.end()
    return word + (shlex.quote(text[end:]) if end < len(text) or not word else "")


def _variable(found: re.Match[str]) -> str:
    if found[0] in (MOCK, SUBJECT):
        return "TPMOCK_URL" if found[0] == MOCK else "DESTINATION_URL"
    return _VARIABLES.get(found["name"] or "", _TOKEN)
