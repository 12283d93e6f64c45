"""What is in a sandbox, as lists: the journal, the Trustpilot world, the Segment workspace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from mockserver.answers import Answer, Bindings
from mockserver.clock import iso
from mockserver.control import rows
from mockserver.journal import mask
from mockserver.problems import Problem
from mockserver.sandbox import Sandbox
from mockserver.segment import delivery, tracking
from mockserver.segment.model import Destination
from mockserver.trustpilot import business_units, invitation_life, product_reviews, webhooks
from mockserver.trustpilot.model import Token

bindings = Bindings()

Row = dict[str, Any]


@bindings.handles("listJournal")
def list_journal(
    sandbox: Sandbox,
    operation: str | None,
    direction: str | None,
    status: int | None,
    trace: str | None,
    since: int | None,
    limit: int,
) -> dict[str, Any]:
    """The newest ``limit`` entries that fit, oldest first."""
    wanted = {"operation": operation, "direction": direction, "status": status, "trace": trace}
    fields = {name: value for name, value in wanted.items() if value is not None}
    with sandbox.lock:
        found = sandbox.journal.find(since=since or 0, **fields)
    return {"journal": [entry.document() for entry in found[-limit:]], "total": len(found)}


@bindings.handles("clearJournal")
def clear_journal(sandbox: Sandbox) -> Answer:
    """Forget the exchanges."""
    with sandbox.lock:
        sandbox.journal.clear()
    return Answer(204)


def _token(token: Token) -> Row:
    return {
        "token": mask(token.value),
        "apiKey": mask(token.application.key),
        "grant": token.grant,
        "businessUserId": token.user_id,
        "issuedAt": iso(token.issued_at),
        "expiresAt": iso(token.expires_at),
        "revoked": token.revoked,
    }


def _units(sandbox: Sandbox) -> Iterable[Row]:
    for unit in sandbox.world.units.values():
        yield business_units.document(sandbox.world, unit, "") | {
            "links": [],
            "plan": unit.plan,
            "partnerPermission": unit.partner_permission,
            "onlyPartner": unit.only_partner,
        }


def _users(sandbox: Sandbox) -> Iterable[Row]:
    for user in sandbox.world.users.values():
        yield {"id": user.id, "username": user.username, "twoStep": user.two_step, "roles": user.roles}


def _partners(sandbox: Sandbox) -> Iterable[Row]:
    for partner in sandbox.world.partners.values():
        yield {"id": partner.id, "name": partner.name}


def _reviews(sandbox: Sandbox) -> Iterable[Row]:
    for review in sandbox.world.product_reviews.all():
        yield product_reviews.document(sandbox.world, review) | {"businessUnitId": review.unit, "sku": review.sku}


def _invitations(sandbox: Sandbox) -> Iterable[Row]:
    now = sandbox.world.now()
    for mail in sandbox.world.invitations.values():
        yield invitation_life.document(mail, now)


def _links(sandbox: Sandbox) -> Iterable[Row]:
    for link in sandbox.world.links.values():
        yield rows.invitation_link(link)


def _consumers(sandbox: Sandbox) -> Iterable[Row]:
    world = sandbox.world
    for person in world.consumers.values():
        yield rows.consumer(person, len(world.reviews_by_consumer.get(person.id, ())))


def _deletions(sandbox: Sandbox) -> Iterable[Row]:
    for kind, gone in (("review", sandbox.world.deleted_reviews), ("consumer", sandbox.world.deleted_consumers)):
        for deletion in gone.values():
            yield rows.deletion(kind, deletion)


def _destination(destination: Destination) -> Row:
    return {
        "name": destination.name,
        "url": destination.url,
        "enabled": destination.enabled,
        "settings": {"apiKey": mask(destination.api_key)},
    }


_WORLD: Final[Mapping[str, Callable[[Sandbox], Iterable[Row]]]] = {
    "business-units": _units,
    "business-users": _users,
    "partners": _partners,
    "tokens": lambda sandbox: map(_token, sandbox.world.tokens.values()),
    "invitations": _invitations,
    "invitation-links": _links,
    "reviews": lambda sandbox: map(rows.service_review, sandbox.world.service_reviews.all()),
    "product-reviews": _reviews,
    "consumers": _consumers,
    "deletions": _deletions,
    "webhooks": lambda sandbox: map(webhooks.document, sandbox.world.webhooks.values()),
    "webhook-subscriptions": lambda sandbox: map(rows.subscription, sandbox.world.subscriptions.values()),
}
_SEGMENT: Final[Mapping[str, Callable[[Sandbox], Iterable[Row]]]] = {
    "destinations": lambda sandbox: map(_destination, sandbox.workspace.destinations.values()),
    "events": lambda sandbox: map(tracking.document, sandbox.workspace.events.values()),
    "deliveries": lambda sandbox: map(delivery.document, sandbox.workspace.deliveries.values()),
}


def _list(
    sandbox: Sandbox,
    rooms: Mapping[str, Callable[[Sandbox], Iterable[Row]]],
    collection: str,
    limit: int,
    filters: Mapping[str, str],
) -> dict[str, Any]:
    with sandbox.lock:
        rows = [row for row in rooms[collection](sandbox) if _fits(row, filters)]
    return {collection: rows[-limit:], "total": len(rows)}


def _fits(row: Row, filters: Mapping[str, str]) -> bool:
    return all(name in row and _as_text(row[name]) == value for name, value in filters.items())


def _as_text(value: Any) -> str:
    return {True: "true", False: "false", None: "null"}[value] if value in (True, False, None) else str(value)


@bindings.handles("listWorldCollection")
def list_world_collection(sandbox: Sandbox, collection: str, limit: int, filters: dict[str, str]) -> dict[str, Any]:
    """One route for all Trustpilot things."""
    return _list(sandbox, _WORLD, collection, limit, filters)


@bindings.handles("listSegmentCollection")
def list_segment_collection(sandbox: Sandbox, collection: str, limit: int, filters: dict[str, str]) -> dict[str, Any]:
    """One route for all Segment things."""
    return _list(sandbox, _SEGMENT, collection, limit, filters)


@bindings.handles("getSegmentDestination")
def get_segment_destination(sandbox: Sandbox, name: str) -> Row:
    """One destination, its API key masked."""
    with sandbox.lock:
        return _destination(_known(sandbox, name))


@bindings.handles("putSegmentDestination")
def put_segment_destination(sandbox: Sandbox, name: str, body: dict[str, Any]) -> Row:
    """Connect a destination, or change it. Segment will post to this address and to no other."""
    try:
        parts = urlsplit(body["url"])
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Problem(
            "invalid-request", hint="url is no usable address.", detail=f"url: {body['url']!r} is no usable address"
        )
    destination = Destination(name, body["url"], body["settings"]["apiKey"], body.get("enabled", True))
    with sandbox.lock:
        sandbox.workspace.destinations[name] = destination
    return _destination(destination)


@bindings.handles("deleteSegmentDestination")
def delete_segment_destination(sandbox: Sandbox, name: str) -> Answer:
    """Disconnect it; what still waits for it is not delivered."""
    with sandbox.lock:
        _known(sandbox, name)
        del sandbox.workspace.destinations[name]
    return Answer(204)


def _known(sandbox: Sandbox, name: str) -> Destination:
    destination = sandbox.workspace.destinations.get(name)
    if destination is None:
        names = ", ".join(sandbox.workspace.destinations) or "none"
        sentence = f"There is no destination {name!r} in this workspace; there are: {names}."
        raise Problem("unknown-destination", hint=sentence, detail=sentence)
    return destination
