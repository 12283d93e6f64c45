"""An HTTP request as a shell command that repeats it; masked secrets are read from the environment."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import Final
from urllib.parse import parse_qsl, quote_plus

from tpmock.common import environment

#: The usual meaning of a masked secret that is not a credential of the sandbox.
TOKEN: Final = "TRUSTPILOT_ACCESS_TOKEN"  # noqa: S105 - a variable's name
#: Curl writes these itself, or they belong to the one connection that was.
_NOT_REPEATED: Final = frozenset(
    {
        *("host", "content-length", "connection", "transfer-encoding", "content-encoding", "accept-encoding"),
        *("expect", "keep-alive", "te", "upgrade", "proxy-connection"),
    }
)
_FORM: Final = "application/x-www-form-urlencoded"
#: Basic credentials as the journal masks them: ``…{apiKey:apiSecret}``.
_PAIR: Final = re.compile(r"\{([^{}:]*):([^{}]*)\}$")


class Words:
    """Quotes texts for a shell and replaces masked secrets by variables.

    :param masked: finds what is to be replaced
    :param variable: returns the variable's name for a match
    :ivar used: the variables that were needed
    :ivar left_out: whether something masked has no variable
    """

    def __init__(self, masked: re.Pattern[str], variable: Callable[[re.Match[str]], str]) -> None:
        self._masked = masked
        self._variable_of = variable
        self.used: set[str] = set()
        self.left_out = False

    def quoted(self, text: str) -> str:
        """Return ``text`` as one word."""
        word, end = "", 0
        for match in self._masked.finditer(text):
            word += self._literal(text[end : match.start()]) + self._variable(self._variable_of(match))
            end = match.end()
        return (word + self._literal(text[end:])) or "''"

    def pair(self, authorization: str) -> str:
        """Return Basic credentials as ``curl -u`` takes them."""
        pair = authorization.partition(" ")[2]
        names = _PAIR.search(pair)
        if names is None:
            return self.quoted(pair if ":" in pair else f"{pair}:")
        return ":".join(self._half(name) for name in names.groups())

    def _half(self, name: str) -> str:
        variable = environment.variable(name)
        return self._literal("…" if name else "") if variable is None else self._variable(variable)

    def _literal(self, text: str) -> str:
        self.left_out = self.left_out or "…" in text
        return shlex.quote(text) if text else ""

    def _variable(self, name: str) -> str:
        self.used.add(name)
        return f'"${{{name}}}"'


def command(
    method: str, address: str, headers: Iterable[tuple[str, str]], body: str, words: Words, *, host: str = ""
) -> str:
    """Return the command.

    :param address: one word for the shell, quoted already
    :param host: a Host header that curl would not write by itself
    """
    # Without -g curl takes braces and brackets in an address for a pattern.
    arguments = ["curl -gsSi", "--head" if method == "HEAD" else f"-X {shlex.quote(method)}"]
    if host:
        arguments.append(f"-H {words.quoted(f'Host: {host}')}")
    media_type = ""
    for name, value in headers:
        lower = name.lower()
        if lower == "content-type":
            media_type = value.partition(";")[0].strip().lower()
        if lower == "authorization" and value.lower().startswith("basic "):
            arguments.append(f"-u {words.pair(value)}")
        elif lower not in _NOT_REPEATED:
            # Curl leaves a header without a value out, unless it ends with a semicolon.
            arguments.append(f"-H {words.quoted(f'{name}: {value}' if value else f'{name};')}")
    return " \\\n  ".join([*arguments, *_body(body, media_type, words), address])


def comment(text: str) -> str:
    """Return ``text`` as one line of printable ASCII, so that nothing in it can end a comment."""
    return re.sub(r"[^ -~]", "?", text)


def _body(text: str, media_type: str, words: Words) -> Iterator[str]:
    if media_type == _FORM:
        for name, value in parse_qsl(text, keep_blank_values=True):
            yield f"--data-urlencode {words.quoted(f'{quote_plus(name)}={value}')}"
    elif text:
        # Not --data-binary, which would read a file when a body begins with @.
        yield f"--data-raw {words.quoted(text)}"
        if not media_type:
            yield "-H Content-Type:"
