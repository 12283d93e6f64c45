"""Links to write a service review, for a shop to send by itself. Chapter "Invitation API"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver import hints
from mockserver.answers import Answer, Bindings
from mockserver.trustpilot.access import partner_advice, reach
from mockserver.trustpilot.invitations import check_locale
from mockserver.trustpilot.links import page_url
from mockserver.trustpilot.model import InvitationLink, Token
from mockserver.trustpilot.world import World

bindings = Bindings()


@bindings.handles("createServiceReviewInvitationLink")
def create_service_review_invitation_link(
    world: World,
    caller: Token,
    business_unit_id: str,
    x_business_user_id: str | None,
    body: dict[str, Any],
    carries: Callable[[str], bool],
    trace: Callable[[str], str],
    api_url: str,
) -> Answer:
    """A link for one consumer and one experience (INV; id and address as in recorded answers)."""
    unit = reach(world, caller, business_unit_id, x_business_user_id, write=True)
    advice = partner_advice(world, caller, carries)
    check_locale(world, body.get("locale"))
    reference_id = body.get("referenceId")
    link = InvitationLink(
        id=world.secrets.hexadecimal(32),
        unit=unit.id,
        kind="service",
        reference_id=reference_id,
        email=body.get("email"),
        name=body.get("name"),
        locale=body.get("locale"),
        redirect_uri=body.get("redirectUri"),
        created_at=world.now(),
        location=body.get("locationId"),
        tags=body.get("tags", []),
        trace=None if reference_id is None else trace(reference_id),
    )
    world.add_link(link)
    world.traces.note(link.trace, "link-made", "orderId", link.id, link.kind)
    answer = {"id": link.id, "url": page_url(api_url, link.kind, link.id)}
    return Answer(200, answer, hint=advice or hints.LINK_NOT_SENT)
