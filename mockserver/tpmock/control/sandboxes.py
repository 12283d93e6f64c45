"""Sandboxes, their clocks, variants and named states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tpmock.common.durations import LATEST, seconds
from tpmock.common.moments import iso_milliseconds, parse_iso
from tpmock.common.suggestions import did_you_mean
from tpmock.control.listing import page_of
from tpmock.control.refusals import refusal
from tpmock.core import hints
from tpmock.core.json_text import members
from tpmock.core.problems import Problem, invalid
from tpmock.core.rate_meter import CEILINGS
from tpmock.core.responses import Answer, Bindings
from tpmock.journal.journal import RING
from tpmock.sandbox.registry import Sandboxes
from tpmock.sandbox.sandbox import DEFAULT, Sandbox, TooManySnapshotsError, variants
from tpmock.sandbox.state import Snapshot
from tpmock.sandbox.ticker import OVERDUE

bindings = Bindings()

#: Real seconds that a call may wait.
LONGEST_SETTLE: Final = 60.0


def _seconds(name: str, text: str, longest: float | None = None) -> float:
    try:
        value = seconds(text)
    except ValueError as error:
        raise invalid(f"{name}: {error}") from None
    if longest is not None and value > longest:
        raise invalid(f"{name}: {text} is longer than {longest:.0f} s, the maximum here")
    return value


def _moment(name: str, text: str) -> float:
    moment = parse_iso(text)
    if moment is None or not 0 <= moment <= LATEST:
        raise invalid(f"{name}: {text!r} is not a time between 1970 and 8999: write 2026-01-31T12:00:00Z")
    return moment


def _checked_switches(switches: Mapping[str, str]) -> Mapping[str, str]:
    known = variants()
    for name, value in switches.items():
        if name not in known:
            raise invalid(f"there is no variant {name!r}. {did_you_mean(name, sorted(known))}")
        if value not in known[name].values:
            raise invalid(f"variant {name} is one of {', '.join(known[name].values)}, not {value!r}")
    return switches


def document(sandbox: Sandbox, base_url: str) -> dict[str, Any]:
    """Return a sandbox with credentials and addresses.

    :param base_url: the address by which the caller reached this program
    """
    names = ("mock", "trustpilot", "invitations", "authenticate", "segment", "segmentPublicApi")
    return {
        **members(sandbox, "id", "seed", "created_at", moment=iso_milliseconds),
        "world": sandbox.world_name,
        "now": iso_milliseconds(sandbox.clock.now()),
        "credentials": dict(sandbox.credentials),
        "urls": dict.fromkeys(names, base_url),
        "variants": dict(sandbox.variants),
        "dropped": sandbox.memory.dropped(),
        "memory": {
            "bytes": sandbox.memory.used,
            "most": sandbox.memory.most,
            "waiting": sandbox.memory.waiting,
            "allBytes": sandbox.memory.process.used,
            "allMost": sandbox.memory.process.most,
        },
    }


@bindings.handles("listSandboxes")
def list_sandboxes(sandboxes: Sandboxes, api_url: str, limit: int, skip: int) -> dict[str, Any]:
    """Return a page of sandboxes, counted from the newest; a page has the oldest first."""
    everything = sandboxes.all()
    rows = [document(sandbox, api_url) for sandbox in page_of(everything, skip, limit)]
    return {"sandboxes": rows, "total": len(everything)}


@bindings.handles("createSandbox")
def create_sandbox(sandboxes: Sandboxes, body: dict[str, Any], api_url: str) -> Answer:
    """Create a sandbox."""
    switches = _checked_switches(body.get("variants", {}))
    world = body.get("world", DEFAULT)
    if world not in sandboxes.worlds:
        raise invalid(f"world: there is no {world!r}; there are {', '.join(sandboxes.worlds)}")
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
    sentence = hints.SANDBOXES_REMOVED.format(ids=", ".join(sandbox.displaced), maker=sandbox.id)
    default = sandboxes.default
    with default.lock:
        default.journal.remark(default.clock.now(), sentence)
    return Answer(201, document(sandbox, api_url), hint=sentence)


@bindings.handles("getSandbox", "resetSandbox")
def get_sandbox(sandbox: Sandbox, operation: str, api_url: str) -> dict[str, Any]:
    """Return a sandbox, after a reset to its seed if the request asks for it."""
    if operation == "resetSandbox":
        sandbox.reset()
    return document(sandbox, api_url)


@bindings.handles("deleteSandbox")
def delete_sandbox(sandboxes: Sandboxes, sandbox: Sandbox) -> Answer:
    """Remove a sandbox. Its credentials become unknown."""
    if sandbox.id == DEFAULT:
        raise Problem("default-sandbox-stays", hint="Reset it instead.")
    sandboxes.delete(sandbox)
    return Answer(204)


def _clock(sandbox: Sandbox) -> dict[str, Any]:
    late = sandbox.scheduler.lateness()
    with sandbox.lock:
        due = sandbox.timeline.next
        return {
            "now": iso_milliseconds(sandbox.clock.now()),
            "frozen": sandbox.clock.frozen,
            "nextDue": None if due is None else iso_milliseconds(due),
            "overdue": None if late is None or late[0] < OVERDUE else {"seconds": round(late[0], 3), "reason": late[1]},
        }


@bindings.handles("getClock", "freezeClock", "resumeClock")
def steer_clock(sandbox: Sandbox, operation: str) -> dict[str, Any]:
    """Return the sandbox's time, after freezing or resuming the clock if the request asks for it."""
    if operation == "freezeClock":
        sandbox.scheduler.freeze()
    elif operation == "resumeClock":
        sandbox.scheduler.resume()
    return _clock(sandbox)


@bindings.handles("advanceClock")
def advance_clock(sandbox: Sandbox, body: dict[str, str]) -> dict[str, Any]:
    """Advance the clock."""
    try:
        performed = sandbox.scheduler.advance(_seconds("by", body["by"]))
    except OverflowError:
        raise invalid("by: the calendar of this program ends with the year 8999") from None
    return _clock(sandbox) | {"performed": performed}


@bindings.handles("listTimeline")
def list_timeline(sandbox: Sandbox, act: str | None, limit: int) -> dict[str, Any]:
    """List the due and scheduled entries, the next first."""
    with sandbox.lock:
        dues = [due for due in sandbox.timeline.upcoming() if act in (None, due.act)]
    rows = [{"at": iso_milliseconds(due.moment), "act": due.act, "subject": due.subject} for due in dues[:limit]]
    return {"timeline": rows, "total": len(dues)}


@bindings.handles("settle")
def settle(sandbox: Sandbox, body: dict[str, str]) -> dict[str, Any]:
    """Wait until all work in flight is done."""
    due, in_flight = sandbox.scheduler.settle(_seconds("timeout", body.get("timeout", "PT10S"), LONGEST_SETTLE))
    if due or in_flight:
        raise refusal("not-settled", f"{due} entries are still due and {in_flight} deliveries are in flight.")
    return {"settled": True, "due": 0, "inFlight": 0}


@bindings.handles("listVariants")
def list_variants(sandbox: Sandbox) -> dict[str, Any]:
    """List the variants with their values."""
    rows = [
        {
            **members(variant, "name", "default", "values", "summary"),
            "value": sandbox.variants[variant.name],
            "evidence": {
                **members(variant.evidence, "level", "note"),
                "source": variant.evidence.source.url,
                "read": variant.evidence.source.read,
            },
        }
        for variant in variants().values()
    ]
    return {"variants": rows, "total": len(rows)}


@bindings.handles("setVariants")
def set_variants(sandbox: Sandbox, body: dict[str, str]) -> dict[str, Any]:
    """Change variants: all that are named, or none if one value is not valid."""
    switches = _checked_switches(body)
    with sandbox.lock:
        sandbox.variants.update(switches)
    return list_variants(sandbox)


@bindings.handles("getUsage")
def get_usage(sandbox: Sandbox) -> dict[str, Any]:
    """Return the calls per key within the windows that have a recommended limit."""
    with sandbox.lock:
        world, now = sandbox.world, sandbox.clock.now()
        rows = [
            {
                "apiKey": key,
                "application": world.applications[key].name,
                "windows": [
                    {"seconds": window, "calls": world.meter.calls(key, now, window), "ceiling": most}
                    for most, window in CEILINGS
                ],
            }
            for key in world.meter.metered()
            if key in world.applications
        ]
    return {"usage": rows, "total": len(rows)}


def _snapshot(name: str, snapshot: Snapshot) -> dict[str, Any]:
    return {"name": name, "now": iso_milliseconds(snapshot.now), "bytes": len(snapshot.content)}


def _known(sandbox: Sandbox, name: str) -> Snapshot:
    snapshot = sandbox.snapshots.get(name)
    if snapshot is None:
        names = ", ".join(sandbox.snapshots) or "none"
        raise refusal("unknown-snapshot", f"There is no snapshot {name!r}; there are: {names}.")
    return snapshot


@bindings.handles("listSnapshots")
def list_snapshots(sandbox: Sandbox) -> dict[str, Any]:
    """List all snapshots, oldest first."""
    with sandbox.lock:
        rows = [_snapshot(name, snapshot) for name, snapshot in sandbox.snapshots.items()]
    return {"snapshots": rows, "total": len(rows)}


@bindings.handles("takeSnapshot")
def take_snapshot(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """Save the state under a name."""
    try:
        return _snapshot(name, sandbox.take_snapshot(name))
    except TooManySnapshotsError as error:
        sentence = f"There is no room for another snapshot: {error}. Delete one first: DELETE .../snapshots/NAME."
        raise refusal("too-many-snapshots", sentence) from None


@bindings.handles("getSnapshot")
def get_snapshot(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """Return a snapshot."""
    return _snapshot(name, _known(sandbox, name))


@bindings.handles("deleteSnapshot")
def delete_snapshot(sandbox: Sandbox, name: str) -> Answer:
    """Delete a snapshot."""
    with sandbox.lock:
        _known(sandbox, name)
        sandbox.drop_snapshot(name)
    return Answer(204)


@bindings.handles("restoreSnapshot")
def restore_snapshot(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """Restore a snapshot."""
    snapshot = _known(sandbox, name)
    sandbox.restore(snapshot)
    return _snapshot(name, snapshot)
