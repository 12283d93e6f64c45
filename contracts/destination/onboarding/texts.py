"""What a customer who connects a shop can be told.

For refusals Trustpilot documents causes: a partner must say that a paid plan is needed (its page of partner errors,
403), and permissions are switched on by an admin at the address below (seed 003, step 4).
"""

from __future__ import annotations

from http import HTTPStatus

from contracts.destination.message import Message

PERMISSIONS = "https://businessapp.b2b.trustpilot.com/account/permissions"
"""Where partner permissions are switched on (seed 003, step 4)."""

_BAD = HTTPStatus.BAD_REQUEST
_FORBIDDEN = HTTPStatus.FORBIDDEN
_LATER = HTTPStatus.SERVICE_UNAVAILABLE
_ADVICE_PARTNER = "Check the partner variables, and that the partner's user has no 2-step verification."

TEXTS = (
    Message(
        "connected",
        HTTPStatus.CREATED,
        "{domain} is connected. Paste the Integration Key into the setting API Key in Segment. It is shown only now.",
        "A new connection stands in the database.",
    ),
    Message(
        "login-begun",
        HTTPStatus.OK,
        "{domain} may be connected. Log in at Trustpilot to allow it.",
        "Keys were made for the customer. They are dropped when no login follows in time.",
    ),
    Message(
        "disconnected",
        HTTPStatus.OK,
        "The shop is disconnected: its keys and tokens are deleted here, and its login is revoked at Trustpilot.",
        "Its orders stay, as those of a connection that is no more.",
    ),
    Message(
        "disconnected-here",
        HTTPStatus.OK,
        "The shop is disconnected: its keys and tokens are deleted here. Trustpilot did not confirm that the login is "
        "revoked; it ends by itself.",
        "A refresh token of which nobody has a copy any more lives on at Trustpilot until it expires.",
    ),
    Message(
        "onboarding-off",
        _LATER,
        "Shops cannot be connected here yet: {missing} is not set.",
        "Set the variable, and start again.",
    ),
    Message(
        "bad-domain",
        _BAD,
        "That is not a domain. Give the one of the shop's profile at Trustpilot, such as example.com.",
        "Nothing was asked of Trustpilot.",
    ),
    Message(
        "unknown-domain",
        HTTPStatus.NOT_FOUND,
        "Trustpilot knows no business with the domain {domain}. Look up in your Trustpilot account how it is written.",
        "No keys were made.",
    ),
    Message(
        "not-eligible",
        _FORBIDDEN,
        "{domain} may not use this integration. A paid Trustpilot plan is needed, and an admin has to switch on "
        f"partner permissions at {PERMISSIONS}. Then try again.",
        "The check was answered 200 and not 201. Trustpilot does not tell which of both it is.",
    ),
    Message(
        "not-ours",
        _FORBIDDEN,
        "Trustpilot does not let this integration reach {domain}. Check that it is the domain of your own business, "
        "and that it has a paid Trustpilot plan.",
        "The check was answered 403.",
    ),
    Message(
        "partner-refused",
        HTTPStatus.BAD_GATEWAY,
        "Trustpilot refused this integration itself (status {status}). It is not your fault; tell whoever runs it.",
        _ADVICE_PARTNER,
    ),
    Message(
        "partner-later",
        _LATER,
        "Trustpilot cannot be asked right now. Nothing was connected; try again in a few minutes.",
        "No usable answer came.",
    ),
    Message(
        "foreign-state",
        _BAD,
        "This login was not begun here, was used before, or took too long. Begin again.",
        "Nothing was asked of Trustpilot.",
    ),
    Message(
        "login-refused",
        _FORBIDDEN,
        "You refused access at Trustpilot, so nothing was connected. Begin again whenever you like.",
        "Trustpilot sent the customer back with `access_denied`.",
    ),
    Message(
        "login-failed",
        _BAD,
        "Trustpilot sent you back without a code, so nothing was connected. Begin again.",
        "Check that `OAUTH_REDIRECT_URI` is registered with Trustpilot, letter by letter.",
    ),
    Message(
        "code-refused",
        _BAD,
        "Trustpilot did not accept the code of your login (status {status}); it lives for minutes and works once. "
        "Log in again.",
        "If it happens always: `OAUTH_REDIRECT_URI` must be the registered one, letter by letter.",
    ),
    Message(
        "code-later",
        _LATER,
        "Trustpilot gave no token for your login, so nothing was connected. Try again in a few minutes.",
        "No usable answer came.",
    ),
    Message(
        "bad-form",
        _BAD,
        "This form is not from this browser's session. Allow cookies for this site, open the page again, then send it.",
        "A page of somebody else may have sent it.",
    ),
    Message(
        "not-stored",
        HTTPStatus.CONFLICT,
        "This connection is set up by whoever runs this destination and cannot be disconnected here.",
        "It stands in the environment.",
    ),
    Message(
        "not-the-operator",
        _FORBIDDEN,
        "This key cannot connect shops. Use the key of whoever runs this destination, or the page /connect.",
        "`INTEGRATION_KEY` is wanted.",
    ),
    Message(
        "bad-action",
        _BAD,
        "{field} must be a string.",
        "See the table of actions.",
    ),
)
"""Every such sentence; :data:`contracts.destination.messages.MESSAGES` holds them too."""
