"""The page that says what each message means, made from where the messages are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import Any, Final

import yaml
from tpmock.common import package_data
from tpmock.console.documentation import library
from tpmock.core import hints
from tpmock.segment import reasons

from tests.support import ROOT

_NO_PLANS: Final = "A mock has no tracking plans and no schema settings."
_NO_MAPPINGS: Final = "A mock has no destinations with mappings (Actions)."
#: Codes of Segment that a mock never shows, with the reason.
ONLY_AT_SEGMENT: Final[Mapping[str, str]] = {
    "id_required": "A mock calls it `no_user_anon_id`; Segment's documentation has both.",
    "unknown_source": "A mock calls it `project_not_found`; Segment's documentation has both.",
    "locked_workspace": "A sandbox cannot be locked.",
    **dict.fromkeys(reasons.texts()["source"], _NO_PLANS),
    "UNKNOWN_INTEGRATION": "A mock ignores names in the integrations object that it does not know.",
    "MESSAGE_SENT_CLIENT_SIDE": "A mock has no destinations in device mode.",
    "NO_MATCHING_MAPPING": _NO_MAPPINGS,
    "FILTERED_AT_MAPPING": _NO_MAPPINGS,
    "FILTERED_BY_END_USER_CONSENT": "A mock has no consent management.",
    "FUNCTIONS_LOCK_OUT": "A mock calls a function however often it fails.",
}

PAGE: Final[Path] = ROOT / "mockserver" / "docs" / "troubleshooting.md"

Entry = dict[str, str]


def _read(name: str) -> Any:
    return yaml.safe_load(package_data.path("texts", f"{name}.yaml").read_bytes())


def sections() -> dict[str, list[Entry]]:
    """Return what the page says of single messages."""
    found: dict[str, list[Entry]] = _read("troubleshooting")
    return found


def destination_messages() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the answers of the bundled destination, by chapter and name."""
    file = ROOT / "contracts" / "tpmock" / "destination" / "rules" / "messages.json"
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def codes() -> Mapping[str, str]:
    """Return the codes that a mock shows, with what each means; one may mean something else of a function."""
    found: dict[str, list[str]] = {}
    for group in reasons.texts().values():
        for code, why in group.items():
            found.setdefault(code, []).append(why)
    return {code: " Or: ".join(dict.fromkeys(why)) for code, why in found.items() if code not in ONLY_AT_SEGMENT}


def _only_at_segment() -> Iterator[tuple[str, ...]]:
    for code, reason in ONLY_AT_SEGMENT.items():
        yield f"`{code}`", reasons.sentence(code), reason


def text(entry: Entry) -> str:
    """Return the text of a message, with what differs in braces."""
    return entry["message"] if "message" in entry else hints.texts()[entry["hint"]].strip()


def _shown(message: str) -> str:
    """Return a message as a reader searches for it: an ellipsis where texts differ."""
    parts = (before + ("…" if name is not None else "") for before, name, _, _ in Formatter().parse(message))
    return "".join(parts)


def _cell(words: str) -> str:
    return words.replace("|", "\\|").replace("\n", " ")


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(map(_cell, row)) + " |"
    yield ""


def _single(entries: list[Entry]) -> Iterator[str]:
    for entry in entries:
        yield f"### `{_shown(text(entry))}`"
        yield ""
        yield f"{entry['why']}"
        yield f"**What to do:** {entry['do']}"
        if "page" in entry:
            name, hash_, anchor = entry["page"].partition("#")
            page = library.pages()[name]
            yield f"**More:** [{page.title}]({name}.md{hash_}{anchor})"
        yield ""


def _lines() -> Iterator[str]:
    yield "# Troubleshooting"
    yield ""
    yield "Look up a message by its text: what causes it and what to do."
    yield ""
    yield "Search the page for a few words of the message; … stands for what differs. Messages of the mock are in the"
    yield "header `X-Mock-Hint` of an answer, in the journal (`tpmock journal list --hint`) and in the console. To see"
    yield "why an order was not sent, start with `tpmock trace ORDER`."
    yield ""
    yield "Messages name the page that explains them: beside a hint, the header `Link` with `rel=help` has its address;"
    yield "a command ends its message with `See 'tpmock docs PAGE'`."
    yield ""
    for title, entries in sections().items():
        yield f"## {title}"
        yield ""
        yield from _single(entries)
    yield "## Codes of Segment"
    yield ""
    yield "A delivery or an event has a code when it did not arrive. `tpmock trace ORDER` and the console show it. The"
    yield "code of a batch is in the hint of its answer."
    yield ""
    yield from _table(("code", "means"), ((f"`{code}`", why) for code, why in codes().items()))
    yield "## Codes that only Segment shows"
    yield ""
    yield "Look up here what your workspace at Segment reports. A mock never shows these codes."
    yield ""
    yield from _table(("code", "means", "why not in a mock"), _only_at_segment())
    yield "## Answers of the bundled destination"
    yield ""
    rows = (row for chapter in destination_messages().values() for row in chapter.values())
    answers = ((str(row["status"]), _shown(row["text"]), row["advice"]) for row in rows)
    yield from _table(("status", "message", "what to do"), answers)
    yield "## Other hints"
    yield ""
    yield "Each of these says itself what was wrong or assumed, and what to do."
    yield ""
    named = {entry.get("hint") for entries in sections().values() for entry in entries}
    others = (words.strip() for name, words in hints.texts().items() if name not in named)
    yield from _table(("message",), ((_shown(words),) for words in others))


def page() -> str:
    """Return the page up to date."""
    return "\n".join(_lines()).rstrip() + "\n"
