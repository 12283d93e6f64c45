"""An exchange as a shell command that repeats it; secrets and addresses come from the environment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tpmock.common import curl, environment
from tpmock.common.curl import TOKEN, Words
from tpmock.common.stand_ins import MOCK, SUBJECT
from tpmock.kit.reports.readable.derived import Data

# Addresses that differ from run to run, and what the mock masked: "tpk-…{apiKey}", or "…" alone for a token.
_MASKED: Final = re.compile(rf"{MOCK}|{SUBJECT}|(?<![\w.-])[\w.-]*+…(?:\{{(?P<name>\w+)\}})?")
# What is left of the right key in a post of the kit itself, and how the journal would write it.
_OWN_KEY, _MASKED_KEY = "Basic …:", "Basic …{integrationKey:}"


def script(title: str, records: Sequence[Data]) -> str:
    """Return a script that repeats the requests of the kit in a case, and reads the results."""
    lines = [
        "#!/bin/sh",
        f"# {curl.comment(title)}",
        '# First: eval "$(tpmock env --sandbox ID)"; export DESTINATION_URL to where the destination takes events.',
        "# Personal data is replaced. Faults, variants and clock of the case: see tpmock test explain.",
        "set -eu",
    ]
    own = [record for record in records if record["number"] is None or record["api"] == "segment-tracking"]
    for record in own:
        lines += ["", command(record)]
    if not own:
        lines += ["", "# The kit itself sent nothing here."]
    lines += ["", 'curl -sS "$TPMOCK_URL/_mock/sandboxes/${TPMOCK_SANDBOX:-default}/invitations"', ""]
    return "\n".join(lines)


def command(record: Data) -> str:
    """Return one exchange as one command."""
    words = Words(_MASKED, _variable)
    sent = record["request_headers"].items()
    headers = ((name, _MASKED_KEY if value == _OWN_KEY else value) for name, value in sent)
    return curl.command(record["method"], words.quoted(record["url"]), headers, record["request_body"], words)


def _variable(found: re.Match[str]) -> str:
    if found[0] in (MOCK, SUBJECT):
        return "TPMOCK_URL" if found[0] == MOCK else "DESTINATION_URL"
    return environment.variable(found["name"] or "") or TOKEN
