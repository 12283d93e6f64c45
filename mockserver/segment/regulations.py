"""Deletion and suppression: regulations and what comes of them as time passes (User deletion and suppression)."""

from __future__ import annotations

from typing import Final

from mockserver.answers import Bindings
from mockserver.clock import iso_milliseconds, seconds
from mockserver.forgetting import Person
from mockserver.segment import delivery
from mockserver.segment.model import Delivery, Destination, Event, Json, Regulation, RegulationPart
from mockserver.segment.paging import page
from mockserver.segment.public_api import invalid, not_found
from mockserver.segment.workspace import Workspace
from mockserver.timeline import Acts

bindings = Bindings()
acts = Acts()

#: User ids in one call.
MOST_SUBJECTS: Final = 5_000
#: From its creation until a regulation runs. No source says how long; suppression works "usually within 24 hours".
UNTIL_IT_RUNS: Final = 3_600.0
#: How long a look for the outcome of delete calls that are still retried is put off.
_LATER: Final = 3_600.0

_SUPPRESSING: Final = {"SUPPRESS_ONLY", "SUPPRESS_WITH_DELETE", "SUPPRESS_WITH_DELETE_INTERNAL"}
_DELETING: Final = {"DELETE_INTERNAL", "DELETE_ONLY", "SUPPRESS_WITH_DELETE", "SUPPRESS_WITH_DELETE_INTERNAL"}
#: Of these, destinations are told.
_FORWARDED: Final = {"SUPPRESS_WITH_DELETE", "DELETE_ONLY"}
_ARRAYS: Final = "arrays"


# --- the API ----------------------------------------------------------------------------------------------------------


@bindings.handles("createWorkspaceRegulation")
def create_regulation(workspace: Workspace, body: Json) -> Json:
    """Ask for it. Nothing happens at once."""
    subjects = list(dict.fromkeys(body["subjectIds"]))
    if len(subjects) > MOST_SUBJECTS:
        raise invalid(f"subjectIds: has more than {MOST_SUBJECTS:,} entries")
    regulation = Regulation(
        id=workspace.new_id(),
        kind=body["regulationType"],
        subject_type=body["subjectType"],
        subjects=subjects,
        created_at=workspace.now(),
    )
    workspace.regulations[regulation.id] = regulation
    if regulation.subject_type == "USER_ID":
        workspace.schedule.at(workspace.now() + UNTIL_IT_RUNS, "run-regulation", regulation.id)
    else:
        # Objects come from cloud sources, of which this mock has none.
        regulation.status, regulation.finished_at = "NOT_SUPPORTED", workspace.now()
    return {"data": {"regulateId": regulation.id}}


@bindings.handles("listWorkspaceRegulations")
def list_regulations(
    workspace: Workspace,
    status: str | None,
    regulation_types: list[str] | None,
    pagination_count: int | None,
    pagination_cursor: str | None,
) -> Json:
    """The newest first."""
    wanted = [
        each
        for each in reversed(workspace.regulations.values())
        if status in (None, each.status) and (not regulation_types or each.kind in regulation_types)
    ]
    found, pagination = page(wanted, pagination_count, pagination_cursor)
    return {"data": {"regulations": [document(workspace, each) for each in found], "pagination": pagination}}


@bindings.handles("getRegulation")
def get_regulation(workspace: Workspace, regulate_id: str) -> Json:
    """One of them, with how far it is at each destination."""
    regulation = workspace.regulations.get(regulate_id)
    if regulation is None:
        raise not_found("regulation", regulate_id)
    return {"data": {"regulation": document(workspace, regulation)}}


@bindings.handles("listSuppressions")
def list_suppressions(workspace: Workspace, pagination_count: int | None, pagination_cursor: str | None) -> Json:
    """Whose events are dropped."""
    found, pagination = page(list(workspace.suppressed), pagination_count, pagination_cursor)
    rows = [{"subjectType": "USER_ID", "subjectIds": [user]} for user in found]
    return {"data": {"suppressed": rows, "pagination": pagination}}


def document(workspace: Workspace, regulation: Regulation) -> Json:
    """A regulation as the Public API has it."""
    streams: dict[str, list[Json]] = {}
    for part in regulation.parts:
        row = {"name": part.name, "id": part.destination, "status": part.status, "errString": part.error or ""}
        if part.finished_at is not None:
            row["finishedAt"] = iso_milliseconds(part.finished_at)
        streams.setdefault(part.source, []).append(row)
    return {
        "id": regulation.id,
        "workspaceId": workspace.id,
        "overallStatus": regulation.status,
        "createdAt": iso_milliseconds(regulation.created_at),
        "streamStatus": [{"id": source, "destinationStatus": rows} for source, rows in streams.items()],
        **({} if regulation.finished_at is None else {"finishedAt": iso_milliseconds(regulation.finished_at)}),
    }


# --- what falls due ---------------------------------------------------------------------------------------------------


@acts.performs("run-regulation")
def _run(workspace: Workspace, regulation_id: str) -> None:
    regulation = workspace.regulations.get(regulation_id)
    if regulation is None:
        return
    regulation.status = "RUNNING"
    if regulation.kind in _SUPPRESSING:
        workspace.suppressed.update(dict.fromkeys(regulation.subjects, workspace.now()))
    if regulation.kind == "UNSUPPRESS":
        for user in regulation.subjects:
            workspace.suppressed.pop(user, None)
    if regulation.kind in _FORWARDED:
        _forward(workspace, regulation)
    takes = seconds(workspace.variants["deletion_time"]) if regulation.kind in _DELETING else 0.0
    workspace.schedule.at(workspace.now() + takes, "finish-regulation", regulation_id)


def _forward(workspace: Workspace, regulation: Regulation) -> None:
    """Tell every destination that is switched on; one that cannot be told fails the whole."""
    for destination in workspace.destinations.values():
        if not destination.enabled:
            continue
        source = destination.source or next(iter(workspace.sources), "")
        part = RegulationPart(source, destination.id, destination.name, "RUNNING")
        regulation.parts.append(part)
        if workspace.variants["deletion_support"] == "unsupported":
            part.status, part.finished_at = "NOT_SUPPORTED", workspace.now()
            part.error = "deletion is not supported by this destination"
        else:
            part.deliveries = [_tell(workspace, destination, source, user) for user in regulation.subjects]


def _tell(workspace: Workspace, destination: Destination, source: str, user: str) -> int:
    """Send the delete call for one user; its number."""
    now = iso_milliseconds(workspace.now())
    empty: list[str] | Json = [] if workspace.variants["delete_payload"] == _ARRAYS else {}
    message_id = f"delete-{workspace.chance.uuid()}"
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
    name = workspace.sources[source].name if source in workspace.sources else ""
    trace = workspace.traces.begin(f"messageId:{message_id}")
    # No event that was received, so it stands in no list of those.
    event = Event(workspace.next_id(), message, name, workspace.now(), trace)
    sent = Delivery(workspace.next_id(), event, destination, workspace.now())
    delivery.send(workspace, sent)
    return sent.id


@acts.performs("finish-regulation")
def _finish(workspace: Workspace, regulation_id: str) -> None:
    regulation = workspace.regulations.get(regulation_id)
    if regulation is None:
        return
    settled = [_settled(workspace, part) for part in regulation.parts]
    if not all(settled):
        workspace.schedule.at(workspace.now() + _LATER, "finish-regulation", regulation_id)
        return
    if regulation.kind in _DELETING:
        # What is recorded first, as the events tell which addresses and names these users have.
        workspace.forget(Person(ids=frozenset(regulation.subjects)))
        _delete_own(workspace, set(regulation.subjects))
    regulation.status, regulation.finished_at = _overall(regulation), workspace.now()


def _settled(workspace: Workspace, part: RegulationPart) -> bool:
    """Whether all delete calls of a part have come to an end; then it says so."""
    if part.finished_at is not None:
        return True
    if any(number in workspace.under_way for number in part.deliveries):
        return False
    # What the ring has forgotten was delivered long ago or given up long ago; only the latter would be in doubt.
    ends = [workspace.deliveries[number] for number in part.deliveries if number in workspace.deliveries]
    failed = [one for one in ends if one.state != "delivered"]
    part.finished_at = workspace.now()
    part.status = "FINISHED"
    if failed:
        part.status = "FAILED" if len(failed) == len(ends) else "PARTIAL_SUCCESS"
        part.error = failed[0].reason
    return True


def _overall(regulation: Regulation) -> str:
    """FAILED as soon as one destination failed or cannot delete, even though Segment itself deleted."""
    statuses = {part.status for part in regulation.parts}
    if statuses & {"FAILED", "NOT_SUPPORTED"}:
        return "FAILED"
    return "PARTIAL_SUCCESS" if "PARTIAL_SUCCESS" in statuses else "FINISHED"


def _delete_own(workspace: Workspace, users: set[str]) -> None:
    """Segment's own stores: the events of these users are gone from what can be looked at."""
    for number in [number for number, event in workspace.events.items() if event.message.get("userId") in users]:
        del workspace.events[number]
