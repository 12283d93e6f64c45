"""Renders pages as HTML. HTML in the Markdown text is escaped; comments, which mark generated parts, are removed."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from tpmock.console.documentation import library

#: Levels of the headings in the contents of a page.
_LISTED: Final = ("h2", "h3")
Env = MutableMapping[str, Any]


@dataclass(slots=True)
class Rendered:
    """A page as HTML.

    :ivar contents: level, anchor and text of each heading below the title
    """

    html: str = ""
    contents: list[tuple[int, str, str]] = field(default_factory=list)


class _Renderer(RendererHTML):
    """Markdown renderer for the console's style and its content security policy.

    The rules of one page share ``env``: ``page`` is its name, ``anchors`` names its headings, ``code`` counts its
    blocks of code, and ``contents`` collects its headings.
    """

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Env) -> str:
        """Give each heading an anchor, as code hosts do."""
        token, heading = tokens[idx], library.plain(tokens[idx + 1].content)
        anchor = env["anchors"].of(heading)
        token.attrSet("id", anchor)
        if token.tag in _LISTED:
            env["contents"].append((int(token.tag[1]), anchor, heading))
        return self.renderToken(tokens, idx, options, env)

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Env) -> str:
        """Add a link to the heading itself."""
        if tokens[idx].tag not in _LISTED:
            return self.renderToken(tokens, idx, options, env)
        anchor = tokens[idx - 2].attrGet("id")
        text = escape(library.plain(tokens[idx - 1].content))
        return f' <a class="anchor" href="#{anchor}" aria-label="Link to {text}">#</a></{tokens[idx].tag}>\n'

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Env) -> str:
        """Replace a link by the address of the page on a mock."""
        token = tokens[idx]
        target = str(token.attrGet("href"))
        if urlsplit(target).scheme or target.startswith("/"):
            token.attrSet("rel", "noreferrer")
        elif (resolved := library.resolve(env["page"], target)) is not None:
            token.attrSet("href", resolved)
        else:
            # Only its text remains, because the target is unknown.
            token.attrs = {"title": f"In the repository: {target}"}
        return self.renderToken(tokens, idx, options, env)

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Env) -> str:
        """Show a picture of the documentation; show only the text of a picture from another site."""
        token = tokens[idx]
        resolved = library.resolve(env["page"], str(token.attrGet("src")))
        words = self.renderInlineAsText(token.children, options, env)
        if resolved is None or urlsplit(resolved).scheme:
            return escape(words)
        return f'<img src="{escape(resolved)}" alt="{escape(words)}" loading="lazy">'

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Env) -> str:  # noqa: ARG002
        """Show code with a button that copies it; a script makes the button visible."""
        env["code"] = number = env["code"] + 1
        return (
            f'<div class="code"><pre id="code-{number}" tabindex="0" aria-label="Code {number}" role="region">'
            f"<code>{escape(tokens[idx].content)}</code></pre>"
            f'<button type="button" data-copy="code-{number}" aria-label="Copy code {number}" hidden>Copy</button>'
            "</div>\n"
        )

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Env) -> str:
        """Show indented code like fenced code."""
        return self.fence(tokens, idx, options, env)

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Env) -> str:  # noqa: ARG002
        """Put a wide table into a scrollable frame."""
        env["tables"] += 1
        return f'<div class="scroll" tabindex="0" role="region" aria-label="Table {env["tables"]}"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Env) -> str:  # noqa: ARG002
        """End the frame."""
        return "</table></div>\n"

    def html_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Env) -> str:  # noqa: ARG002
        """Escape HTML; remove comments."""
        text = tokens[idx].content
        return "" if text.lstrip().startswith("<!--") else escape(text)

    html_inline = html_block


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}, renderer_cls=_Renderer).enable("table")


def render(name: str, text: str) -> Rendered:
    """Return a page as HTML.

    :param name: of the page, for its relative links
    :param text: in Markdown
    """
    rendered = Rendered()
    env: Env = {
        "page": name,
        "anchors": library.Anchors(),
        "code": 0,
        "tables": 0,
        "contents": rendered.contents,
    }
    rendered.html = _markdown().render(text, env)
    return rendered
