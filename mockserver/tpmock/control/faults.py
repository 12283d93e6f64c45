"""Faults of the control API, in one-line syntax or as members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from tpmock.common.durations import seconds
from tpmock.common.moments import iso_milliseconds
from tpmock.control.refusals import refusal
from tpmock.core.json_text import members
from tpmock.core.problems import invalid
from tpmock.core.responses import Answer, Bindings
from tpmock.faults import KINDS, Effect, Fault, Faults, Kind, Match, Script, effects, grammar, names
from tpmock.faults.grammar import parse, write
from tpmock.faults.model import FAULTS, TooManyFaultsError, as_text
from tpmock.faults.validation import checked
from tpmock.trustpilot.world import World

bindings = Bindings()

Json = dict[str, Any]

#: Members that describe the effect, with their names in :class:`Effect`.
_EFFECT: Final[Mapping[str, str]] = {
    **{name: name for name in ("status", "when", "shape", "delay", "hold")},
    "retryAfter": "retry_after",
    "bytesPerSecond": "rate",
}
_DURATIONS: Final = ("delay", "hold", "for")


def document(fault: Fault) -> Json:
    """Return a fault as the control API shows it."""
    script, match, effect = fault.script, fault.script.match, fault.script.effect
    return {
        "id": fault.id,
        "fault": write(script),
        **members(match, "operations", "method", "path", "nth"),
        "body": dict(match.body),
        "headers": dict(match.headers),
        "effect": effect.kind,
        **members(effect, "status", "shape", "retry_after", "when"),
        "delay": _iso(effect.delay),
        "hold": _iso(effect.hold),
        "bytesPerSecond": effect.rate or None,
        **members(script, "count", "probability"),
        **members(fault, "expires_at", "struck", "remaining", moment=iso_milliseconds),
    }


def _iso(length: float) -> str | None:
    return f"PT{effects.number(length)}S" if length else None


@bindings.handles("listFaultKinds")
def list_fault_kinds() -> Json:
    """List the kinds, targets and modifiers of faults."""
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
    words = [{"word": word, "meaning": meaning} for word, meaning in grammar.modifiers().items()]
    return {"faultKinds": kinds, "words": words, "total": len(kinds)}


def _amount(kind: Kind) -> str | None:
    if kind.takes == "duration":
        return "delay" if kind.name == "delay" else "hold"
    return "bytesPerSecond" if kind.takes == "rate" else "status" if kind.name == "status" else None


@bindings.handles("listFaults")
def list_faults(world: World, faults: Faults) -> Json:
    """List the active faults."""
    rows = [document(fault) for fault in faults.armed(world.now())]
    return {"faults": rows, "total": len(rows)}


@bindings.handles("createFault")
def create_fault(world: World, faults: Faults, body: Json) -> Answer:
    """Add a fault, or only return its line."""
    given = {name: value for name, value in body.items() if name != "dryRun"}
    try:
        script = _script(given)
        if body.get("dryRun", False):
            return Answer(200, {"fault": write(script)})
        return Answer(201, document(faults.arm(script, world.now())))
    except ValueError as error:
        raise invalid(str(error)) from None
    except TooManyFaultsError:
        sentence = f"{FAULTS:,} faults are active, which is the maximum. Remove some: DELETE .../faults."
        raise refusal("too-many-faults", sentence) from None


@bindings.handles("deleteFault")
def delete_fault(faults: Faults, fault_id: int) -> Answer:
    """Remove a fault."""
    if faults.disarm(fault_id):
        return Answer(204)
    raise refusal("unknown-thing", f"No fault {fault_id} is active. A fault is removed after its last hit.")


@bindings.handles("clearFaults")
def clear_faults(faults: Faults) -> Answer:
    """Remove all faults."""
    faults.clear()
    return Answer(204)


def _script(body: Json) -> Script:
    """Return the fault that a request describes.

    :raises ValueError: with an error message, when it is not valid
    """
    if "fault" in body:
        if len(body) > 1:
            raise ValueError("fault: give either a line or the other members, not both")
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
    changes = {own: given[member] for member, own in _EFFECT.items() if member in given}
    return replace(effects.usual(kind), **changes)
