"""Faults: armed by the control API, in one line or member by member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from mockserver.answers import Answer, Bindings
from mockserver.clock import iso_milliseconds, seconds
from mockserver.faults import KINDS, Effect, Fault, Kind, Match, Script, effects, grammar, names
from mockserver.faults.checks import checked
from mockserver.faults.grammar import parse, write
from mockserver.faults.matching import as_text
from mockserver.problems import Problem
from mockserver.sandbox import Sandbox

bindings = Bindings()

Json = dict[str, Any]

#: Members that say what goes wrong, and what they are of an effect.
_EFFECT: Final[Mapping[str, str]] = {
    "when": "when",
    "shape": "shape",
    "retryAfter": "retry_after",
    "delay": "delay",
    "hold": "hold",
    "bytesPerSecond": "rate",
}
_DURATIONS: Final = ("delay", "hold", "for")


def _invalid(sentence: str) -> Problem:
    return Problem("invalid-request", hint=sentence, detail=sentence)


def document(fault: Fault) -> Json:
    """A fault as the control API shows it."""
    script, match, effect = fault.script, fault.script.match, fault.script.effect
    return {
        "id": fault.id,
        "fault": write(script),
        "operations": list(match.operations),
        "method": match.method,
        "path": match.path,
        "body": dict(match.body),
        "headers": dict(match.headers),
        "nth": match.nth,
        "effect": effect.kind,
        "status": effect.status,
        "shape": effect.shape,
        "retryAfter": effect.retry_after,
        "delay": _iso(effect.delay),
        "hold": _iso(effect.hold),
        "bytesPerSecond": effect.rate or None,
        "when": effect.when,
        "count": script.count,
        "probability": script.probability,
        "expiresAt": None if fault.expires_at is None else iso_milliseconds(fault.expires_at),
        "struck": fault.struck,
        "remaining": fault.remaining,
    }


def _iso(length: float) -> str | None:
    return f"PT{effects.number(length)}S" if length else None


@bindings.handles("listFaultKinds")
def list_fault_kinds() -> Json:
    """What a fault is made of."""
    kinds = [
        {
            "effect": kind.name,
            "example": grammar.example(kind),
            "meaning": kind.meaning,
            "strikes": list(kind.rooms),
            "when": list(kind.whens),
            "amount": _amount(kind),
        }
        for kind in KINDS.values()
    ]
    words = [{"word": word, "meaning": meaning} for word, meaning in grammar.MODIFIERS.items()]
    return {"faultKinds": kinds, "words": words, "total": len(kinds)}


def _amount(kind: Kind) -> str | None:
    if kind.takes == "duration":
        return "delay" if kind.name == "delay" else "hold"
    return "bytesPerSecond" if kind.takes == "rate" else "status" if kind.name == "status" else None


@bindings.handles("listFaults")
def list_faults(sandbox: Sandbox) -> Json:
    """Those that can still strike."""
    with sandbox.lock:
        rows = [document(fault) for fault in sandbox.faults.armed(sandbox.clock.now())]
    return {"faults": rows, "total": len(rows)}


@bindings.handles("createFault")
def create_fault(sandbox: Sandbox, body: Json) -> Answer:
    """Arm one."""
    try:
        script = _script(body)
    except ValueError as error:
        raise _invalid(str(error)) from None
    with sandbox.lock:
        return Answer(201, document(sandbox.faults.arm(script, sandbox.clock.now())))


@bindings.handles("deleteFault")
def delete_fault(sandbox: Sandbox, fault_id: int) -> Answer:
    """Disarm one."""
    with sandbox.lock:
        if sandbox.faults.disarm(fault_id):
            return Answer(204)
    sentence = f"No fault {fault_id} is armed; one that has struck often enough is gone by itself."
    raise Problem("unknown-thing", hint=sentence, detail=sentence)


@bindings.handles("clearFaults")
def clear_faults(sandbox: Sandbox) -> Answer:
    """Disarm all."""
    with sandbox.lock:
        sandbox.faults.clear()
    return Answer(204)


def _script(body: Json) -> Script:
    """What a request tells.

    :raises ValueError: with a sentence
    """
    if "fault" in body:
        if len(body) > 1:
            raise ValueError("fault: a line says everything; leave the other members out, or the line")
        try:
            return parse(body["fault"])
        except ValueError as error:
            raise ValueError(f"fault: {error}") from None
    given = body | {name: _duration(name, body[name]) for name in _DURATIONS if name in body}
    unending = "for" in given or "probability" in given
    return checked(
        Script(
            match=_match(given),
            effect=_effect(given),
            count=given.get("count", None if unending else 1),
            probability=effects.exact(given.get("probability", 1.0), 8),
            lasts=given.get("for"),
        )
    )


def _duration(name: str, text: str) -> float:
    try:
        return effects.exact(seconds(text))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _match(given: Json) -> Match:
    named = [*([given["operation"]] if "operation" in given else []), *given.get("operations", ())]
    if not named and "path" not in given and "method" not in given:
        raise ValueError("a fault needs an operation, a path or a method: which calls does it strike?")
    try:
        operations = tuple(dict.fromkeys(names.operation(name) for name in named if name != "any"))
    except ValueError as error:
        raise ValueError(f"operation: {error}") from None
    return Match(
        operations=operations,
        method=given.get("method"),
        path=given.get("path"),
        body=tuple((path, _plain(path, value)) for path, value in given.get("body", {}).items()),
        headers=tuple(given.get("headers", {}).items()),
        nth=given.get("nth", 1),
    )


def _plain(path: str, value: Any) -> str:
    text = as_text(value)
    if text is None:
        raise ValueError(f"body: {path} is compared with a text, a number, true or false")
    return text


def _effect(given: Json) -> Effect:
    kind = given.get("effect") or ("status" if "status" in given else "delay" if "delay" in given else None)
    if kind is None:
        raise ValueError(f"a fault needs an effect: a status, a delay, or one of {', '.join(KINDS)}")
    if kind not in KINDS:
        raise ValueError(f"effect: there is no {kind!r}{names.nearest(kind, KINDS)}; there are {', '.join(KINDS)}")
    told = {own: given[member] for member, own in _EFFECT.items() if member in given}
    if "status" in given:
        told["status"] = given["status"]
    return replace(effects.usual(kind), **told)
