"""Sandboxes, their clocks and variants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mockserver import hints
from mockserver.answers import Answer, Bindings
from mockserver.clock import LATEST, iso_milliseconds, parse_iso, seconds
from mockserver.journal import RING
from mockserver.masking import mask
from mockserver.meter import CEILINGS
from mockserver.problems import Problem
from mockserver.sandbox import DEFAULT, Sandbox, variants
from mockserver.sandboxes import Sandboxes

bindings = Bindings()

#: Real seconds for which a call may be kept waiting.
LONGEST_SETTLE: Final = 60.0


def _invalid(sentence: str) -> Problem:
    return Problem("invalid-request", hint=sentence, detail=sentence)


def _seconds(name: str, text: str, longest: float | None = None) -> float:
    try:
        value = seconds(text)
    except ValueError as error:
        raise _invalid(f"{name}: {error}") from None
    if longest is not None and value > longest:
        raise _invalid(f"{name}: {text} is longer than {longest:.0f} s, the most that is allowed here")
    return value


def _moment(name: str, text: str) -> float:
    moment = parse_iso(text)
    if moment is None or not 0 <= moment <= LATEST:
        raise _invalid(f"{name}: {text!r} is no moment between 1970 and 8999: write 2026-01-31T12:00:00Z")
    return moment


def _checked_switches(switches: Mapping[str, str]) -> Mapping[str, str]:
    known = variants()
    for name, value in switches.items():
        if name not in known:
            raise _invalid(f"there is no variant {name!r}; there are {', '.join(sorted(known))}")
        if value not in known[name].values:
            raise _invalid(f"variant {name} is one of {', '.join(known[name].values)}, not {value!r}")
    return switches


def document(sandbox: Sandbox, base_url: str) -> dict[str, Any]:
    """A sandbox with credentials and addresses.

    :param base_url: where the caller reached this program
    """
    names = ("mock", "trustpilot", "invitations", "authenticate", "segment", "segmentPublicApi")
    return {
        "id": sandbox.id,
        "seed": sandbox.seed,
        "world": sandbox.world_name,
        "createdAt": iso_milliseconds(sandbox.created_at),
        "now": iso_milliseconds(sandbox.clock.now()),
        "credentials": dict(sandbox.credentials),
        "urls": dict.fromkeys(names, base_url),
        "variants": dict(sandbox.variants),
    }


@bindings.handles("listSandboxes")
def list_sandboxes(sandboxes: Sandboxes, api_url: str) -> dict[str, Any]:
    """All, oldest first."""
    rows = [document(sandbox, api_url) for sandbox in sandboxes.all()]
    return {"sandboxes": rows, "total": len(rows)}


@bindings.handles("createSandbox")
def create_sandbox(sandboxes: Sandboxes, body: dict[str, Any], api_url: str) -> Answer:
    """A universe of its own."""
    switches = _checked_switches(body.get("variants", {}))
    world = body.get("world", DEFAULT)
    if world not in sandboxes.worlds:
        raise _invalid(f"world: there is no {world!r}; there are {', '.join(sandboxes.worlds)}")
    try:
        sandbox = sandboxes.create(
            body.get("id"),
            body.get("seed", 0),
            world,
            switches,
            journal=body.get("journal", RING),
            begins=None if "time" not in body else _moment("time", body["time"]),
        )
    except KeyError:
        raise Problem("sandbox-exists", hint="Choose another id, or leave it out.") from None
    if not sandbox.displaced:
        return Answer(201, document(sandbox, api_url))
    sentence = hints.sandboxes_removed(sandbox.displaced, sandbox.id)
    default = sandboxes.default
    with default.lock:
        default.journal.remark(default.clock.now(), sentence)
    return Answer(201, document(sandbox, api_url), hint=sentence)


@bindings.handles("getSandbox")
def get_sandbox(sandbox: Sandbox, api_url: str) -> dict[str, Any]:
    """One."""
    return document(sandbox, api_url)


@bindings.handles("deleteSandbox")
def delete_sandbox(sandboxes: Sandboxes, sandbox: Sandbox) -> Answer:
    """Remove it; its credentials are unknown from now on."""
    if sandbox.id == DEFAULT:
        raise Problem("default-sandbox-stays", hint="Reset it instead.")
    sandboxes.delete(sandbox)
    return Answer(204)


@bindings.handles("resetSandbox")
def reset_sandbox(sandbox: Sandbox, api_url: str) -> dict[str, Any]:
    """Back to the seed."""
    sandbox.reset()
    return document(sandbox, api_url)


def _clock(sandbox: Sandbox) -> dict[str, Any]:
    with sandbox.lock:
        due = sandbox.timeline.next
        return {
            "now": iso_milliseconds(sandbox.clock.now()),
            "frozen": sandbox.clock.frozen,
            "nextDue": None if due is None else iso_milliseconds(due),
        }


@bindings.handles("getClock")
def get_clock(sandbox: Sandbox) -> dict[str, Any]:
    """The time there."""
    return _clock(sandbox)


@bindings.handles("advanceClock")
def advance_clock(sandbox: Sandbox, body: dict[str, str]) -> dict[str, Any]:
    """Let time pass."""
    try:
        performed = sandbox.time.advance(_seconds("by", body["by"]))
    except OverflowError:
        raise _invalid("by: the calendar of this program ends with the year 8999") from None
    return _clock(sandbox) | {"performed": performed}


@bindings.handles("freezeClock")
def freeze_clock(sandbox: Sandbox) -> dict[str, Any]:
    """Let time stand still."""
    with sandbox.lock:
        sandbox.clock.freeze()
    return _clock(sandbox)


@bindings.handles("resumeClock")
def resume_clock(sandbox: Sandbox) -> dict[str, Any]:
    """Let time run on."""
    with sandbox.lock:
        sandbox.clock.resume()
    sandbox.time.perform_due()
    return _clock(sandbox)


@bindings.handles("listTimeline")
def list_timeline(sandbox: Sandbox, act: str | None, limit: int) -> dict[str, Any]:
    """What is due, the next first."""
    with sandbox.lock:
        dues = [due for due in sandbox.timeline.upcoming() if act in (None, due.act)]
    rows = [{"at": iso_milliseconds(due.moment), "act": due.act, "subject": due.subject} for due in dues[:limit]]
    return {"timeline": rows, "total": len(dues)}


@bindings.handles("settle")
def settle(sandbox: Sandbox, body: dict[str, str]) -> dict[str, Any]:
    """Wait until quiet."""
    due, in_flight = sandbox.time.settle(_seconds("timeout", body.get("timeout", "PT10S"), LONGEST_SETTLE))
    if due or in_flight:
        sentence = f"{due} things are still due and {in_flight} deliveries are under way."
        raise Problem("not-settled", hint=sentence, detail=sentence)
    return {"settled": True, "due": 0, "inFlight": 0}


@bindings.handles("listVariants")
def list_variants(sandbox: Sandbox) -> dict[str, Any]:
    """The switches and where they stand."""
    rows = [
        {
            "name": variant.name,
            "value": sandbox.variants[variant.name],
            "default": variant.default,
            "values": list(variant.values),
            "summary": variant.summary,
            "evidence": {
                "level": variant.evidence.level,
                "source": variant.evidence.source.url,
                "read": variant.evidence.source.read,
                "note": variant.evidence.note,
            },
        }
        for variant in variants().values()
    ]
    return {"variants": rows, "total": len(rows)}


@bindings.handles("setVariants")
def set_variants(sandbox: Sandbox, body: dict[str, str]) -> dict[str, Any]:
    """Move switches: all that were named, or none when one of them is wrong."""
    switches = _checked_switches(body)
    with sandbox.lock:
        sandbox.variants.update(switches)
    return list_variants(sandbox)


@bindings.handles("getUsage")
def get_usage(sandbox: Sandbox) -> dict[str, Any]:
    """Calls by key within the windows for which a ceiling is recommended."""
    with sandbox.lock:
        world, now = sandbox.world, sandbox.clock.now()
        rows = [
            {
                "apiKey": mask(key),
                "windows": [
                    {"seconds": window, "calls": world.meter.calls(key, now, window), "ceiling": most}
                    for most, window in CEILINGS
                ],
            }
            for key in world.meter.metered()
            if key in world.applications
        ]
    return {"usage": rows, "total": len(rows)}
