"""The Segment workspace of a sandbox: destinations, events, deliveries and Segment's reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tpmock.common.durations import seconds
from tpmock.common.moments import iso_milliseconds, parse_iso
from tpmock.control import workspace as setup
from tpmock.control.listing import Collection, Row, listed, member, values
from tpmock.control.refusals import check_address, refusal
from tpmock.control.workspace import known_source, unknown_in_workspace
from tpmock.core import hints
from tpmock.core.json_text import members
from tpmock.core.problems import invalid
from tpmock.core.responses import Answer, Bindings
from tpmock.journal.masking import mask
from tpmock.outbound.connection import is_header
from tpmock.outbound.function_runner import LOOK, NOT_ALLOWED, UNAVAILABLE, FunctionCall
from tpmock.sandbox.sandbox import Sandbox
from tpmock.segment import audiences, delivery, public_destinations, reasons, reporting, tester, tracking
from tpmock.segment.model import Destination, FunctionOptions, WebhookOptions, id_of
from tpmock.segment.workspace import Workspace

bindings = Bindings()

_COLLECTIONS: Final[Mapping[str, Collection]] = {
    "destinations": Collection(
        values("workspace.destinations"), lambda sandbox, one: _destination(sandbox.workspace, one)
    ),
    "sources": Collection(values("workspace.sources"), lambda _, source: setup.source_row(source)),
    "oauth-apps": Collection(values("workspace.oauth_apps"), lambda _, app: setup.app_row(app)),
    "regulations": Collection(values("workspace.regulations"), lambda _, one: setup.regulation_row(one)),
    "audiences": Collection(
        values("workspace.audiences"), lambda sandbox, one: audiences.document(one, sandbox.workspace.now())
    ),
    "events": Collection(
        values("workspace.events"),
        lambda _, event: tracking.document(event),
        {
            "id": member("id"),
            "messageId": lambda _: lambda event: event.message.get("messageId"),
            "source": member("source"),
            "reason": member("reason"),
            "trace": member("trace"),
            "type": lambda _: lambda event: event.message.get("type"),
            "event": lambda _: lambda event: event.message.get("event"),
            "state": lambda _: tracking.state,
        },
    ),
    "deliveries": Collection(
        values("workspace.deliveries"),
        lambda _, one: delivery.document(one),
        {
            "id": member("id"),
            "messageId": lambda _: lambda one: one.event.message["messageId"],
            "destination": member("destination.name"),
            "state": member("state"),
            "reason": member("reason"),
            "trace": member("event.trace"),
        },
    ),
}


@bindings.handles("listSegmentCollection")
def list_segment_collection(sandbox: Sandbox, collection: str, arguments: Mapping[str, Any]) -> Row | Answer:
    """List a collection of the Segment workspace. One route serves all of them."""
    return listed(sandbox, _COLLECTIONS, collection, arguments)


# --- destinations ---------------------------------------------------------------------------------------------------


def _destination(workspace: Workspace, destination: Destination) -> Row:
    settings = destination.settings
    if "apiKey" in settings:
        settings = {**settings, "apiKey": mask(destination.api_key)}
    source = workspace.sources.get(destination.source) if destination.source else None
    row: Row = {
        **members(destination, "id", "name", "integration", "url", "enabled"),
        "type": destination.kind,
        "source": source.name if source else None,
        "settings": settings,
        "filters": [
            {**members(one, "title", "actions", "enabled"), "if": one.condition} for one in destination.filters
        ],
    }
    if destination.webhook is not None:
        options = destination.webhook
        row["webhook"] = {"urls": options.more_urls, "headers": sorted(options.headers), "secret": mask(options.secret)}
    if destination.function is not None:
        row["function"] = {"handlers": destination.function.handlers, "settings": sorted(destination.function.settings)}
    return row


@bindings.handles("getSegmentDestination")
def get_segment_destination(workspace: Workspace, name: str) -> Row:
    """Return one destination, its secrets masked."""
    return _destination(workspace, _known(workspace, name))


@bindings.handles("putSegmentDestination")
def put_segment_destination(sandbox: Sandbox, name: str, body: dict[str, Any]) -> Answer:
    """Connect or change a destination. Segment posts to its addresses only."""
    webhook = body.get("webhook")
    function = body.get("function")
    for url in [body.get("url", "http://function.localhost/"), *(webhook or {}).get("urls", ())]:
        check_address(url)
    _check_sendable(body.get("settings", {}), webhook or {})
    options = None if function is None else _function(sandbox, function)
    with sandbox.lock:
        home = sandbox.workspace
        known = home.destination_named(name)
        source = body.get("source")
        sent = {name: value for name, value in (webhook or {}).items() if name in ("headers", "secret")}
        filters = [public_destinations.made(home, {"enabled": True, **each}) for each in body.get("filters", ())]
        destination = Destination(
            name=name,
            url=body.get("url", ""),
            settings=body.get("settings", {}),
            enabled=body.get("enabled", True),
            id=known.id if known else id_of(f"destination {name}"),
            integration=body.get("integration", name),
            source=None if source is None else known_source(home, source).id,
            filters=filters,
            webhook=None if webhook is None else WebhookOptions(more_urls=webhook.get("urls", []), **sent),
            function=options,
        )
        if not (destination.url or destination.function or delivery.by_key(home, destination)):
            raise invalid(hints.NO_ENDPOINT.format(integration=destination.integration))
        home.destinations[destination.id] = destination
        advice = filter(None, (public_destinations.advice(one.condition) for one in filters))
        return Answer(200, _destination(home, destination), hint=next(advice, None))


def _check_sendable(settings: Mapping[str, Any], webhook: Mapping[str, Any]) -> None:
    """Check that the settings of a destination can be written into headers."""
    for place, text in (("settings.apiKey", settings.get("apiKey", "")), ("webhook.secret", webhook.get("secret", ""))):
        if isinstance(text, str) and any("\ud800" <= letter <= "\udfff" for letter in text):
            raise invalid(f"{place}: holds half of a surrogate pair, which cannot be sent; use whole characters")
    for name, value in webhook.get("headers", {}).items():
        if not is_header(name, value):
            raise invalid(f"webhook.headers: {name!r} cannot be sent as a header; use letters, digits, hyphens")


def _function(sandbox: Sandbox, given: Mapping[str, Any]) -> FunctionOptions:
    """Check the code of a function now, while an error can still be reported."""
    found = sandbox.functions.run(FunctionCall(given["code"]), LOOK)
    if found.error == NOT_ALLOWED:
        raise invalid(f"function: {found.message}")
    if found.error == UNAVAILABLE:
        raise invalid(f"function: {reasons.sentence('FUNCTION_UNAVAILABLE')}")
    if found.error is not None:
        raise invalid(f"function.code: {found.error}: {found.message}")
    if not found.value:
        raise invalid("function.code: has none of onTrack, onIdentify, onPage, onScreen, onGroup, onAlias, onBatch")
    return FunctionOptions(code=given["code"], handlers=list(found.value), settings=dict(given.get("settings", {})))


@bindings.handles("changeSegmentDestination")
def change_segment_destination(workspace: Workspace, name: str, body: dict[str, Any]) -> Row:
    """Change the address, key or switches. Omitted members stay, and so do values that are sent back masked."""
    if "url" in body:
        check_address(body["url"])
    _check_sendable(body.get("settings", {}), {})
    destination = _known(workspace, name)
    if "url" in body and destination.kind == "function":
        raise invalid("url: a function has no address")
    destination.url = body.get("url", destination.url)
    destination.enabled = body.get("enabled", destination.enabled)
    destination.settings = {**destination.settings, **body.get("settings", {})}
    return _destination(workspace, destination)


@bindings.handles("deleteSegmentDestination")
def delete_segment_destination(workspace: Workspace, name: str) -> Answer:
    """Disconnect a destination; deliveries that wait for it are dropped."""
    del workspace.destinations[_known(workspace, name).id]
    return Answer(204)


def _known(workspace: Workspace, name: str) -> Destination:
    destination = workspace.destination_named(name)
    if destination is None:
        raise unknown_in_workspace("destination", name, [each.name for each in workspace.destinations.values()])
    return destination


# --- reports --------------------------------------------------------------------------------------------------------


@bindings.handles("getSegmentPipeline")
def get_segment_pipeline(workspace: Workspace, message_id: str) -> Row:
    """Return why one event was sent, or why not."""
    for event in reversed(workspace.events.values()):
        if event.message["messageId"] == message_id:
            return reporting.pipeline(workspace, event)
    raise refusal("unknown-event", f"No event with the messageId {message_id!r} is remembered in this workspace.")


@bindings.handles("getSegmentOverview")
def get_segment_overview(
    workspace: Workspace, source: str | None, destination: str | None, period: str, group_by: str | None
) -> Row:
    """Return the counts of each step, and the reasons for each loss."""
    now = workspace.now()
    steps = []
    for step in reporting.STEPS:
        wanted = reporting.CountFilter(
            step=step,
            start=now - seconds(period),
            end=now,
            source=source,
            destination=destination if step in reporting.OF_DESTINATIONS else None,
            groups=() if group_by is None else (group_by,),
            granularity="MINUTE" if seconds(period) <= 4 * 3600 else "HOUR",
        )
        if step != "pending":
            found = reporting.overview(workspace, wanted)
            steps.append({"step": step, **found, "discards": reporting.discards(workspace, wanted)})
    return {"since": reporting.counts(workspace, destination), "period": period, "steps": steps}


@bindings.handles("getSegmentEventDelivery")
def get_segment_event_delivery(workspace: Workspace, name: str, period: str) -> Row:
    """Return the Event Delivery tab of a destination."""
    return reporting.event_delivery(workspace, _known(workspace, name), workspace.now() - seconds(period))


@bindings.handles("listSegmentDebugger")
def list_segment_debugger(workspace: Workspace, source: str | None, search: str | None, limit: int) -> Row:
    """Return the source debugger: the latest events, newest first."""
    found = reporting.debugger(workspace, source, search, limit)
    return {"events": [tracking.document(event) for event in found], "total": len(found)}


# --- tester and replay ----------------------------------------------------------------------------------------------


@bindings.handles("testSegmentEvent")
def test_segment_event(sandbox: Sandbox, name: str, body: dict[str, Any]) -> Row:
    """Test what one event would do at a destination on this machine. Only the journal keeps a record of it."""
    with sandbox.lock:
        trial = tester.begin(sandbox.workspace, _known(sandbox.workspace, name), body)
    with sandbox.scheduler.busy():
        for work in trial.works:
            work()
    with sandbox.lock:
        return trial.document()


@bindings.handles("replaySegmentEvents")
def replay_segment_events(workspace: Workspace, name: str, body: dict[str, Any]) -> Row:
    """Send events again to one destination."""
    chosen = body.get("messageIds")
    since, until = (parse_iso(body.get(bound, "")) for bound in ("since", "until"))
    destination = _known(workspace, name)
    events = [
        event
        for event in workspace.events.values()
        if event.reason is None
        and (chosen is None or event.message["messageId"] in chosen)
        and (since is None or event.received_at >= since)
        and (until is None or event.received_at <= until)
    ]
    made = delivery.replay(workspace, events, destination)
    return {
        "replayed": len(made),
        "at": iso_milliseconds(workspace.now()),
        "deliveries": [{"id": one.id, "messageId": one.event.message["messageId"]} for one in made],
    }
