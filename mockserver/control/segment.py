"""The Segment workspace of a sandbox: destinations, events, deliveries, and what Segment reports of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mockserver.answers import Answer, Bindings
from mockserver.clock import iso_milliseconds, parse_iso, seconds
from mockserver.control import workspace as setup
from mockserver.control.listing import Listed, Row, listed, member
from mockserver.control.workspace import check_address, invalid, known_source, unknown
from mockserver.functions.runner import LOOK, UNAVAILABLE, Call
from mockserver.masking import mask
from mockserver.problems import Problem
from mockserver.sandbox import Sandbox
from mockserver.segment import delivery, public_destinations, reasons, reporting, tester, tracking
from mockserver.segment.model import Destination, Event, FunctionOptions, WebhookOptions, id_of
from mockserver.segment.workspace import Workspace

bindings = Bindings()

_COLLECTIONS: Final[Mapping[str, Listed]] = {
    "destinations": Listed(
        lambda sandbox: sandbox.workspace.destinations.values(),
        lambda sandbox, one: _destination(sandbox.workspace, one),
    ),
    "sources": Listed(lambda sandbox: sandbox.workspace.sources.values(), lambda _, source: setup.source_row(source)),
    "oauth-apps": Listed(lambda sandbox: sandbox.workspace.oauth_apps.values(), lambda _, app: setup.app_row(app)),
    "regulations": Listed(
        lambda sandbox: sandbox.workspace.regulations.values(), lambda _, one: setup.regulation_row(one)
    ),
    "events": Listed(lambda sandbox: sandbox.workspace.events.values(), lambda _, event: tracking.document(event)),
    "deliveries": Listed(
        lambda sandbox: sandbox.workspace.deliveries.values(),
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
def list_segment_collection(sandbox: Sandbox, collection: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """One route for all Segment things."""
    return listed(sandbox, _COLLECTIONS, collection, arguments)


# --- destinations ---------------------------------------------------------------------------------------------------


def _destination(workspace: Workspace, destination: Destination) -> Row:
    settings = destination.settings
    if "apiKey" in settings:
        settings = {**settings, "apiKey": mask(destination.api_key)}
    source = workspace.sources.get(destination.source) if destination.source else None
    row: Row = {
        "id": destination.id,
        "name": destination.name,
        "type": destination.kind,
        "integration": destination.integration,
        "source": source.name if source else None,
        "url": destination.url,
        "enabled": destination.enabled,
        "settings": settings,
        "filters": [
            {"title": one.title, "if": one.condition, "actions": one.actions, "enabled": one.enabled}
            for one in destination.filters
        ],
    }
    if destination.webhook is not None:
        options = destination.webhook
        row["webhook"] = {"urls": options.more_urls, "headers": sorted(options.headers), "secret": mask(options.secret)}
    if destination.function is not None:
        row["function"] = {"handlers": destination.function.handlers, "settings": sorted(destination.function.settings)}
    return row


@bindings.handles("getSegmentDestination")
def get_segment_destination(sandbox: Sandbox, name: str) -> Row:
    """One destination, its secrets masked."""
    with sandbox.lock:
        return _destination(sandbox.workspace, _known(sandbox, name))


@bindings.handles("putSegmentDestination")
def put_segment_destination(sandbox: Sandbox, name: str, body: dict[str, Any], api_url: str) -> Answer:
    """Connect a destination, or change it. Segment will post to its addresses and to no other."""
    webhook = body.get("webhook")
    function = body.get("function")
    for url in [body.get("url", "http://function.localhost/"), *(webhook or {}).get("urls", ())]:
        check_address(url)
    options = None if function is None else _function(sandbox, function, api_url)
    with sandbox.lock:
        home = sandbox.workspace
        known = home.destination_named(name)
        source = body.get("source")
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
            webhook=None if webhook is None else _webhook(webhook),
            function=options,
        )
        home.destinations[destination.id] = destination
        advice = filter(None, (public_destinations.advice(one.condition) for one in filters))
        return Answer(200, _destination(home, destination), hint=next(advice, None))


def _webhook(given: Mapping[str, Any]) -> WebhookOptions:
    return WebhookOptions(
        more_urls=list(given.get("urls", ())), headers=dict(given.get("headers", {})), secret=given.get("secret", "")
    )


def _function(sandbox: Sandbox, given: Mapping[str, Any], api_url: str) -> FunctionOptions:
    """What the code holds is looked at once, here, where a mistake can be told in a sentence."""
    found = sandbox.functions.run(Call(given["code"]), LOOK)
    if found.error == UNAVAILABLE:
        raise invalid(f"function: {reasons.sentence('FUNCTION_UNAVAILABLE')}")
    if found.error is not None:
        raise invalid(f"function.code: {found.error}: {found.message}")
    if not found.value:
        raise invalid("function.code: has none of onTrack, onIdentify, onPage, onScreen, onGroup, onAlias, onBatch")
    return FunctionOptions(
        code=given["code"], handlers=list(found.value), settings=dict(given.get("settings", {})), api_url=api_url
    )


@bindings.handles("changeSegmentDestination")
def change_segment_destination(sandbox: Sandbox, name: str, body: dict[str, Any]) -> Row:
    """Another address or key, or a switch; what is left out stays, and so does what can be read only masked."""
    if "url" in body:
        check_address(body["url"])
    with sandbox.lock:
        destination = _known(sandbox, name)
        if "url" in body and destination.kind == "function":
            raise invalid("url: a function has no address")
        destination.url = body.get("url", destination.url)
        destination.enabled = body.get("enabled", destination.enabled)
        destination.settings = {**destination.settings, **body.get("settings", {})}
        return _destination(sandbox.workspace, destination)


@bindings.handles("deleteSegmentDestination")
def delete_segment_destination(sandbox: Sandbox, name: str) -> Answer:
    """Disconnect it; what still waits for it is not delivered."""
    with sandbox.lock:
        del sandbox.workspace.destinations[_known(sandbox, name).id]
    return Answer(204)


def _known(sandbox: Sandbox, name: str) -> Destination:
    destination = sandbox.workspace.destination_named(name)
    if destination is None:
        raise unknown("destination", name, [each.name for each in sandbox.workspace.destinations.values()])
    return destination


# --- reports --------------------------------------------------------------------------------------------------------


@bindings.handles("getSegmentPipeline")
def get_segment_pipeline(sandbox: Sandbox, message_id: str) -> Row:
    """Why one event was sent, or why not."""
    with sandbox.lock:
        event = _newest(sandbox.workspace, message_id)
        return reporting.pipeline(sandbox.workspace, event)


def _newest(workspace: Workspace, message_id: str) -> Event:
    for event in reversed(workspace.events.values()):
        if event.message["messageId"] == message_id:
            return event
    sentence = f"No event with the messageId {message_id!r} is remembered in this workspace."
    raise Problem("unknown-event", hint=sentence, detail=sentence)


@bindings.handles("getSegmentOverview")
def get_segment_overview(
    sandbox: Sandbox, source: str | None, destination: str | None, period: str, group_by: str | None
) -> Row:
    """The counts of each step, and behind each loss its reasons."""
    with sandbox.lock:
        workspace = sandbox.workspace
        now = workspace.now()
        steps = []
        for step in reporting.STEPS:
            wanted = reporting.Wanted(
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
def get_segment_event_delivery(sandbox: Sandbox, name: str, period: str) -> Row:
    """The Event Delivery tab of a destination."""
    with sandbox.lock:
        since = sandbox.workspace.now() - seconds(period)
        return reporting.event_delivery(sandbox.workspace, _known(sandbox, name), since)


@bindings.handles("listSegmentDebugger")
def list_segment_debugger(sandbox: Sandbox, source: str | None, search: str | None, limit: int) -> Row:
    """The source debugger: what came in last, newest first."""
    with sandbox.lock:
        found = reporting.debugger(sandbox.workspace, source, search, limit)
        return {"events": [tracking.document(event) for event in found], "total": len(found)}


# --- tester and replay ----------------------------------------------------------------------------------------------


@bindings.handles("testSegmentEvent")
def test_segment_event(sandbox: Sandbox, name: str, body: dict[str, Any]) -> Row:
    """Try what one event would do at a destination on this machine; nothing is kept of it but the journal's entries."""
    with sandbox.lock:
        trial = tester.begin(sandbox.workspace, _known(sandbox, name), body)
    with sandbox.time.busy():
        for work in trial.works:
            work()
    with sandbox.lock:
        return trial.document()


@bindings.handles("replaySegmentEvents")
def replay_segment_events(sandbox: Sandbox, name: str, body: dict[str, Any]) -> Row:
    """Send events once more to one destination."""
    wanted = body.get("messageIds")
    since, until = (parse_iso(body.get(bound, "")) for bound in ("since", "until"))
    with sandbox.lock:
        workspace = sandbox.workspace
        destination = _known(sandbox, name)
        events = [
            event
            for event in workspace.events.values()
            if event.reason is None
            and (wanted is None or event.message["messageId"] in wanted)
            and (since is None or event.received_at >= since)
            and (until is None or event.received_at <= until)
        ]
        made = delivery.replay(workspace, events, destination)
        return {
            "replayed": len(made),
            "at": iso_milliseconds(workspace.now()),
            "deliveries": [{"id": one.id, "messageId": one.event.message["messageId"]} for one in made],
        }
