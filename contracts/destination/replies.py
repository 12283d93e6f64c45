"""What Segment, and through it the customer, is told.

Segment gives each status a meaning (direct destinations: 200 processed, 202 taken but not finished, 400 the client's
fault, 401 key no longer valid, 403 permission missing, 501 call type not supported, 503 down for now) and shows
``message`` in its debugger. Segment retries 429 and 5xx except 501, and gives up on every other refusal, so the
status also decides whether the order comes back.

No message carries an e-mail address, a name, a secret, or a word taken from the event that could be one of these.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

_BAD_REQUEST = HTTPStatus.BAD_REQUEST
_UNAUTHORIZED = HTTPStatus.UNAUTHORIZED
_FORBIDDEN = HTTPStatus.FORBIDDEN
_TOO_MANY = HTTPStatus.TOO_MANY_REQUESTS
_UNAVAILABLE = HTTPStatus.SERVICE_UNAVAILABLE


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to Segment.

    :param status: an HTTP status with the meaning Segment gives to it.
    :param message: one or two sentences for the customer; an empty one makes an empty body.
    """

    status: int
    message: str


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """The event ends here, for a reason its sender can be told; ``reply`` is that answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.reply = Reply(status, message)


def to_trustpilot_status(status: int, order: str) -> Reply:
    """Translate Trustpilot's answer to an invitation request.

    Only the status counts: a refusal may arrive as JSON, as the CDN's HTML page or without any body.

    :param status: the status Trustpilot answered with. 401 means that it refused a fresh token too.
    :param order: how the order may be called, such as ``order 1001``.
    """
    known = {
        _UNAUTHORIZED: Reply(
            _UNAUTHORIZED,
            "Trustpilot refused a freshly issued access token. Reconnect Trustpilot, then replay the event.",
        ),
        _FORBIDDEN: Reply(
            _FORBIDDEN,
            "Trustpilot answered that a permission is missing. Check that the plan includes invitations and that "
            "the business user is an admin or manager of this business unit.",
        ),
        _TOO_MANY: Reply(
            _TOO_MANY, f"Trustpilot is limiting calls. No invitation was made for {order}; a retry will try again."
        ),
    }
    if status in known:
        return known[HTTPStatus(status)]
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Reply(HTTPStatus.OK, f"Invitation requested for {order}.")
    if _BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Reply(
            _BAD_REQUEST,
            f"Trustpilot did not accept the invitation for {order} (status {status}). Check the order's "
            "fields and the configured business unit and template.",
        )
    return Reply(
        _UNAVAILABLE,
        f"Trustpilot is not working right now (status {status}). No invitation was made for {order}; "
        "a retry will try again.",
    )


def to_missing_token(status: int | None, order: str) -> Reply:
    """Translate a failed token request, before which nothing can have been invited.

    :param status: what the token endpoint answered; None when there was no usable answer.
    """
    if status == _TOO_MANY:
        return Reply(
            _TOO_MANY,
            f"Trustpilot is limiting token requests. No invitation was made for {order}; a retry will try again.",
        )
    if status == _FORBIDDEN:
        return Reply(
            _FORBIDDEN,
            "Trustpilot answered that these API keys may not request an access token. Check the plan and the keys.",
        )
    if status is not None and _BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Reply(
            _UNAUTHORIZED,
            f"Trustpilot refused the API key and secret (status {status}). Reconnect Trustpilot, "
            "then replay the event.",
        )
    return Reply(
        _UNAVAILABLE, f"Trustpilot gave no access token. No invitation was made for {order}; a retry will try again."
    )


def to_no_connection(order: str) -> Reply:
    """Trustpilot could not be reached, so nothing was sent."""
    return Reply(
        _UNAVAILABLE, f"Trustpilot could not be reached. No invitation was made for {order}; a retry will try again."
    )


def to_unknown_outcome(order: str) -> Reply:
    """The request was sent and no answer came: a second one could be a second mail."""
    return Reply(
        HTTPStatus.ACCEPTED,
        f"Trustpilot did not confirm the invitation for {order}. It is not repeated, so that nobody is invited "
        "twice; look for it in Trustpilot's invitation history.",
    )


def to_invited_order(order: str) -> Reply:
    """The order, or the very event, was dealt with before."""
    return Reply(HTTPStatus.OK, f"A buyer was already invited for {order}; nothing was sent again.")


def to_order_in_flight(order: str) -> Reply:
    """Another request is working on the same order at this moment."""
    return Reply(
        _UNAVAILABLE, f"The invitation for {order} is being requested right now. A retry will learn how that ended."
    )
