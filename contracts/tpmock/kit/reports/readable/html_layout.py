"""Layout of the HTML pages: they load nothing, run nothing, and their policy allows one style sheet."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path


def page(title: str, body: Iterable[str]) -> str:
    """Return a whole page.

    :param title: plain text
    :param body: lines of HTML
    """
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    lines = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{escape(title)}</title>",
        # No byte between the tags and the text: the policy holds the digest of the text.
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        *body,
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def badge(result: str, word: str = "") -> str:
    """Return a result in its color; the word alone says it as well."""
    return f'<span class="result {escape(result)}">{escape(word or result)}</span>'


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table. On a narrow screen it is moved sideways, by keyboard too.

    :param columns: plain texts
    :param rows: cells as HTML
    """
    heads = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    label = escape(", ".join(columns))
    return [
        f'<div class="wide" tabindex="0" role="group" aria-label="{label}"><table>',
        f"<thead><tr>{heads}</tr></thead>",
        "<tbody>",
        *("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows),
        "</tbody></table></div>",
    ]
