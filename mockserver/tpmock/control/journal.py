"""The journal of a sandbox: list, show, export and clear its exchanges."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from tpmock.common.moments import parse_iso
from tpmock.control.listing import page_of
from tpmock.control.refusals import refusal
from tpmock.core.problems import invalid
from tpmock.core.responses import Answer, Bindings, Text
from tpmock.journal.exports import curl_script, har_archive
from tpmock.journal.journal import Entry
from tpmock.journal.traces import kinds
from tpmock.sandbox.sandbox import Sandbox

bindings = Bindings()

#: The value of ``status`` for an exchange without an answer.
NO_ANSWER: Final = "none"

Filter = Callable[[Entry], bool]


@bindings.handles("listJournal")
def list_journal(sandbox: Sandbox, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of the matching entries, counted from the newest; a page has the oldest first."""
    found = _found(sandbox, arguments)
    shown = map(sandbox.journal.shown, page_of(found, arguments["skip"], arguments["limit"]))
    return {"journal": [_row(sandbox, entry) for entry in shown], "total": len(found)}


@bindings.handles("exportJournal")
def export_journal(sandbox: Sandbox, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Export the matching entries as an HTTP archive (HAR)."""
    exchanges = [entry for entry in _found(sandbox, arguments) if entry.direction != "note"]
    page = page_of(exchanges, arguments["skip"], arguments["limit"])
    return har_archive(map(sandbox.journal.shown, page))


@bindings.handles("getJournalEntry")
def get_journal_entry(sandbox: Sandbox, entry_id: int) -> dict[str, Any]:
    """Return one entry."""
    return _row(sandbox, _known(sandbox, entry_id))


@bindings.handles("getJournalEntryBodies")
def get_journal_entry_bodies(sandbox: Sandbox, entry_id: int) -> dict[str, str]:
    """Return the bodies of one entry, byte for byte, except for masked secrets."""
    entry = _known(sandbox, entry_id)
    bodies = {"request": entry.request_body, "response": entry.response_body}
    return {name: base64.b64encode(body).decode() for name, body in bodies.items()}


@bindings.handles("getJournalEntryAsCurl")
def get_journal_entry_as_curl(sandbox: Sandbox, entry_id: int) -> Answer:
    """Return one entry as a shell script that repeats the call."""
    entry = _known(sandbox, entry_id)
    if entry.direction == "note":
        raise refusal("unknown-thing", f"Entry {entry_id} is a note of the mock, not a call.")
    return Answer(200, Text(curl_script(entry, sandbox.id, sandbox.credentials)))


@bindings.handles("clearJournal")
def clear_journal(sandbox: Sandbox) -> Answer:
    """Delete all exchanges."""
    with sandbox.lock:
        sandbox.journal.clear()
    return Answer(204)


def _row(sandbox: Sandbox, entry: Entry) -> dict[str, Any]:
    """Return an entry with the number of its order and the sizes of its bodies in bytes."""
    with sandbox.lock:
        trace = sandbox.traces.get(entry.trace) if entry.trace else None
        orders = [] if trace is None else kinds(trace.keys).get("orderId", [])
    return entry.document() | {
        "order": sandbox.journal.masks.text(orders[0]) if orders else None,
        "requestBytes": len(entry.request_body),
        "responseBytes": len(entry.response_body),
    }


def _known(sandbox: Sandbox, entry_id: int) -> Entry:
    with sandbox.lock:
        entry = sandbox.journal.get(entry_id)
    if entry is None:
        sentence = f"The journal has no entry {entry_id}; it keeps the newest {sandbox.journal.ring:,}."
        raise refusal("unknown-thing", sentence)
    return sandbox.journal.shown(entry)


def _found(sandbox: Sandbox, filters: Mapping[str, Any]) -> list[Entry]:
    with sandbox.lock:
        entries = sandbox.journal.entries(filters["since"] or 0)
    # Entries never change, so this search needs no lock.
    for fits in _filters(sandbox, filters):
        entries = list(filter(fits, entries))
    return entries


def _filters(sandbox: Sandbox, filters: Mapping[str, Any]) -> Iterator[Filter]:
    """Return a predicate for each filter of the request."""
    for name, make in _FILTERS.items():
        if filters[name] is not None:
            yield make(filters[name])
    if filters["trace"] is not None:
        yield _of_trace(sandbox, filters["trace"])


def _equal(name: str) -> Callable[[Any], Filter]:
    return lambda wanted: lambda entry: getattr(entry, name) == wanted


def _present(name: str) -> Callable[[Any], Filter]:
    return lambda wanted: lambda entry: (getattr(entry, name) is not None) is wanted


def _status(wanted: str) -> Filter:
    if wanted == NO_ANSWER:
        return lambda entry: entry.status is None and entry.direction != "note"
    if wanted.endswith("xx"):
        return lambda entry: entry.status is not None and str(entry.status)[0] == wanted[0]
    return lambda entry: str(entry.status) == wanted


def _text(text: str) -> Filter:
    sought = text.encode("utf-8", "surrogatepass")
    return lambda entry: sought in entry.request_body or sought in entry.response_body


def _between(begin: float, end: float) -> Filter:
    return lambda entry: begin <= entry.at < end


def _moment(name: str, text: str) -> float:
    moment = parse_iso(text)
    if moment is None:
        raise invalid(f"{name}: {text!r} is not a valid time: write 2026-01-31T13:37:00Z")
    return moment


def _of_trace(sandbox: Sandbox, trace_id: str) -> Filter:
    with sandbox.lock:
        trace = sandbox.traces.get(trace_id)
        # A batch of events belongs to several traces and names none of them.
        entries = set() if trace is None else {step.entry for step in trace.steps}
    return lambda entry: entry.trace == trace_id or entry.id in entries


_FILTERS: Final[Mapping[str, Callable[[Any], Filter]]] = {
    "operation": _equal("operation"),
    "direction": _equal("direction"),
    "status": _status,
    "method": _equal("method"),
    "path": lambda part: lambda entry: part in unquote(urlsplit(entry.url).path),
    "text": _text,
    "hint": _present("hint"),
    "fault": _present("fault"),
    "from_": lambda text: _between(_moment("from", text), math.inf),
    "to": lambda text: _between(-math.inf, _moment("to", text)),
}
