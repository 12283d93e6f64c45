"""Every mutant by name, with the one thing that is wrong about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Flask

from contracts.destination.app import create_app
from contracts.destination.config import Settings
from contracts.destination.service import Parts, build
from contracts.mutants import admitting, answering, calling
from contracts.mutants.apis import APIS, create_api
from contracts.mutants.companion import create_companion
from contracts.mutants.companions import COMPANIONS


@dataclass(frozen=True, slots=True)
class Mutant:
    """A destination that is wrong in one way.

    :param sentence: what it does, for people.
    :param parts: the classes it is made of.
    :param door: what is done to the application.
    """

    sentence: str
    parts: Parts
    door: Callable[[Flask], None] | None = None


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
    "looks-at-name-only": Mutant(
        "Invites on a page call that is named Order Completed.", Parts(reader=admitting.ByName)
    ),
    "invites-on-group": Mutant("Invites on group calls too.", Parts(reader=admitting.Group)),
    "fails-on-bad-input": Mutant("Answers 500 to an order that it cannot read.", Parts(reader=admitting.Brittle)),
    "fails-on-odd-characters": Mutant(
        "Answers 500 to an order id with a null character.", Parts(reader=admitting.Unprintable)
    ),
    "local-time": Mutant("Takes the buyer's time of day for UTC.", Parts(reader=admitting.LocalTime)),
    "broken-lines": Mutant("Passes a line break in a name on.", Parts(reader=admitting.BrokenLines)),
    "retries-400": Mutant(
        "Sends an invitation that was refused as invalid again and again.", Parts(trustpilot=calling.Stubborn)
    ),
    "repeats-lost-answers": Mutant(
        "Asks for a retry when the answer was lost, so the buyer is invited twice.", Parts(trustpilot=calling.Repeats)
    ),
    "wrong-host": Mutant("Asks the host of the tokens for invitations.", Parts(trustpilot=calling.WrongHost)),
    "no-partner-header": Mutant("Leaves the partner's id out.", Parts(trustpilot=calling.NoPartner)),
    "no-user-header": Mutant("Leaves out on whose behalf it acts.", Parts(trustpilot=calling.NoUser)),
    "key-in-address": Mutant("Puts the API key into the address as well.", Parts(trustpilot=calling.KeyInAddress)),
    "products-and-skus": Mutant(
        "Names products by details and by SKU in one invitation.", Parts(trustpilot=calling.TwoWaysOfProducts)
    ),
    "passes-all-on": Mutant("Sends telephone number, street and coupon along.", Parts(trustpilot=calling.PassesAllOn)),
    "throws-tokens-away": Mutant("Asks for a token at each start.", Parts(tokens=calling.ThrowsTokensAway)),
    "forgets-at-restart": Mutant("Knows no order after a restart.", Parts(ledger=calling.ShortMemory)),
    "gives-up-at-once": Mutant("Never asks again for an order that was refused once.", Parts(ledger=calling.Resentful)),
    "one-order-per-buyer": Mutant("Takes two orders of one buyer for one.", Parts(destination=calling.ByBuyer)),
    "one-order-per-name": Mutant("Takes two orders under one name for one.", Parts(destination=calling.ByFullName)),
    "keeps-email": Mutant("Writes the buyer's address into its database.", Parts(destination=answering.KeepsEmail)),
    "ignores-deletion": Mutant(
        "Answers that a person is forgotten, and forgets nobody.", Parts(destination=answering.IgnoresDeletion)
    ),
    "forgets-one-address": Mutant(
        "Has one address of a person deleted, however many there are.", Parts(destination=answering.ForgetsOneAddress)
    ),
    "believes-deletion": Mutant(
        "Answers that a person is forgotten, whatever Trustpilot said.", Parts(destination=answering.BelievesDeletion)
    ),
    "deletes-nobody": Mutant(
        "Asks Trustpilot to delete somebody when it knows nobody.", Parts(destination=answering.DeletesNobody)
    ),
    "tries-old-path": Mutant("Tries a path of long ago before the right one.", Parts(trustpilot=calling.TriesOldPath)),
    "fails-on-broken-json": Mutant(
        "Answers 500 to a body that is no JSON.", Parts(), door=answering.fail_on_broken_json
    ),
}


def create_mutant(name: str, settings: Settings) -> Flask:
    """The mutant as a WSGI application.

    :param name: a key of :data:`MUTANTS`.
    """
    mutant = MUTANTS[name]
    app = create_app(settings, build(settings, mutant.parts))
    if mutant.door is not None:
        mutant.door(app)
    return app


SENTENCES: dict[str, str] = {
    **{name: mutant.sentence for name, mutant in MUTANTS.items()},
    **{name: sentence for name, (sentence, _) in COMPANIONS.items()},
    **{name: api.sentence for name, api in APIS.items()},
}
"""Everything that can be served, with what it does."""


def create(name: str, environment: Mapping[str, str]) -> Flask:
    """Anything of :data:`SENTENCES` but a destination's mutant, as a WSGI application.

    :param environment: as the contract kit gives it to every subject.
    """
    if name in APIS:
        return create_api(name, environment)
    return create_companion(COMPANIONS[name][1](environment))
