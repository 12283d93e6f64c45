"""Braze's ``connected_content`` tag for a real Liquid engine: options after the address, cached answers, JSON saved."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TextIO

import requests
from liquid import Environment, Node, RenderContext, Token
from liquid.builtin.filters.string import base64_encode
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_EXPRESSION, TOKEN_TAG

_OPTION = re.compile(r"(?:^|\s):(\w+)")

#: Seconds since any fixed moment; decides how long a cached answer is good.
Now = Callable[[], float]


class ConnectedContent:
    """What the tag needs: a session, a clock, and where real hosts are answered from here.

    :param base: the address of the mock, in place of every host; the host itself goes along as a header
    """

    def __init__(self, session: requests.Session, base: str, now: Now) -> None:
        self._session = session
        self._base = base
        self._now = now
        self._cache: dict[str, tuple[float, Any]] = {}
        self.calls: list[requests.Response] = []

    def environment(self) -> Environment:
        """A Liquid environment that knows the tag and Braze's filter."""
        environment = Environment()
        fetch = self.fetch

        class ConnectedContentNode(Node):
            def __init__(self, token: Token, text: str) -> None:
                super().__init__(token)
                self.text = text

            def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:  # noqa: ARG002 - Liquid's form
                # Braze renders what stands inside the tag before it reads the options.
                text = environment.from_string(self.text).render(**dict(context.globals), **context.locals)
                name, saved = fetch(text)
                context.assign(name, saved)
                return 0

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

    def fetch(self, text: str) -> tuple[str, Any]:
        """Make the call that ``text`` describes, or take it from the cache; the name to save under, and the JSON."""
        parts = _OPTION.split(text.strip())
        options = {name: value.strip() for name, value in zip(parts[1::2], parts[2::2], strict=True)}
        address, name = parts[0].strip(), options["save"]
        good_for = float(options.get("cache_max_age", "0"))
        made, saved = self._cache.get(address, (float("-inf"), None))
        if self._now() - made < good_for:
            return name, saved
        response = self._call(address, options)
        self.calls.append(response)
        saved = response.json()
        self._cache[address] = (self._now(), saved)
        return name, saved

    def _call(self, address: str, options: dict[str, str]) -> requests.Response:
        host, _, path = address.removeprefix("https://").partition("/")
        headers = {**json.loads(options.get("headers", "{}")), "Host": host}
        method = options.get("method", "get")
        return self._session.request(
            method, f"{self._base}/{path}", headers=headers, data=options.get("body"), timeout=10
        )
