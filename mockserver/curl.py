"""A journal entry as a shell script that makes the call again, the masked secrets filled in from the environment."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qsl, quote_plus, urlsplit

from contracts.spec import FORM
from mockserver import environment
from mockserver.clock import iso_milliseconds
from mockserver.journal import Entry, header_lines
from mockserver.masking import UNKNOWN, is_secret, mask
from mockserver.operations import is_vendor_host

#: Curl writes these itself, or they belong to the one connection that was.
_NOT_REPEATED: Final = frozenset(
    {
        *("host", "content-length", "connection", "transfer-encoding", "content-encoding", "accept-encoding"),
        *("expect", "keep-alive", "te", "upgrade", "proxy-connection"),
    }
)
TOKEN: Final = "TRUSTPILOT_ACCESS_TOKEN"  # noqa: S105 - a variable's name
_TOKEN_PATH: Final = "/v1/oauth/oauth-business-users-for-applications/accesstoken"  # noqa: S105 - a path
#: What a secret that is no credential of the sandbox looks like, by its kind.
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


def script(entry: Entry, sandbox_id: str, credentials: Mapping[str, str]) -> str:
    """The script. Run it after ``eval "$(tpmock env --sandbox ID)"``.

    :param credentials: of the sandbox, by name
    """
    words = _Words(credentials)
    arguments = list(_arguments(entry, words))
    lines = [
        "#!/bin/sh",
        f"# Entry {entry.id} of the journal: {_one_line(entry)}",
        f'# Unofficial, made by tpmock. First: eval "$(tpmock env --sandbox {sandbox_id})"',
        "set -eu",
    ]
    if words.left_out:
        lines.append("# A secret was masked that is no credential of this sandbox: put it where … stands.")
    if TOKEN in words.used:
        lines.append("# The token of that call was not kept, so a fresh one is fetched, unless you give one.")
        lines.append(_FETCH_PARTNER_TOKEN if _PARTNER_PATH in entry.url else _FETCH_TOKEN)
    # Without -g curl takes braces and brackets in an address for a pattern.
    lines.append(" \\\n  ".join(["curl -gsSi", *arguments]))
    return "\n".join(lines) + "\n"


def _one_line(entry: Entry) -> str:
    """What the comment says; nothing in it may end the line."""
    answer = "no answer" if entry.status is None else str(entry.status)
    return re.sub(r"[^ -~]", "?", f"{entry.operation or 'nothing documented'}, {answer}, {iso_milliseconds(entry.at)}")


def _arguments(entry: Entry, words: _Words) -> Iterator[str]:
    yield "--head" if entry.method == "HEAD" else f"-X {shlex.quote(entry.method)}"
    parts = urlsplit(entry.url)
    media_type = ""
    for name, value in header_lines(entry.request_headers):
        lower = name.lower()
        if lower == "content-type":
            media_type = value.partition(";")[0].strip().lower()
        if lower == "host" and entry.direction == "in" and is_vendor_host(value.partition(":")[0].lower()):
            yield f"-H {words.quoted(f'Host: {value}')}"
        elif lower == "authorization" and value.lower().startswith("basic "):
            yield f"-u {words.pair(value)}"
        elif lower not in _NOT_REPEATED:
            # Curl leaves a header without a value out, unless it ends with a semicolon.
            yield f"-H {words.quoted(f'{name}: {value}' if value else f'{name};')}"
    yield from _body(entry, media_type, words)
    behind = parts.path + (f"?{parts.query}" if parts.query else "")
    if entry.direction == "in":
        yield f'"$TPMOCK_URL"{words.quoted(behind)}'
    else:
        yield words.quoted(f"{parts.scheme}://{parts.netloc}{behind}")


def _body(entry: Entry, media_type: str, words: _Words) -> Iterator[str]:
    if not entry.request_body:
        return
    text = entry.request_body.decode("utf-8", "replace")
    if media_type != FORM:
        # Not --data-binary, which would read a file when a body begins with @.
        yield f"--data-raw {words.quoted(text)}"
        if not media_type:
            yield "-H Content-Type:"
        return
    for name, value in parse_qsl(text, keep_blank_values=True):
        yield f"--data-urlencode {words.quoted(f'{quote_plus(name)}={value}')}"


class _Words:
    """Quotes for a shell, masked secrets becoming variables.

    :ivar used: the variables that were needed
    :ivar left_out: whether something masked has no variable
    """

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._variables = {
            f"{mask(value)}{{{name}}}": variable
            for name, value in credentials.items()
            if is_secret(name) and (variable := environment.variable(name)) is not None
        } | dict(_TOKENS)
        self._masked = re.compile("|".join(re.escape(text) for text in self._variables))
        self.used: set[str] = set()
        self.left_out = False

    def quoted(self, text: str) -> str:
        """``text`` as one word."""
        word, end = "", 0
        for match in self._masked.finditer(text):
            word += self._literal(text[end : match.start()]) + self._variable(self._variables[match[0]])
            end = match.end()
        return (word + self._literal(text[end:])) or "''"

    def _literal(self, text: str) -> str:
        self.left_out = self.left_out or "…" in text
        return shlex.quote(text) if text else ""

    def _variable(self, name: str) -> str:
        self.used.add(name)
        return f'"${{{name}}}"'

    def pair(self, authorization: str) -> str:
        """Basic credentials as curl's ``-u`` takes them."""
        names = re.search(r"\{([^{}:]*):([^{}]*)\}$", authorization)
        if names is None:
            self.left_out = True
            return shlex.quote(authorization.partition(" ")[2] + ":")
        return ":".join(self._half(name) for name in names.groups())

    def _half(self, name: str) -> str:
        variable = environment.variable(name)
        if variable is not None:
            return self._variable(variable)
        self.left_out = self.left_out or name == UNKNOWN
        return "…" if name else ""
