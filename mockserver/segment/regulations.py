"""Deletion and suppression: regulations and what comes of them as time passes (User deletion and suppression)."""

from __future__ import annotations

from typing import Final

from mockserver.answers import Bindings
from mockserver.clock import iso_milliseconds, seconds
from mockserver.forgetting import Person
from mockserver.segment import delivery
from mockserver.segment.model import Delivery, Destination, Event, Json, Regulation, RegulationPart
from mockserver.segment.paging import page
from mockserver.segment.public_api import invalid, known_source, not_found
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
    return _create(workspace, body, None)


@bindings.handles("createSourceRegulation")
def create_source_regulation(workspace: Workspace, source_id: str, body: Json) -> Json:
    """The same for one source."""
    return _create(workspace, body, known_source(workspace, source_id).id)


def _create(workspace: Workspace, body: Json, source: str | None) -> Json:
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
    wanted = _wanted(workspace, None, status, regulation_types)
    found, pagination = page(wanted, pagination_count, pagination_cursor)
    return {"data": {"regulations": [document(workspace, each) for each in found], "pagination": pagination}}


@bindings.handles("listRegulationsFromSource")
def list_source_regulations(
    workspace: Workspace,
    source_id: str,
    status: str | None,
    regulation_types: list[str] | None,
    pagination_count: int | None,
    pagination_cursor: str | None,
) -> Json:
    """The newest first of those that are about one source alone."""
    wanted = _wanted(workspace, known_source(workspace, source_id).id, status, regulation_types)
    found, pagination = page(wanted, pagination_count, pagination_cursor)
    return {"data": {"regulations": [document(workspace, each) for each in found], "pagination": pagination}}


def _wanted(workspace: Workspace, source: str | None, status: str | None, kinds: list[str] | None) -> list[Regulation]:
    return [
        each
        for each in reversed(workspace.regulations.values())
        if each.source == source and status in (None, each.status) and (not kinds or each.kind in kinds)
    ]


@bindings.handles("deleteRegulation")
def delete_regulation(workspace: Workspace, regulate_id: str) -> Json:
    """Take it back, as long as it does not run."""
    regulation = _known(workspace, regulate_id)
    if regulation.status != "INITIALIZED":
        raise invalid(
            f"regulateId: this regulation is {regulation.status}; only one that is INITIALIZED can be deleted"
        )
    # What is on the timeline for it finds nothing.
    del workspace.regulations[regulate_id]
    return {"data": {"status": "SUCCESS"}}


def _known(workspace: Workspace, regulate_id: str) -> Regulation:
    regulation = workspace.regulations.get(regulate_id)
    if regulation is None:
        raise not_found("regulation", regulate_id)
    return regulation


@bindings.handles("getRegulation")
def get_regulation(workspace: Workspace, regulate_id: str) -> Json:
    """One of them, with how far it is at each destination."""
    return {"data": {"regulation": document(workspace, _known(workspace, regulate_id))}}


@bindings.handles("listSuppressions")
def list_suppressions(workspace: Workspace, pagination_count: int | None, pagination_cursor: str | None) -> Json:
    """Whose events are dropped, be it at one source alone."""
    users = dict.fromkeys(
        [*workspace.suppressed, *(user for part in workspace.suppressed_at.values() for user in part)]
    )
    found, pagination = page(list(users), pagination_count, pagination_cursor)
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
    if regulation.kind == "UNSUPPRESS" and regulation.source and workspace.suppressed.keys() & {*regulation.subjects}:
        # What the workspace suppresses no source of it can let in.
        regulation.status, regulation.finished_at = "FAILED", workspace.now()
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
    """Tell every destination that is switched on; one that cannot be told fails the whole."""
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
    name = _name(workspace, source)
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
        _forget(workspace, regulation)
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


def _forget(workspace: Workspace, regulation: Regulation) -> None:
    """Segment's own stores: the events of these users are gone from what can be looked at, and so are they themselves.

    Whoever another source still knows is left in what was recorded.
    """
    only = None if regulation.source is None else _name(workspace, regulation.source)
    subjects = set(regulation.subjects)
    theirs = {
        number: (user, event.source)
        for number, event in workspace.events.items()
        if isinstance(user := event.message.get("userId"), str) and user in subjects
    }
    elsewhere = {user for user, source in theirs.values() if only not in (None, source)}
    # First, as the events tell which addresses and names these users have.
    workspace.forget(Person(ids=frozenset(subjects - elsewhere)))
    for number, (_, source) in theirs.items():
        if only in (None, source):
            del workspace.events[number]


def _name(workspace: Workspace, source_id: str) -> str:
    """The name of a source, by which events remember it; empty when there is none any more."""
    return workspace.sources[source_id].name if source_id in workspace.sources else ""
