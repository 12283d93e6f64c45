"""Artefacts of the demo from what the mock and the integration answered."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import urlsplit

from tpmock.cli.demo.artefacts import Attempt, Attempts, Funnel, LoginPage, Mail, ReviewCard, SceneResult, Tone
from tpmock.cli.demo.context import DemoContext, Row
from tpmock.console.filters import moment
from tpmock.console.views import counted

#: Steps of Segment's Delivery Overview with their names on its page, and whether an event there is lost.
_FUNNEL: Final[tuple[tuple[str, str, Tone], ...]] = (
    ("successfully-received", "received", "good"),
    ("failed-on-ingest", "refused on ingest", "bad"),
    ("filtered-at-source", "filtered at the source", "warn"),
    ("filtered-at-destination", "filtered at the destination", "warn"),
    ("pending", "waiting for a retry", "warn"),
    ("failed-delivery", "failed", "bad"),
    ("successful-delivery", "delivered", "good"),
)
#: Steps that are shown without events, too.
_ALWAYS: Final = ("successfully-received", "failed-delivery", "successful-delivery")
_SUCCESS: Final = range(200, 300)
#: Headings of a table of attempts.
ATTEMPT: Final = ("At", "Status", "Message", "")


def check_invited_once(context: DemoContext, result: SceneResult, *orders: str) -> None:
    """Check that each order has exactly one invitation."""
    for order in orders:
        found = [row for row in context.invitations(order) if row["type"] == "service"]
        source = f"GET …/invitations?referenceNumber={order}"
        result.note(f"Order {order}: {counted(len(found), 'invitation')}.", ok=len(found) == 1, source=source)


def funnel(context: DemoContext, caption: str) -> Funnel:
    """Return Segment's Delivery Overview of the sandbox."""
    counts: dict[str, int] = context.control_api("GET", "/segment/overview")["since"]
    steps: list[tuple[str, int, Tone]] = [
        (name, counts[step], tone if counts[step] else "calm")
        for step, name, tone in _FUNNEL
        if counts[step] or step in _ALWAYS
    ]
    return Funnel(caption, steps)


def mail(caption: str, letter: Row) -> Mail:
    """Return an email as its recipient sees it, without the notice that the slide has anyway."""
    text = str(letter["text"]).partition("\n\nUnofficial:")[0]
    button = "Write a review" if letter["link"] else ""
    return Mail(caption, letter["from"]["name"], letter["to"]["email"], letter["subject"], text, button)


def review_card(caption: str, public: Row) -> ReviewCard:
    """Return a review as the public API shows it."""
    reply = str((public.get("companyReply") or {}).get("text") or "")
    author = str((public.get("consumer") or {}).get("displayName") or "")
    return ReviewCard(caption, int(public["stars"]), public["title"], public["text"], author, reply)


def attempts(caption: str, rows: list[tuple[str, str, str, str]]) -> Attempts:
    """Return attempts as a timeline; see :func:`attempt_rows`."""
    made = []
    for at, status, message, kind in rows:
        tone: Tone = "good" if status.isdigit() and int(status) in _SUCCESS else "bad"
        made.append(Attempt(at, status, f"{kind}: {message}" if kind else message, tone))
    return Attempts(caption, made)


def attempt_rows(deliveries: list[Row], kind: str = "") -> list[tuple[str, str, str, str]]:
    """Return each attempt of deliveries: when, status, message, and ``kind`` (of a replay: ``replay``)."""
    return [
        (
            moment(one["at"]) if one.get("at") else "",
            str(one["status"] or one["error"]),
            one["message"] or "",
            "replay" if delivery.get("replay") else kind,
        )
        for delivery in deliveries
        for one in delivery["attempts"]
    ]


class _Words(HTMLParser):
    """Collects the words of a page by the element in which they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = {}
        self._open = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = "alert" if given.get("role") == "alert" else tag
        if name in {"h1", "label", "button", "p", "alert"}:
            self._open = name
            self.found.setdefault(name, []).append("")

    def handle_data(self, data: str) -> None:
        if self._open:
            self.found[self._open][-1] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in {"h1", "label", "button", "p"}:
            self._open = ""


def login_page(caption: str, url: str, html: str) -> LoginPage:
    """Return a login page by the words that stand on it.

    :param url: of the page
    :param html: the page as it was answered
    """
    words = _Words()
    words.feed(html)
    found: dict[str, list[str]] = {
        name: [" ".join(text.split()) for text in texts] for name, texts in words.found.items()
    }
    asks = next((text for text in found.get("p", []) if "asks for access" in text), "")
    parts = urlsplit(url)
    return LoginPage(
        caption,
        f"{parts.scheme}://{parts.netloc}{parts.path}",
        *(next(iter(found.get("h1", [])), ""), asks),
        found.get("label", []),
        found.get("button", []),
        next(iter(found.get("alert", [])), ""),
    )


def leaves(value: Any, place: str = "") -> list[tuple[str, Any]]:
    """Return the values of a JSON document with their places, such as ``properties.email``."""
    if isinstance(value, dict):
        return [leaf for name, part in value.items() for leaf in leaves(part, f"{place}.{name}".strip("."))]
    if isinstance(value, list):
        return [leaf for number, part in enumerate(value) for leaf in leaves(part, f"{place}.{number}")]
    return [(place, value)]
