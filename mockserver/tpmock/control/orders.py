"""Orders of a sandbox, one row each, for a table: buyer, source, state and reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from tpmock.common.moments import iso_milliseconds
from tpmock.control import order_states, trace_story
from tpmock.control.order_states import state_of
from tpmock.core.responses import Bindings
from tpmock.journal.masking import Masks
from tpmock.journal.traces import Trace, kinds
from tpmock.sandbox.sandbox import Sandbox
from tpmock.segment.model import Event
from tpmock.trustpilot import invitation_life

bindings = Bindings()

Row = dict[str, Any]


class Buyer(NamedTuple):
    """Address and name of the person of an order, each None if unknown."""

    email: str | None
    name: str | None


#: Seconds that the chart of an answer covers, and the number of its parts.
_HOUR: Final = 3600.0
_PARTS: Final = 30
#: Objects of a message that may hold the buyer, in the order in which destinations look.
_PLACES: Final = (("properties",), ("context", "traits"), ("traits",), ("properties", "customer"))
#: Members of such an object that hold the name, or a part of it.
_FIRST: Final = ("firstName", "first_name")
_LAST: Final = ("surname", "lastName", "last_name")
_NAMES: Final = frozenset({"name", *_FIRST, *_LAST})


@bindings.handles("listOrders")
def list_orders(sandbox: Sandbox, q: str | None, trace: str | None, state: str | None, limit: int, skip: int) -> Row:
    """Return a page of the matching orders, newest first, with the number in each state and in the last hour."""
    with sandbox.lock:
        found = matching(sandbox, q) if q else sandbox.traces.newest()
        if trace is not None:
            found = [one for one in found if one.id == trace]
        states = {one.id: sandbox.traces.computed(one, state_of) for one in found}
        counts = Counter(states.values())
        wanted = [one for one in found if state in (None, states[one.id])]
        page = wanted[skip : skip + limit]
        return {
            "orders": rows(sandbox, page),
            "total": len(wanted),
            "kept": len(found),
            "dropped": sandbox.memory.dropped().get("traces", 0),
            "counts": {name: counts[name] for name in order_states.STATES},
            "lastHour": _last_hour(sandbox.clock.now(), found, states),
        }


def matching(sandbox: Sandbox, words: str) -> list[Trace]:
    """Return the traces of which a key, the buyer's address or the buyer's name contains ``words``, newest first.

    Called under the sandbox's lock. Upper and lower case do not matter.
    """
    sought = words.casefold()
    traces = sandbox.traces.newest()
    found = _bought_by(sandbox, sought)
    return [trace for trace in traces if trace.id in found or _is_named(trace, sought)]


def rows(sandbox: Sandbox, traces: Sequence[Trace]) -> list[Row]:
    """Return the rows of some orders. Called under the sandbox's lock."""
    ids = {trace.id for trace in traces}
    events = _events(sandbox, ids)
    buyers = _buyers(sandbox, ids)
    masks = sandbox.journal.masks
    return [
        _row(
            trace,
            buyers.get(trace.id),
            events.get(trace.id),
            sandbox.traces.computed(trace, state_of),
            masks,
        )
        for trace in traces
    ]


def buyer_of(message: Any) -> Buyer:
    """Return the person in a message of Segment."""
    address = name = None
    for place in _PLACES:
        part = message
        for member in place:
            part = part.get(member) if isinstance(part, dict) else None
        if isinstance(part, dict):
            address = address or _text(part.get("email"))
            name = name or _name(part)
            if address and name:
                break
    return Buyer(address, name)


def _row(trace: Trace, buyer: Buyer | None, event: Event | None, state: str, masks: Masks) -> Row:
    keys = kinds(trace.keys)
    steps = trace.in_order()
    stars = [step.facts[2] for step in steps if step.what in ("review-written", "review-revised")]
    return {
        "trace": trace.id,
        "began": iso_milliseconds(trace.began),
        "orderIds": list(map(masks.text, keys.get("orderId", []))),
        "messageIds": list(map(masks.text, keys.get("messageId", []))),
        "event": None if event is None else _event_name(event),
        "source": None if event is None else event.source,
        "email": buyer and buyer.email,
        "name": buyer and buyer.name,
        "state": state,
        "reason": masks.text(trace_story.outcome(trace)),
        "stars": stars[-1] if stars else None,
        "deliveries": sum(step.what == "post" and step.facts[0] == "deliver" for step in steps),
        "calls": sum(step.what == "call" for step in steps) - sum(step.what.startswith("event-") for step in steps),
    }


def _event_name(event: Event) -> str | None:
    name = event.message.get("event")
    return name if isinstance(name, str) else _text(event.message.get("type"))


def _events(sandbox: Sandbox, traces: Collection[str]) -> dict[str, Event]:
    """Return the first event of each trace, while it is kept."""
    found: dict[str, Event] = {}
    for event in sandbox.workspace.events.values():
        if event.trace in traces:
            found.setdefault(event.trace, event)
    return found


def _buyers(sandbox: Sandbox, traces: Collection[str]) -> dict[str, Buyer]:
    """Return the buyers of some traces: as the last invitation names them, else as the first event does."""
    found: dict[str, Buyer] = {}
    for mail in sandbox.world.invitations.values():
        if mail.trace is not None and mail.trace in traces:
            person = invitation_life.addressee(mail)
            found[mail.trace] = Buyer(person.email, person.name)
    for event in sandbox.workspace.events.values():
        if event.trace in traces and event.trace not in found:
            found[event.trace] = buyer_of(event.message)
    return found


def _bought_by(sandbox: Sandbox, sought: str) -> set[str]:
    """Return the traces whose buyer's address or name contains ``sought``, which is case-folded.

    It reads little of what cannot contain it: ten thousand invitations and events are searched while a page loads.
    """
    seen, maybe = set[str](), set[str]()
    for mail in sandbox.world.invitations.values():
        if mail.trace is not None:
            seen.add(mail.trace)
            if invitation_life.may_contain(mail, sought):
                maybe.add(mail.trace)
    for event in sandbox.workspace.events.values():
        if event.trace not in seen and sandbox.traces.get(event.trace) is not None:
            seen.add(event.trace)
            if _names(buyer_of(event.message), sought):
                maybe.add(event.trace)
    return {trace for trace, buyer in _buyers(sandbox, maybe).items() if _names(buyer, sought)}


def _is_named(trace: Trace, sought: str) -> bool:
    # All keys at once first: few traces contain the words.
    return sought in "\n".join(trace.keys).casefold() and any(
        sought in key.partition(":")[2].casefold() for key in trace.keys
    )


def _names(buyer: Buyer, sought: str) -> bool:
    return any(sought in text.casefold() for text in buyer if text)


def _last_hour(now: float, traces: Iterable[Trace], states: Mapping[str, str]) -> list[Row]:
    """Return the numbers of orders by state, in equal parts of the last hour, oldest first."""
    parts = [Counter[str]() for _ in range(_PARTS)]
    begin = now - _HOUR
    for trace in traces:
        if trace.began >= begin:
            parts[min(int((trace.began - begin) * _PARTS / _HOUR), _PARTS - 1)][states[trace.id]] += 1
    return [
        {"from": iso_milliseconds(begin + number * _HOUR / _PARTS), "counts": dict(part)}
        for number, part in enumerate(parts)
    ]


def _name(person: Mapping[str, Any]) -> str | None:
    if person.keys().isdisjoint(_NAMES):
        return None
    whole = _text(person.get("name"))
    last = next(filter(None, (_text(person.get(name)) for name in _LAST)), None)
    first = next(filter(None, (_text(person.get(name)) for name in _FIRST)), None)
    return " ".join(filter(None, (whole or first, last))) or None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
