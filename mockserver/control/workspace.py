"""A Segment workspace, set up by hand as in the original's app: addresses, sources, OAuth; and what Engage tells."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from mockserver.answers import Answer, Bindings
from mockserver.clock import iso_milliseconds
from mockserver.control.listing import Row
from mockserver.problems import Problem
from mockserver.segment import engage, oauth, tracking
from mockserver.segment.model import OauthApp, Regulation, Source, id_of, slug_of
from mockserver.segment.workspace import Workspace

bindings = Bindings()

#: Seconds in a day, in which the lives of tokens are chosen.
_DAY: Final = 86_400


def check_address(url: str) -> None:
    """Whether something can be posted there.

    :raises Problem: when not
    """
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise invalid(f"url: {url!r} is no usable address")


def invalid(sentence: str) -> Problem:
    """A body whose form is right and whose sense is not."""
    return Problem("invalid-request", hint=f"{sentence}.", detail=sentence)


def unknown(kind: str, name: str, known: list[str]) -> Problem:
    """Nothing of that name is in the workspace."""
    sentence = f"There is no {kind} {name!r} in this workspace; there are: {', '.join(known) or 'none'}."
    return Problem("unknown-destination" if kind == "destination" else "unknown-thing", hint=sentence, detail=sentence)


# --- addresses --------------------------------------------------------------------------------------------------------


@bindings.handles("putSegmentEndpoint")
def put_segment_endpoint(workspace: Workspace, integration: str, body: dict[str, Any]) -> Row:
    """Where the destinations of a catalogue entry post that have no address of their own."""
    check_address(body["url"])
    workspace.endpoints[integration] = body["url"]
    return {"integration": integration, "url": body["url"]}


# --- sources ----------------------------------------------------------------------------------------------------------


def source_row(source: Source) -> Row:
    """A source with its write keys, which the sandbox's owner needs."""
    return {
        "id": source.id,
        "name": source.name,
        "slug": source.slug,
        "enabled": source.enabled,
        "writeKeys": source.write_keys,
        "oauthRequired": source.oauth_required,
    }


@bindings.handles("putSegmentSource")
def put_segment_source(workspace: Workspace, name: str, body: dict[str, Any]) -> Row:
    """Make a source, or switch it. One that is new gets a write key."""
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
    """Remove it, with its keys and with what is connected to it alone."""
    workspace.remove_source(known_source(workspace, name))
    return Answer(204)


def known_source(workspace: Workspace, name: str) -> Source:
    """The source of that name.

    :raises Problem: when there is none
    """
    source = workspace.source_named(name)
    if source is None:
        raise unknown("source", name, [each.name for each in workspace.sources.values()])
    return source


# --- OAuth ------------------------------------------------------------------------------------------------------------


def app_row(app: OauthApp) -> Row:
    """An application; its keys are public."""
    return {
        "id": app.id,
        "name": app.name,
        "publicKeys": app.public_keys,
        "scopes": app.scopes,
        "tokenLifeDays": int(app.token_life // _DAY),
    }


@bindings.handles("putSegmentOauthApp")
def put_segment_oauth_app(workspace: Workspace, name: str, body: dict[str, Any]) -> Row:
    """Register an application that gets tokens by signing, or change it. Its id is what it signs as its subject."""
    for key_id, key in body["publicKeys"].items():
        if not oauth.usable(key):
            raise invalid(f"publicKeys.{key_id}: is no RSA public key in PEM")
    known = next((app for app in workspace.oauth_apps.values() if app.name == name), None)
    app = OauthApp(
        # Sandboxes are found by it, so no two may choose the same.
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
    """Let Engage tell that profiles entered or left an audience, entered a journey or have a new trait."""
    name = body.get("source")
    source = known_source(workspace, name) if name is not None else next(iter(workspace.sources.values()), None)
    if source is None:
        raise unknown("source", "", [])
    what = engage.Computation(body["change"], body["name"], body.get("value"), body.get("destinations", []))
    if not what.key:
        raise invalid("name: needs a letter or a digit, for a key is made from it")
    profiles = [engage.Profile(each["userId"], each.get("emails", [])) for each in body["profiles"]]
    events = engage.send(workspace, source, what, body.get("form", "identify"), profiles)
    return Answer(202, {"events": [tracking.document(event) for event in events], "total": len(events)})


def regulation_row(regulation: Regulation) -> Row:
    """A regulation in short; the Public API tells all of it."""
    return {
        "id": regulation.id,
        "type": regulation.kind,
        "status": regulation.status,
        "subjects": regulation.subjects,
        "source": regulation.source,
        "createdAt": iso_milliseconds(regulation.created_at),
        "finishedAt": None if regulation.finished_at is None else iso_milliseconds(regulation.finished_at),
    }
