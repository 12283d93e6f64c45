"""Named states of a sandbox."""

from __future__ import annotations

from typing import Any

from mockserver.answers import Answer, Bindings
from mockserver.clock import iso_milliseconds
from mockserver.problems import Problem
from mockserver.sandbox import SNAPSHOTS, Sandbox
from mockserver.sandbox_state import Snapshot

bindings = Bindings()


def _document(name: str, snapshot: Snapshot) -> dict[str, Any]:
    return {"name": name, "now": iso_milliseconds(snapshot.now), "bytes": len(snapshot.content)}


def _known(sandbox: Sandbox, name: str) -> Snapshot:
    snapshot = sandbox.snapshots.get(name)
    if snapshot is None:
        sentence = f"There is no snapshot {name!r}; there are: {', '.join(sandbox.snapshots) or 'none'}."
        raise Problem("unknown-snapshot", hint=sentence, detail=sentence)
    return snapshot


@bindings.handles("listSnapshots")
def list_snapshots(sandbox: Sandbox) -> dict[str, Any]:
    """All, oldest first."""
    with sandbox.lock:
        rows = [_document(name, snapshot) for name, snapshot in sandbox.snapshots.items()]
    return {"snapshots": rows, "total": len(rows)}


@bindings.handles("takeSnapshot")
def take_snapshot(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """Keep the state under a name."""
    try:
        return _document(name, sandbox.take_snapshot(name))
    except OverflowError:
        sentence = f"{SNAPSHOTS} are kept. Delete one first: DELETE .../snapshots/NAME."
        raise Problem("too-many-snapshots", hint=sentence, detail=sentence) from None


@bindings.handles("getSnapshot")
def get_snapshot(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """One."""
    return _document(name, _known(sandbox, name))


@bindings.handles("deleteSnapshot")
def delete_snapshot(sandbox: Sandbox, name: str) -> Answer:
    """Forget one."""
    with sandbox.lock:
        _known(sandbox, name)
        del sandbox.snapshots[name]
    return Answer(204)


@bindings.handles("restoreSnapshot")
def restore_snapshot(sandbox: Sandbox, name: str) -> dict[str, Any]:
    """Back to one."""
    snapshot = _known(sandbox, name)
    sandbox.restore(snapshot)
    return _document(name, snapshot)
