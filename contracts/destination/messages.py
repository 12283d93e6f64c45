"""Every sentence that Segment, and through it the customer, can be told; the README lists them from here.

Those for a customer who connects a shop stand in :mod:`contracts.destination.onboarding.texts`.

Segment gives each status a meaning (direct destinations: 200 processed, 202 taken but not finished, 400 the client's
fault, 401 key no longer valid, 403 permission missing, 501 call type not supported, 503 down for now) and shows
``message`` in its debugger. It retries 429 and 5xx except 501, and gives up on every other refusal, so the status also
decides whether the order comes back.

No message carries an e-mail address, a name, a secret, or a word taken from the event that could be one of these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus

from contracts.destination.message import Message
from contracts.destination.onboarding.texts import TEXTS


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to Segment.

    :param status: an HTTP status with the meaning Segment gives to it.
    :param message: one or two sentences for the customer; an empty one makes an empty body.
    :param name: of the message, for logs and metrics.
    """

    status: int
    message: str
    name: str = field(default="", compare=False)


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The event ends here, for a reason its sender can be told; ``reply`` is that answer."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.message)
        self.reply = reply


def say(name: str, **places: object) -> Reply:
    """The reply of a name, with its places filled in."""
    message = MESSAGES[name]
    return Reply(message.status, message.text.format(**places), name)


def refuse(name: str, **places: object) -> Refusal:
    """The same as something to raise."""
    return Refusal(say(name, **places))


_OK = HTTPStatus.OK
_BAD = HTTPStatus.BAD_REQUEST
_UNAUTHORIZED = HTTPStatus.UNAUTHORIZED
_FORBIDDEN = HTTPStatus.FORBIDDEN
_LIMITED = HTTPStatus.TOO_MANY_REQUESTS
_LATER = HTTPStatus.SERVICE_UNAVAILABLE

_RETRY = "No invitation was made for {order}; a retry will try again."
_PASTE = "Paste the Integration Key into the setting API Key in Segment."
_BY_SEGMENT = "Nothing to do: Segment retries for four hours."

_ALL = (
    # Orders
    Message("invited", _OK, "Invitation requested for {order}, to the address in {place}.", "The order is `sent`."),
    Message(
        "already-invited",
        _OK,
        "A buyer was already invited for {order}; nothing was sent again.",
        "A repeated delivery, a replay, or the order in a second event.",
    ),
    Message(
        "capped",
        _OK,
        "No invitation for {order}: this buyer has had as many as are allowed for now.",
        "The order is `refused` for the reason `cap`. See `CONSUMER_CAP`.",
    ),
    Message(
        "in-flight",
        _LATER,
        "The invitation for {order} is being requested right now. A retry will learn how that ended.",
        _BY_SEGMENT,
    ),
    Message(
        "unconfirmed",
        HTTPStatus.ACCEPTED,
        "Trustpilot did not confirm the invitation for {order}. It is not repeated, so that nobody is invited "
        "twice; look for it in Trustpilot's invitation history.",
        "The order is `unconfirmed`. Look for it, then say what you found: `tpmock destination resolve`.",
    ),
    Message(
        "unconfirmed-repeated",
        _LATER,
        "Trustpilot did not confirm the invitation for {order}. A retry will ask again, as this destination is set up.",
        "Only with `ON_UNKNOWN_OUTCOME=repeat`. The order is `unconfirmed` until the retry.",
    ),
    # What Trustpilot answered
    Message(
        "trustpilot-unauthorized",
        _UNAUTHORIZED,
        "Trustpilot refused a freshly issued access token. Reconnect Trustpilot, then replay the event.",
        "The keys belong to somebody else, or were withdrawn.",
    ),
    Message(
        "trustpilot-forbidden",
        _FORBIDDEN,
        "Trustpilot answered that a permission is missing. Check that the plan includes invitations and that "
        "the business user is an admin or manager of this business unit.",
        "Check the plan, `TRUSTPILOT_BUSINESS_USER_ID` and `TRUSTPILOT_BUSINESS_UNIT_ID`.",
    ),
    Message("trustpilot-limited", _LIMITED, f"Trustpilot is limiting calls. {_RETRY}", _BY_SEGMENT),
    Message(
        "trustpilot-refused",
        _BAD,
        "Trustpilot did not accept the invitation for {order} (status {status}). Check the order's fields and the "
        "configured business unit and template.",
        "Trustpilot's own words are not passed on: they may repeat the order.",
    ),
    Message(
        "trustpilot-broken", _LATER, f"Trustpilot is not working right now (status {{status}}). {_RETRY}", _BY_SEGMENT
    ),
    Message("trustpilot-unreachable", _LATER, f"Trustpilot could not be reached. {_RETRY}", _BY_SEGMENT),
    Message(
        "trustpilot-blocked",
        _LATER,
        f"The content network before Trustpilot refused the call with a page of its own (403). {_RETRY}",
        "Segment retries. When it lasts, the network this runs in is blocked: ask Trustpilot's support.",
    ),
    Message("token-limited", _LIMITED, f"Trustpilot is limiting token requests. {_RETRY}", _BY_SEGMENT),
    Message(
        "token-forbidden",
        _FORBIDDEN,
        "Trustpilot answered that these API keys may not request an access token. Check the plan and the keys.",
        "Check `TRUSTPILOT_API_KEY` and the plan.",
    ),
    Message(
        "token-refused",
        _UNAUTHORIZED,
        "Trustpilot refused the API key and secret, or the login of this connection (status {status}). Reconnect "
        "Trustpilot, then replay the event.",
        "Check `TRUSTPILOT_API_KEY` and `TRUSTPILOT_API_SECRET`; a connected customer logs in again.",
    ),
    Message("no-token", _LATER, f"Trustpilot gave no access token. {_RETRY}", _BY_SEGMENT),
    # What an order lacks
    Message("no-order-id", _BAD, "The order has no id: looked in {places}.", "`order_id` is required."),
    Message("no-email", _BAD, "Missing e-mail address: looked in {places}.", "`email` is required."),
    Message("bad-email", _BAD, "{field} does not look like an e-mail address.", "It is not shown: it may be one."),
    Message("not-an-object", _BAD, "{field} must be an object.", "The event must be mended where it is made."),
    Message("not-a-string", _BAD, "{field} must be a string.", "The event must be mended where it is made."),
    Message(
        "not-an-id", _BAD, "{field} must be a string or a whole number.", "The event must be mended where it is made."
    ),
    Message(
        "not-printable",
        _BAD,
        "{field} must be at most {longest} printable characters.",
        "The event must be mended where it is made.",
    ),
    Message(
        "bad-settings-header",
        _BAD,
        "The header X-Segment-Settings must be base64 of a JSON object.",
        "Segment makes this header of the destination's custom settings.",
    ),
    Message("bad-setting", _BAD, "The setting {setting} {problem}.", "Mend the setting in Segment."),
    # Other events
    Message(
        "other-event",
        _OK,
        "Nothing was sent: only the event Order Completed makes an invitation.",
        "Another track event was processed by doing nothing.",
    ),
    Message(
        "unsupported-call",
        HTTPStatus.NOT_IMPLEMENTED,
        "This destination does not support {calls}; only track calls named Order Completed.",
        "Segment does not retry it.",
    ),
    Message("no-type", _BAD, "The event has no type. Send track calls named Order Completed.", "No Segment event."),
    Message(
        "no-event-name",
        _BAD,
        "The track call has no event name. Only Order Completed makes an invitation.",
        "No Segment event.",
    ),
    Message("not-an-event", _BAD, "The body must be a JSON object that holds one event.", "No Segment event."),
    # Deletion
    Message(
        "erased",
        _OK,
        "What was known of this user is erased here and at Trustpilot.",
        "The order ids stay, without anything that leads to the person.",
    ),
    Message("nobody-known", _OK, "Nothing is known of this user here, so there is nothing to erase.", "Processed."),
    Message("no-user-id", _BAD, "The delete call has no userId.", "Nobody can be found without it."),
    Message(
        "erase-in-flight",
        _LATER,
        "An invitation for this user is being requested right now. A retry will erase it.",
        _BY_SEGMENT,
    ),
    Message(
        "erase-later",
        _LATER,
        "Trustpilot did not confirm the deletion, so nothing was erased yet. A retry will try again.",
        "The addresses are kept until Trustpilot confirms: without them nothing could be erased there.",
    ),
    Message(
        "erase-limited",
        _LIMITED,
        "Trustpilot is limiting calls, so nothing was erased yet. A retry will try again.",
        _BY_SEGMENT,
    ),
    Message(
        "erase-refused",
        _FORBIDDEN,
        "Trustpilot refused the deletion (status {status}), so nothing was erased yet. Mend the connection, then "
        "delete the user again.",
        "Check plan, keys and business user as for `trustpilot-forbidden`.",
    ),
    # The door
    Message("missing-key", _UNAUTHORIZED, f"The API key is missing. {_PASTE}", "Segment sends it with every event."),
    Message("wrong-key", _UNAUTHORIZED, f"The API key is not valid. {_PASTE}", "Compare it with `INTEGRATION_KEY`."),
    Message(
        "not-json", HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the event as application/json.", "Segment always does."
    ),
    Message("bad-json", _BAD, "The body is not valid JSON, or it is nested too deeply.", "Segment never sends that."),
    Message(
        "too-large",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The event is larger than {longest} bytes.",
        "Segment takes 32 KB an event.",
    ),
    Message(
        "nothing-here",
        HTTPStatus.NOT_FOUND,
        "There is nothing here. Events go to POST / or POST /v1/events.",
        "Check the address.",
    ),
    Message(
        "wrong-method",
        HTTPStatus.METHOD_NOT_ALLOWED,
        "This method is not supported here. Events go to POST / or POST /v1/events.",
        "Check the address.",
    ),
    Message(
        "no-database",
        _LATER,
        "The destination cannot reach its database. A retry may succeed.",
        "See `/readyz` and the log.",
    ),
    Message(
        "unforeseen",
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "The destination failed unexpectedly. A retry may succeed.",
        "The log says where. If an invitation may have left, the order is `unconfirmed`.",
    ),
)

MESSAGES: dict[str, Message] = {message.name: message for message in (*_ALL, *TEXTS)}
"""Every message by its name."""
