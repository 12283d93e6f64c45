"""Erasure of invitation data, which a company must do on a customer's request. Chapter "Invitation API"."""

from __future__ import annotations

from collections.abc import Callable

from tpmock.common.moments import iso
from tpmock.core import hints
from tpmock.core.responses import Answer, Bindings
from tpmock.journal.erasure import Person
from tpmock.trustpilot import review_changes
from tpmock.trustpilot.access import inviting_unit
from tpmock.trustpilot.invitation_life import addressee
from tpmock.trustpilot.invitations import checked_moment, is_slashed
from tpmock.trustpilot.model import Json, Token
from tpmock.trustpilot.world import World

bindings = Bindings()


@bindings.handles("deleteInvitationData")
def delete_invitation_data(
    world: World, caller: Token, arguments: Json, body: Json, forget: Callable[[Person], None]
) -> Answer:
    """Delete invitations, their links, and their traces in reviews; queued emails are never sent (INV).

    The reviews themselves and the accounts of their writers belong to the consumers and stay. The people are erased
    from all records of the sandbox, including the record of this call.
    """
    unit = inviting_unit(world, caller, arguments)
    text = body.get("deleteOlderThan")
    before = float("-inf") if text is None else checked_moment(world, "deleteOlderThan", text)
    named = {email.lower() for email in body.get("customerEmails", ())}

    def meant(email: str | None, created_at: float) -> bool:
        return created_at < before or (email is not None and email.lower() in named)

    addressees = {mail.id: addressee(mail) for mail in world.invitations.values()}
    mails = [
        mail
        for mail in world.invitations.values()
        if mail.business_unit_id == unit.id and meant(addressees[mail.id].email, mail.created_at)
    ]
    people = [addressees.pop(mail.id) for mail in mails]
    orders = {person.reference for person in people}
    for mail in mails:
        world.schedule.cancel(mail.due)
        del world.invitations[mail.id]
        world.traces.note(mail.trace, "invitation-deleted", "invitationId", mail.id, mail.type, mail.send_at, None)
    gone = {mail.id for mail in mails}
    links = [
        link
        for link in world.links.values()
        if link.unit == unit.id and (link.invitation in gone or meant(link.email, link.created_at))
    ]
    orders |= {link.reference_id for link in links if link.reference_id is not None}
    for link in links:
        world.drop_link(link)
    invited = [person.email for person in addressees.values()]
    invited += [link.email for link in world.links.values() if link.email is not None]
    found: list[tuple[str, str | None]] = [(person.email, person.name) for person in people]
    found += [(link.email, link.name) for link in links if link.email is not None]
    forget(_to_erase(named, found, {email.lower() for email in invited}))
    touched = review_changes.forget_referrals(world, unit.id, meant, orders)
    hint = hints.INVITATION_DATA_DELETED.format(mails=len(mails), links=len(links), reviews=touched)
    if text is not None and is_slashed(text):
        hint = f"{hints.MOMENT_SLASHED.format(where='deleteOlderThan', read=iso(before))} {hint}"
    return Answer(200, hint=hint)


def _to_erase(named: set[str], found: list[tuple[str, str | None]], invited: set[str]) -> Person:
    """Return the people to erase: the named ones, and those found by date who have no newer invitation."""
    addresses = named | ({email.lower() for email, _ in found} - invited)
    return Person(
        addresses=frozenset(addresses),
        names=frozenset(name for email, name in found if name and email.lower() in addresses),
    )
