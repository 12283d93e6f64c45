"""Deletion and suppression: regulations and their effects over time (User deletion and suppression)."""

from __future__ import annotations

from typing import Final

from tpmock.common.durations import seconds
from tpmock.common.moments import iso_milliseconds
from tpmock.core.responses import Bindings
from tpmock.journal.erasure import Person
from tpmock.segment import delivery
from tpmock.segment.model import Delivery, Destination, Event, Json, Regulation, RegulationPart
from tpmock.segment.public_answers import found, invalid, listed
from tpmock.segment.public_api import DELETED, known_source
from tpmock.segment.workspace import Workspace

bindings = Bindings()
actions = Bindings()

#: Maximum number of user ids per call.
MOST_SUBJECTS: Final = 5_000
#: Time from creation until a regulation runs. No source says how long; suppression works "usually within 24 hours".
UNTIL_IT_RUNS: Final = 3_600.0
#: Interval between two checks of delete calls that are still retried.
_LATER: Final = 3_600.0

_SUPPRESSING: Final = {"SUPPRESS_ONLY", "SUPPRESS_WITH_DELETE", "SUPPRESS_WITH_DELETE_INTERNAL"}
_DELETING: Final = {"DELETE_INTERNAL", "DELETE_ONLY", "SUPPRESS_WITH_DELETE", "SUPPRESS_WITH_DELETE_INTERNAL"}
#: The regulations that are forwarded to destinations.
_FORWARDED: Final = {"SUPPRESS_WITH_DELETE", "DELETE_ONLY"}
_ARRAYS: Final = "arrays"


# --- the API ----------------------------------------------------------------------------------------------------------


@bindings.handles("createWorkspaceRegulation", "createSourceRegulation")
def create_regulation(workspace: Workspace, arguments: Json, body: Json) -> Json:
    """Create a regulation for the workspace or for one source. It runs later."""
    source = _source(workspace, arguments)
    subjects = list(dict.fromkeys(body["subjectIds"]))
    if len(subjects) > MOST_SUBJECTS:
        raise invalid(f"subjectIds: has more than {MOST_SUBJECTS:,} entries")
    regulation = Regulation(
        id=workspace.new_id(),
        kind=body["regulationType"],
        subject_type=body["subjectType"],
        subjects=subjects,
        created_at=workspace.now(),
        source=source,
    )
    workspace.regulations[regulation.id] = regulation
    if regulation.subject_type == "USER_ID":
        workspace.schedule.at(workspace.now() + UNTIL_IT_RUNS, "run-regulation", regulation.id)
    else:
        # Objects come from cloud sources, which this mock does not have.
        _end(workspace, regulation, "NOT_SUPPORTED")
    return {"data": {"regulateId": regulation.id}}


def _source(workspace: Workspace, arguments: Json) -> str | None:
    """Return the id of the source that a call names, if any."""
    return known_source(workspace, arguments["source_id"]).id if "source_id" in arguments else None


@bindings.handles("listWorkspaceRegulations", "listRegulationsFromSource")
def list_regulations(workspace: Workspace, arguments: Json) -> Json:
    """Return the regulations, newest first: of the workspace, or of one source."""
    source = _source(workspace, arguments)
    status, kinds = arguments["status"], arguments["regulation_types"]
    wanted = [
        each
        for each in reversed(workspace.regulations.values())
        if each.source == source and status in (None, each.status) and (not kinds or each.kind in kinds)
    ]
    return listed("regulations", wanted, _entry, arguments)


def _entry(regulation: Regulation) -> Json:
    """Return a regulation in the form of the lists, which differs from that of a single one."""
    entry = {
        "id": regulation.id,
        "subjectType": regulation.subject_type,
        "subjects": regulation.subjects,
        "status": regulation.status,
        "createdAt": iso_milliseconds(regulation.created_at),
        "regulationType": regulation.kind,
    }
    finished = regulation.finished_at
    return entry if finished is None else entry | {"finishedAt": iso_milliseconds(finished)}


@bindings.handles("deleteRegulation")
def delete_regulation(workspace: Workspace, regulate_id: str) -> Json:
    """Cancel a regulation that has not started."""
    regulation = _known(workspace, regulate_id)
    if regulation.status != "INITIALIZED":
        status = regulation.status
        raise invalid(f"regulateId: this regulation is {status}; only one that is INITIALIZED can be deleted")
    # Its timeline entry does nothing then.
    del workspace.regulations[regulate_id]
    return DELETED


def _known(workspace: Workspace, regulate_id: str) -> Regulation:
    return found(workspace.regulations.get(regulate_id), "regulation", regulate_id)


@bindings.handles("getRegulation")
def get_regulation(workspace: Workspace, regulate_id: str) -> Json:
    """Return a regulation, with its state at each destination."""
    return {"data": {"regulation": document(workspace, _known(workspace, regulate_id))}}


@bindings.handles("listSuppressions")
def list_suppressions(workspace: Workspace, arguments: Json) -> Json:
    """List the suppressed users, including those suppressed at one source only."""
    users = dict.fromkeys(
        [*workspace.suppressed, *(user for part in workspace.suppressed_at.values() for user in part)]
    )
    return listed("suppressed", users, lambda user: {"subjectType": "USER_ID", "subjectIds": [user]}, arguments)


def document(workspace: Workspace, regulation: Regulation) -> Json:
    """Return a regulation in the Public API's form."""
    streams: dict[str, list[Json]] = {}
    for part in regulation.parts:
        finished = "" if part.finished_at is None else iso_milliseconds(part.finished_at)
        row = {"name": part.name, "id": part.destination, "status": part.status, "errString": part.error or ""}
        row["finishedAt"] = finished
        streams.setdefault(part.source, []).append(row)
    return {
        "id": regulation.id,
        "workspaceId": workspace.id,
        "overallStatus": regulation.status,
        "createdAt": iso_milliseconds(regulation.created_at),
        "streamStatus": [{"id": source, "destinationStatus": rows} for source, rows in streams.items()],
        **({} if regulation.finished_at is None else {"finishedAt": iso_milliseconds(regulation.finished_at)}),
    }


# --- timeline -------------------------------------------------------------------------------------------------------


@actions.handles("run-regulation")
def _run(workspace: Workspace, regulation_id: str) -> None:
    regulation = workspace.regulations.get(regulation_id)
    if regulation is None:
        return
    regulation.status = "RUNNING"
    if regulation.kind == "UNSUPPRESS" and regulation.source and workspace.suppressed.keys() & {*regulation.subjects}:
        # A source cannot lift a suppression of the workspace.
        _end(workspace, regulation, "FAILED")
        return
    suppressed = workspace.suppressed
    if regulation.source is not None:
        suppressed = workspace.suppressed_at.setdefault(regulation.source, {})
    if regulation.kind in _SUPPRESSING:
        suppressed.update(dict.fromkeys(regulation.subjects, workspace.now()))
    if regulation.kind == "UNSUPPRESS":
        for user in regulation.subjects:
            suppressed.pop(user, None)
    if regulation.kind in _FORWARDED:
        _forward(workspace, regulation)
    takes = seconds(workspace.variants["deletion_time"]) if regulation.kind in _DELETING else 0.0
    workspace.schedule.at(workspace.now() + takes, "finish-regulation", regulation_id)


def _forward(workspace: Workspace, regulation: Regulation) -> None:
    """Forward a regulation to every enabled destination; one failure fails the whole regulation."""
    for destination in workspace.destinations.values():
        if not destination.enabled or (destination.source and regulation.source not in (None, destination.source)):
            continue
        source = regulation.source or destination.source or next(iter(workspace.sources), "")
        part = RegulationPart(source, destination.id, destination.name, "RUNNING")
        regulation.parts.append(part)
        if workspace.variants["deletion_support"] == "unsupported":
            part.status, part.finished_at = "NOT_SUPPORTED", workspace.now()
            part.error = "deletion is not supported by this destination"
        else:
            part.deliveries = [_send_delete(workspace, destination, source, user) for user in regulation.subjects]


def _send_delete(workspace: Workspace, destination: Destination, source: str, user: str) -> int:
    """Send the delete call for one user; return its number."""
    now = iso_milliseconds(workspace.now())
    empty: list[str] | Json = [] if workspace.variants["delete_payload"] == _ARRAYS else {}
    message_id = f"delete-{workspace.random.uuid()}"
    message: Json = {
        "type": "delete",
        "channel": "server",
        "messageId": message_id,
        "projectId": source,
        "userId": user,
        "context": empty,
        "integrations": empty,
        "receivedAt": now,
        "sentAt": now,
        "originalTimestamp": now,
        "timestamp": now,
    }
    name = _name(workspace, source)
    trace = workspace.traces.begin(f"messageId:{message_id}")
    # It is not a received event, so no list of events contains it.
    event = Event(workspace.next_id(), message, name, workspace.now(), trace)
    sent = Delivery(workspace.next_id(), event, destination, workspace.now())
    delivery.send(workspace, sent)
    return sent.id


@actions.handles("finish-regulation")
def _finish(workspace: Workspace, regulation_id: str) -> None:
    regulation = workspace.regulations.get(regulation_id)
    if regulation is None:
        return
    settled = [_settled(workspace, part) for part in regulation.parts]
    if not all(settled):
        workspace.schedule.at(workspace.now() + _LATER, "finish-regulation", regulation_id)
        return
    if regulation.kind in _DELETING:
        _forget(workspace, regulation)
    _end(workspace, regulation, _overall(regulation))


def _end(workspace: Workspace, regulation: Regulation, status: str) -> None:
    regulation.status, regulation.finished_at = status, workspace.now()
    workspace.regulations.reweigh(regulation.id)


def _settled(workspace: Workspace, part: RegulationPart) -> bool:
    """Update a part whose delete calls have all ended; return whether they have."""
    if part.finished_at is not None:
        return True
    if any(number in workspace.under_way for number in part.deliveries):
        return False
    # An evicted delivery has been delivered or has failed; only a failure would leave doubt.
    ends = [workspace.deliveries[number] for number in part.deliveries if number in workspace.deliveries]
    failed = [one for one in ends if one.state != "delivered"]
    part.finished_at = workspace.now()
    part.status = "FINISHED"
    if failed:
        part.status = "FAILED" if len(failed) == len(ends) else "PARTIAL_SUCCESS"
        part.error = failed[0].reason
    return True


def _overall(regulation: Regulation) -> str:
    """Return FAILED when one destination failed or cannot delete, although Segment's own data is deleted."""
    statuses = {part.status for part in regulation.parts}
    if statuses & {"FAILED", "NOT_SUPPORTED"}:
        return "FAILED"
    return "PARTIAL_SUCCESS" if "PARTIAL_SUCCESS" in statuses else "FINISHED"


def _forget(workspace: Workspace, regulation: Regulation) -> None:
    """Delete the events of these users from Segment's own stores, and erase the users.

    A user whom another source still has stays in the records.
    """
    only = None if regulation.source is None else _name(workspace, regulation.source)
    subjects = set(regulation.subjects)
    theirs = {
        number: (user, event.source)
        for number, event in workspace.events.items()
        if isinstance(user := event.message.get("userId"), str) and user in subjects
    }
    elsewhere = {user for user, source in theirs.values() if only not in (None, source)}
    # First, because the events hold the addresses and names of these users.
    workspace.forget(Person(ids=frozenset(subjects - elsewhere)))
    for number, (_, source) in theirs.items():
        if only in (None, source):
            del workspace.events[number]


def _name(workspace: Workspace, source_id: str) -> str:
    """Return the name of a source, as stored in events; empty when the source is removed."""
    return workspace.sources[source_id].name if source_id in workspace.sources else ""
