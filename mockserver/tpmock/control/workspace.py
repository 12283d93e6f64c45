"""A Segment workspace, set up as in the real app: addresses, sources, OAuth, and what Engage sends."""

from __future__ import annotations

from typing import Any, Final

from tpmock.common.durations import seconds
from tpmock.common.moments import iso_milliseconds
from tpmock.control.listing import Row
from tpmock.control.refusals import check_address, refusal
from tpmock.core.json_text import members
from tpmock.core.problems import Problem, invalid
from tpmock.core.responses import Answer, Bindings
from tpmock.segment import audiences, engage, oauth, tracking
from tpmock.segment.model import Audience, OauthApp, Regulation, Source, id_of, slug_of
from tpmock.segment.workspace import Workspace

bindings = Bindings()

#: Seconds in a day, the unit for token lifetimes.
_DAY: Final = 86_400


def unknown_in_workspace(kind: str, name: str, known: list[str]) -> Problem:
    """Return the problem for an unknown name in the workspace."""
    sentence = f"There is no {kind} {name!r} in this workspace; there are: {', '.join(known) or 'none'}."
    return refusal("unknown-destination" if kind == "destination" else "unknown-thing", sentence)


# --- addresses --------------------------------------------------------------------------------------------------------


@bindings.handles("putSegmentEndpoint")
def put_segment_endpoint(workspace: Workspace, integration: str, body: dict[str, Any]) -> Row:
    """Set the address for those destinations of a catalog entry that have no address themselves."""
    check_address(body["url"])
    workspace.endpoints[integration] = body["url"]
    return {"integration": integration, "url": body["url"]}


# --- sources ----------------------------------------------------------------------------------------------------------


def source_row(source: Source) -> Row:
    """Return a source with its write keys, which the sandbox's owner needs."""
    return members(source, "id", "name", "slug", "enabled", "write_keys", "oauth_required")


@bindings.handles("putSegmentSource")
def put_segment_source(workspace: Workspace, name: str, body: dict[str, Any]) -> Row:
    """Create a source or change it. A new one gets a write key."""
    source = workspace.source_named(name)
    if source is None:
        source = Source(id=id_of(f"source {name}"), name=name, slug=slug_of(name), write_keys=[], enabled=True)
        workspace.add_source(source)
        workspace.add_write_key(source, workspace.new_write_key())
    source.enabled = body.get("enabled", True)
    source.oauth_required = body.get("oauthRequired", False)
    return source_row(source)


@bindings.handles("deleteSegmentSource")
def delete_segment_source(workspace: Workspace, name: str) -> Answer:
    """Remove a source, its keys, and the destinations that only it feeds."""
    workspace.remove_source(known_source(workspace, name))
    return Answer(204)


def known_source(workspace: Workspace, name: str) -> Source:
    """Return the source of that name.

    :raises Problem: when it is unknown
    """
    source = workspace.source_named(name)
    if source is None:
        raise unknown_in_workspace("source", name, [each.name for each in workspace.sources.values()])
    return source


# --- OAuth ------------------------------------------------------------------------------------------------------------


def app_row(app: OauthApp) -> Row:
    """Return an OAuth application; its keys are public."""
    return members(app, "id", "name", "public_keys", "scopes") | {"tokenLifeDays": int(app.token_life // _DAY)}


@bindings.handles("putSegmentOauthApp")
def put_segment_oauth_app(workspace: Workspace, name: str, body: dict[str, Any]) -> Row:
    """Register or change an application that gets tokens with signed assertions. Its id is the assertion's subject."""
    for key_id, key in body["publicKeys"].items():
        if not oauth.usable(key):
            raise invalid(f"publicKeys.{key_id}: is not an RSA public key in PEM")
    known = next((app for app in workspace.oauth_apps.values() if app.name == name), None)
    app = OauthApp(
        # Sandboxes are found by this id, so it must be unique.
        id=known.id if known else id_of(workspace.secrets.uuid()),
        name=name,
        public_keys=body["publicKeys"],
        scopes=body.get("scopes", [oauth.TRACKING_SCOPE]),
        token_life=body.get("tokenLifeDays", 1) * _DAY,
    )
    workspace.add_oauth_app(app)
    return app_row(app)


# --- people -----------------------------------------------------------------------------------------------------------


@bindings.handles("sendEngageCalls")
def send_engage_calls(workspace: Workspace, body: dict[str, Any]) -> Answer:
    """Send the calls of Engage: profiles entered or left an audience, entered a journey or have a new trait."""
    source = _engage_source(workspace, body)
    what = engage.Computation(body["change"], body["name"], body.get("value"), body.get("destinations", []))
    if not what.key:
        raise invalid("name: needs a letter or a digit, because its key is derived from it")
    events = engage.send(workspace, source, what, body.get("form", "identify"), body["profiles"])
    return Answer(202, {"events": [tracking.document(event) for event in events], "total": len(events)})


def _engage_source(workspace: Workspace, body: dict[str, Any]) -> Source:
    name = body.get("source")
    source = known_source(workspace, name) if name is not None else next(iter(workspace.sources.values()), None)
    if source is None:
        raise unknown_in_workspace("source", "", [])
    return source


@bindings.handles("putSegmentAudience")
def put_segment_audience(workspace: Workspace, name: str, body: dict[str, Any]) -> Row:
    """Create or change an audience or a computed trait. The first sync is hours away, on the sandbox's clock."""
    source = _engage_source(workspace, body)
    if not engage.key_of(name):
        raise invalid("name: needs a letter or a digit, because its key is derived from it")
    if name not in workspace.audiences and len(workspace.audiences) >= audiences.MOST:
        raise invalid(f"name: this workspace has {audiences.MOST} audiences already; delete one first")
    profiles = body.get("members", [])
    if body.get("computes") == "trait" and "event" not in body:
        raise invalid("event: is missing; a computed trait is the number of events of that name")
    if ("event" in body) == ("members" in body):
        raise invalid("members: give either members, for a list, or event, for a rule")
    if "within" in body:
        try:
            seconds(body["within"])
        except ValueError as problem:
            raise invalid(f"within: {problem}") from None
    definition = {key: body[key] for key in ("computes", "event", "within", "form", "destinations") if key in body}
    listed = {profile["userId"]: profile.get("emails", []) for profile in profiles}
    audience = engage.put(workspace, name, source, definition | {"listed": [*listed], "emails": listed})
    return audiences.document(audience, workspace.now())


@bindings.handles("deleteSegmentAudience")
def delete_segment_audience(workspace: Workspace, name: str) -> Answer:
    """Remove an audience, without an event to destinations."""
    del workspace.audiences[known_audience(workspace, name).name]
    return Answer(204)


@bindings.handles("syncSegmentAudience")
def sync_segment_audience(workspace: Workspace, name: str) -> Answer:
    """Sync an audience now, before its scheduled time."""
    events = engage.sync(workspace, known_audience(workspace, name))
    return Answer(202, {"events": [tracking.document(event) for event in events], "total": len(events)})


def known_audience(workspace: Workspace, name: str) -> Audience:
    """Return the audience of that name.

    :raises Problem: when it is unknown
    """
    if name not in workspace.audiences:
        raise unknown_in_workspace("audience", name, [*workspace.audiences])
    return workspace.audiences[name]


def regulation_row(regulation: Regulation) -> Row:
    """Return the summary of a regulation; the Public API returns all of it."""
    names = ("id", "status", "subjects", "source", "created_at", "finished_at")
    return members(regulation, *names, moment=iso_milliseconds) | {"type": regulation.kind}
