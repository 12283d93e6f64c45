"""Forgetting invitations: what a company must do when a customer asks for it. Chapter "Invitation API"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from json import loads
from typing import Any

from mockserver import hints
from mockserver.answers import Answer, Bindings
from mockserver.clock import iso
from mockserver.forgetting import Person
from mockserver.trustpilot import reviewing
from mockserver.trustpilot.access import partner_advice, reach
from mockserver.trustpilot.invitations import checked_moment, is_slashed
from mockserver.trustpilot.model import Invitation, InvitationLink, Token
from mockserver.trustpilot.world import World

bindings = Bindings()


@dataclass(frozen=True, slots=True)
class _Doomed:
    """Which invitation data goes: of these addresses, in lower case, or from before this moment."""

    emails: frozenset[str]
    before: float

    def takes(self, email: str | None, created_at: float) -> bool:
        return created_at < self.before or (email is not None and email.lower() in self.emails)


@bindings.handles("deleteInvitationData")
def delete_invitation_data(
    world: World,
    caller: Token,
    business_unit_id: str,
    x_business_user_id: str | None,
    body: dict[str, Any],
    carries: Callable[[str], bool],
    forget: Callable[[Person], None],
) -> Answer:
    """Forget invitations, their links, and what reviews know of them; queued mails never leave (INV).

    The reviews themselves and the accounts of their writers belong to the consumers and stay. Nobody finds the people
    any more in what the sandbox has recorded, this very call included.
    """
    unit = reach(world, caller, business_unit_id, x_business_user_id, write=True)
    advice = partner_advice(world, caller, carries)
    text = body.get("deleteOlderThan")
    before = float("-inf") if text is None else checked_moment(world, "deleteOlderThan", text)
    doomed = _Doomed(frozenset(email.lower() for email in body.get("customerEmails", ())), before)
    mails = [
        mail
        for mail in world.invitations.values()
        if mail.business_unit_id == unit.id and doomed.takes(loads(mail.request)["consumerEmail"], mail.created_at)
    ]
    orders = {loads(mail.request)["referenceNumber"] for mail in mails}
    for mail in mails:
        world.schedule.call_off(mail.due)
        del world.invitations[mail.id]
        world.traces.note(mail.trace, "invitation-deleted", "invitationId", mail.id, mail.type, mail.send_at, None)
    gone = {mail.id for mail in mails}
    links = [
        link
        for link in world.links.values()
        if link.unit == unit.id and (link.invitation in gone or doomed.takes(link.email, link.created_at))
    ]
    orders |= {link.reference_id for link in links if link.reference_id is not None}
    for link in links:
        world.drop_link(link)
    forget(_gone(world, frozenset(body.get("customerEmails", ())), mails, links))
    touched = reviewing.forget_referrals(world, unit.id, doomed.takes, orders)
    hint = hints.invitation_data_deleted(len(mails), len(links), touched)
    if text is not None and is_slashed(text):
        hint = f"{hints.moment_slashed('deleteOlderThan', iso(before))} {hint}"
    return Answer(200, hint=advice or hint)


def _gone(world: World, named: frozenset[str], mails: list[Invitation], links: list[InvitationLink]) -> Person:
    """Who is to be found no more: whoever was named, and of those who went by date whoever is not invited anew."""
    people = [
        (request["consumerEmail"], request["consumerName"]) for mail in mails for request in [loads(mail.request)]
    ]
    people += [(link.email, link.name) for link in links if link.email is not None]
    invited = {loads(mail.request)["consumerEmail"].lower() for mail in world.invitations.values()}
    invited |= {link.email.lower() for link in world.links.values() if link.email is not None}
    addresses = {email.lower() for email in named}
    addresses |= {email.lower() for email, _ in people} - invited
    return Person(
        addresses=frozenset(addresses),
        names=frozenset(name for email, name in people if name and email.lower() in addresses),
    )
