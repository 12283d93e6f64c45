"""The journal of a sandbox: what went in and out, found again, shown, and taken elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from mockserver import __version__, curl, har
from mockserver.answers import Answer, Bindings, Text
from mockserver.clock import parse_iso
from mockserver.journal import Entry
from mockserver.problems import Problem
from mockserver.sandbox import Sandbox

bindings = Bindings()

#: What ``status`` says for an exchange that got no answer.
NO_ANSWER: Final = "none"

Wanted = Callable[[Entry], bool]


@bindings.handles("listJournal")
def list_journal(sandbox: Sandbox, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A page of the entries that fit, counted from the newest; within the page the oldest comes first."""
    found = _found(sandbox, arguments)
    shown = map(sandbox.journal.shown, _page(found, arguments))
    return {"journal": [entry.document() for entry in shown], "total": len(found)}


@bindings.handles("exportJournal")
def export_journal(sandbox: Sandbox, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The same entries as an HTTP archive."""
    exchanges = [entry for entry in _found(sandbox, arguments) if entry.direction != "note"]
    return har.document(map(sandbox.journal.shown, _page(exchanges, arguments)), __version__)


@bindings.handles("getJournalEntry")
def get_journal_entry(sandbox: Sandbox, entry_id: int) -> dict[str, Any]:
    """One entry."""
    return _known(sandbox, entry_id).document()


@bindings.handles("getJournalEntryAsCurl")
def get_journal_entry_as_curl(sandbox: Sandbox, entry_id: int) -> Answer:
    """One entry as a script that makes the call again."""
    entry = _known(sandbox, entry_id)
    if entry.direction == "note":
        raise _unknown(f"Entry {entry_id} is a remark of the mock itself, no call.")
    return Answer(200, Text(curl.script(entry, sandbox.id, sandbox.credentials)))


@bindings.handles("clearJournal")
def clear_journal(sandbox: Sandbox) -> Answer:
    """Forget the exchanges."""
    with sandbox.lock:
        sandbox.journal.clear()
    return Answer(204)


def _page(found: list[Entry], arguments: Mapping[str, Any]) -> list[Entry]:
    end = max(0, len(found) - arguments["skip"])
    return found[max(0, end - arguments["limit"]) : end]


def _known(sandbox: Sandbox, entry_id: int) -> Entry:
    with sandbox.lock:
        entry = sandbox.journal.get(entry_id)
    if entry is None:
        raise _unknown(f"The journal has no entry {entry_id}; it keeps the newest {sandbox.journal.ring:,}.")
    return sandbox.journal.shown(entry)


def _unknown(sentence: str) -> Problem:
    return Problem("unknown-thing", hint=sentence, detail=sentence)


def _found(sandbox: Sandbox, filters: Mapping[str, Any]) -> list[Entry]:
    with sandbox.lock:
        entries = sandbox.journal.entries(filters["since"] or 0)
    # Entries never change, so looking through them keeps nobody waiting.
    for fits in _wanted(sandbox, filters):
        entries = list(filter(fits, entries))
    return entries


def _wanted(sandbox: Sandbox, filters: Mapping[str, Any]) -> Iterator[Wanted]:
    """A question to an entry for each filter that was given."""
    for name, make in _FILTERS.items():
        if filters[name] is not None:
            yield make(filters[name])
    if filters["trace"] is not None:
        yield _of_trace(sandbox, filters["trace"])


def _equal(name: str) -> Callable[[Any], Wanted]:
    return lambda wanted: lambda entry: getattr(entry, name) == wanted


def _present(name: str) -> Callable[[Any], Wanted]:
    return lambda wanted: lambda entry: (getattr(entry, name) is not None) is wanted


def _status(wanted: str) -> Wanted:
    if wanted == NO_ANSWER:
        return lambda entry: entry.status is None and entry.direction != "note"
    if wanted.endswith("xx"):
        return lambda entry: entry.status is not None and str(entry.status)[0] == wanted[0]
    return lambda entry: str(entry.status) == wanted


def _path(part: str) -> Wanted:
    return lambda entry: part in unquote(urlsplit(entry.url).path)


def _text(text: str) -> Wanted:
    sought = text.encode("utf-8", "surrogatepass")
    return lambda entry: sought in entry.request_body or sought in entry.response_body


def _from(text: str) -> Wanted:
    begin = _moment("from", text)
    return lambda entry: entry.at >= begin


def _to(text: str) -> Wanted:
    end = _moment("to", text)
    return lambda entry: entry.at < end


def _moment(name: str, text: str) -> float:
    moment = parse_iso(text)
    if moment is None:
        sentence = f"{name}: {text!r} is no moment: write 2026-01-31T13:37:00Z"
        raise Problem("invalid-request", hint=sentence, detail=sentence)
    return moment


def _of_trace(sandbox: Sandbox, trace_id: str) -> Wanted:
    with sandbox.lock:
        trace = sandbox.traces.get(trace_id)
        # A batch of events belongs to several traces, and names none of them.
        entries = set() if trace is None else {step.entry for step in trace.steps}
    return lambda entry: entry.trace == trace_id or entry.id in entries


_FILTERS: Final[Mapping[str, Callable[[Any], Wanted]]] = {
    "operation": _equal("operation"),
    "direction": _equal("direction"),
    "status": _status,
    "method": _equal("method"),
    "path": _path,
    "text": _text,
    "hint": _present("hint"),
    "fault": _present("fault"),
    "from_": _from,
    "to": _to,
}
