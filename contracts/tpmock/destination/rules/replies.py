"""Messages for the answers of Trustpilot.

Only the status counts: a refusal may arrive as JSON or without any body. A CDN error page is not an answer of
Trustpilot's.
"""

from __future__ import annotations

from http import HTTPStatus

from tpmock.destination.rules.messages import DestinationReply, say

_REFUSALS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "trustpilot-unauthorized",
    HTTPStatus.FORBIDDEN: "trustpilot-forbidden",
    HTTPStatus.TOO_MANY_REQUESTS: "trustpilot-limited",
}


def is_success(status: int) -> bool:
    """Return whether Trustpilot did what it was asked for. No source names the exact status, and clients take any
    2xx.
    """
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def is_refusal(status: int | None) -> bool:
    """Return whether Trustpilot will answer the same when it is asked again; not so when it limits calls."""
    limited = status == HTTPStatus.TOO_MANY_REQUESTS
    return status is not None and not limited and HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR


def to_trustpilot_status(status: int, order: str, place: str) -> DestinationReply:
    """Translate Trustpilot's answer to an invitation request."""
    if is_success(status):
        return say("invited", order=order, place=place)
    name = _REFUSALS.get(status) or ("trustpilot-refused" if is_refusal(status) else "trustpilot-broken")
    return say(name, order=order, status=status)


def to_missing_token(status: int | None, order: str) -> DestinationReply:
    """Translate a failed token request, without an invitation before it.

    :param status: what the token endpoint answered; None when there was no usable answer
    """
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return say("token-limited", order=order)
    if status == HTTPStatus.FORBIDDEN:
        return say("token-forbidden")
    if is_refusal(status):
        return say("token-refused", status=status)
    return say("no-token", order=order)


def to_erasing_status(status: int | None) -> DestinationReply:
    """Translate Trustpilot's answer to a deletion, or to the token request before it; None when there was none."""
    if status is None:
        return say("erase-later")
    if is_success(status):
        return say("erased")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return say("erase-limited")
    return say("erase-refused", status=status) if is_refusal(status) else say("erase-later")
