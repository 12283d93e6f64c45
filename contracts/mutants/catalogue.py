"""Every mutant by name, with the one thing that is wrong about it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from contracts.destination.app import create_app
from contracts.destination.config import Settings
from contracts.destination.service import Parts, build
from contracts.mutants import admitting, answering, calling


@dataclass(frozen=True, slots=True)
class Mutant:
    """A destination that is wrong in one way.

    :param sentence: what it does, for people.
    :param parts: the classes it is made of.
    """

    sentence: str
    parts: Parts


MUTANTS: dict[str, Mutant] = {
    "accepts-any-key": Mutant("Processes events whatever the integration key.", Parts(connections=admitting.AnyKey)),
    "invites-on-any-event": Mutant(
        "Invites on every track call, not only on Order Completed.", Parts(reader=admitting.AnyEvent)
    ),
    "invites-on-identify": Mutant("Invites on identify calls too.", Parts(reader=admitting.Identify)),
    "ignores-missing-email": Mutant(
        "Makes up an e-mail address when the order has none.", Parts(reader=admitting.MissingEmail)
    ),
    "ignores-missing-order-id": Mutant(
        "Makes up an order id when the order has none.", Parts(reader=admitting.MissingOrderId)
    ),
    "no-dedupe": Mutant("Invites again for every event of the same order.", Parts(ledger=calling.Forgetful)),
    "dedupes-by-message-id-only": Mutant(
        "Invites again when the same order comes in another event.", Parts(destination=answering.ByMessage)
    ),
    "new-token-per-order": Mutant("Asks for an access token for every order.", Parts(tokens=calling.FreshTokens)),
    "never-renews-token": Mutant(
        "Goes on with an access token that Trustpilot refuses.", Parts(tokens=calling.EternalTokens)
    ),
    "drops-on-429": Mutant(
        "Answers 200 when Trustpilot limits calls, so the order is lost.", Parts(destination=answering.DropsOn429)
    ),
    "drops-on-500": Mutant(
        "Answers 200 when Trustpilot fails, so the order is lost.", Parts(destination=answering.DropsOn500)
    ),
    "retries-for-ever": Mutant(
        "Asks for token after token while Trustpilot answers 401.", Parts(trustpilot=calling.Tireless)
    ),
    "hides-403": Mutant(
        "Answers 200 when Trustpilot says that a permission is missing.", Parts(destination=answering.Hides403)
    ),
    "leaks-email": Mutant("Writes the buyer's address into the message.", Parts(destination=answering.LeaksEmail)),
    "silent": Mutant("Refuses without a message.", Parts(destination=answering.Silent)),
    "wrong-reference": Mutant("Sends the event's id as reference number.", Parts(trustpilot=calling.WrongReference)),
    "first-name-only": Mutant("Drops the buyer's surname.", Parts(reader=admitting.FirstNameOnly)),
    "times-out-twice": Mutant(
        "Sends the invitation a second time when the answer is slow.", Parts(trustpilot=calling.Impatient)
    ),
}


def create_mutant(name: str, settings: Settings) -> Flask:
    """The mutant as a WSGI application.

    :param name: a key of :data:`MUTANTS`.
    """
    return create_app(settings, build(settings, MUTANTS[name].parts))
