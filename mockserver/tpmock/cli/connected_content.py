"""Braze's Liquid: the tag ``connected_content``, whose calls to Trustpilot go to the mock, with retries and a cache.

The tag works as Braze documents it: responses of GET are cached for five minutes, those of POST only with
``:cache_max_age``, between five minutes and four hours; ``:retry`` retries five times, then the message is aborted.
Waiting happens on the sandbox's clock. Braze does not document the intervals: here one minute, doubled each time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TextIO
from urllib.parse import urlsplit

import requests
from liquid import Environment, Node, RenderContext, Token
from liquid.builtin.filters.string import base64_encode
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG
from tpmock.core.vendor_hosts import is_vendor_host

RETRIES: Final = 5
_MINUTE: Final = 60
_SHORTEST, _LONGEST = 5 * _MINUTE, 240 * _MINUTE
_TIMEOUT: Final = 10
_OPTION: Final = re.compile(r"(?:^|\s):(\w+)")
_PERSONAL: Final = re.compile(r"\$\{(\w+)\}")
_OPTIONS: Final = frozenset(
    {"method", "headers", "body", "content_type", "save", "retry", "cache_max_age", "no_cache"}
)  # fmt: skip


class BrazeError(Exception):
    """A template cannot be rendered, or its message is aborted. The message is for the user."""


class Account(NamedTuple):
    """A sandbox, as Braze uses it.

    :param api: address of the mock, which answers for all of Trustpilot's hosts
    :param now: seconds on the sandbox's clock
    :param wait: advances the clock by seconds
    :param told: called with a line for each call and each wait
    """

    api: str
    now: Callable[[], float]
    wait: Callable[[int], object]
    told: Callable[[str], object]


class Renderer:
    """Renders templates of one workspace, with a shared cache.

    :param session: for the calls
    """

    def __init__(self, account: Account, session: requests.Session) -> None:
        self._account = account
        self._session = session
        self._cache: dict[tuple[str, ...], tuple[float, requests.Response]] = {}
        self._environment = _environment(self.insert)

    def render(self, template: str, known: Mapping[str, Any]) -> str:
        """Render a template.

        :param known: Liquid's variables by name
        :raises BrazeError: when a call is not possible, or the message is aborted
        """
        # Braze's own personalization, ${name}, means a plain name.
        return self._environment.from_string(_PERSONAL.sub(r"\1", template)).render(**known).strip()

    def insert(self, text: str, assign: Callable[[str, Any], object]) -> str:
        """Run a tag, and return its output.

        :param text: the content of the tag, rendered
        :param assign: saves a value under a name
        """
        address, *parts = _OPTION.split(text.strip())
        options = {name: value.strip() for name, value in zip(parts[::2], parts[1::2], strict=True)}
        if unknown := sorted(options.keys() - _OPTIONS):
            raise BrazeError(f"connected_content: tpmock does not know the option :{unknown[0]}.")
        response = self._response(address.strip(), options)
        if "save" not in options:
            return response.text if response.ok else ""
        assign(options["save"], _saved(response))
        return ""

    def _response(self, address: str, options: Mapping[str, str]) -> requests.Response:
        method = options.get("method", "get").upper()
        key = (method, address, options.get("headers", ""), options.get("body", ""))
        life = _life(method, options)
        kept = self._cache.get(key)
        if kept is not None and self._account.now() < kept[0]:
            self._account.told(f"{method} {address}: from the cache")
            return kept[1]
        response = self._tried(method, address, options)
        if response.ok and life:
            self._cache[key] = (self._account.now() + life, response)
        return response

    def _tried(self, method: str, address: str, options: Mapping[str, str]) -> requests.Response:
        response = self.call(method, address, _headers(options), options.get("body"))
        if "retry" not in options:
            return response
        for number in range(RETRIES):
            if response.ok:
                return response
            wait = _MINUTE * 2**number
            self._account.told(f"retry {number + 1} of {RETRIES} after {wait // _MINUTE} min")
            self._account.wait(wait)
            response = self.call(method, address, _headers(options), options.get("body"))
        if not response.ok:
            raise BrazeError(f"The message is aborted: {method} {address} failed {RETRIES + 1} times.")
        return response

    def call(self, method: str, address: str, headers: Mapping[str, str], body: str | None) -> requests.Response:
        """Call a host of Trustpilot, which the mock answers.

        :raises BrazeError: for any other host, and when the connection fails
        """
        parts = urlsplit(address)
        if not is_vendor_host(parts.hostname or ""):
            raise BrazeError(f"{address} is not an address of Trustpilot or Segment; tpmock calls no other host.")
        url = f"{self._account.api}{parts.path}{'?' if parts.query else ''}{parts.query}"
        sent = {**headers, "Host": parts.netloc}
        data = None if body is None else body.encode()
        try:
            response = self._session.request(method, url, headers=sent, data=data, timeout=_TIMEOUT)
        except requests.RequestException as error:
            raise BrazeError(f"{method} {address}: the connection failed ({type(error).__name__}).") from error
        hint = response.headers.get("X-Mock-Hint")
        self._account.told(f"{method} {address}: {response.status_code}{f'. {hint}' if hint else ''}")
        return response


def _life(method: str, options: Mapping[str, str]) -> int:
    """Return the number of seconds for which a response is cached."""
    given = options.get("cache_max_age")
    if "no_cache" in options or (given is None and method != "GET"):
        return 0
    if given is not None and not given.isdecimal():
        raise BrazeError(f"connected_content: :cache_max_age is a number of seconds, not {given!r}.")
    return min(max(int(given or 0), _SHORTEST), _LONGEST)


def _headers(options: Mapping[str, str]) -> dict[str, str]:
    try:
        headers = json.loads(options.get("headers") or "{}")
    except ValueError as error:
        raise BrazeError(f"connected_content: :headers is not valid JSON: {error}.") from None
    if not isinstance(headers, dict):
        raise BrazeError("connected_content: :headers is not a JSON object.")
    kind = options.get("content_type")
    return {**({"Content-Type": kind, "Accept": kind} if kind else {}), **headers}


def _saved(response: requests.Response) -> Any:
    """Return the JSON of a response with the status as a member; its text when it is not valid JSON."""
    try:
        body = response.json()
    except ValueError:
        return response.text
    return {**body, "__http_status_code__": response.status_code} if isinstance(body, dict) else body


def _environment(insert: Callable[[str, Callable[[str, Any], object]], str]) -> Environment:
    environment = Environment()

    class ConnectedContentNode(Node):
        def __init__(self, token: Token, text: str) -> None:
            super().__init__(token)
            self.text = text

        def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
            # The content of the tag is rendered before its options are read.
            text = environment.from_string(self.text).render(**dict(context.globals), **context.locals)
            return buffer.write(insert(text, context.assign))

    class ConnectedContentTag(Tag):
        name = "connected_content"
        block = False

        def parse(self, stream: TokenStream) -> Node:
            token = stream.eat(TOKEN_TAG)
            stream.expect(TOKEN_EXPRESSION)
            return ConnectedContentNode(token, stream.current.value)

    environment.add_tag(ConnectedContentTag)
    environment.add_filter("base64_encode", base64_encode)
    return environment
