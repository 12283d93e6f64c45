"""Which message stands for which answer of Trustpilot.

Only the status counts: a refusal may arrive as JSON or without any body. A page of the content network is no answer of
Trustpilot's.
"""

from __future__ import annotations

from http import HTTPStatus

from contracts.destination.messages import Reply, say


def is_success(status: int) -> bool:
    """Whether Trustpilot did what it was asked for. No source names the exact status, and clients take any 2xx."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def to_trustpilot_status(status: int, order: str, place: str) -> Reply:
    """Translate Trustpilot's answer to an invitation request.

    :param status: the status Trustpilot answered with. 401 means that it refused a fresh token too.
    :param order: how the order may be called, such as ``order 1001``.
    :param place: where in the event the address was found.
    """
    if is_success(status):
        return say("invited", order=order, place=place)
    name = {
        HTTPStatus.UNAUTHORIZED: "trustpilot-unauthorized",
        HTTPStatus.FORBIDDEN: "trustpilot-forbidden",
        HTTPStatus.TOO_MANY_REQUESTS: "trustpilot-limited",
    }.get(HTTPStatus(status) if status in set(HTTPStatus) else HTTPStatus.OK)
    if name is None:
        name = "trustpilot-refused" if _is_refusal(status) else "trustpilot-broken"
    return say(name, order=order, status=status)


def to_missing_token(status: int | None, order: str) -> Reply:
    """Translate a failed token request, before which nothing can have been invited.

    :param status: what the token endpoint answered; None when there was no usable answer.
    """
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return say("token-limited", order=order)
    if status == HTTPStatus.FORBIDDEN:
        return say("token-forbidden")
    if status is not None and _is_refusal(status):
        return say("token-refused", status=status)
    return say("no-token", order=order)


def to_erasing_status(status: int | None) -> Reply:
    """Translate Trustpilot's answer to a deletion, or to the token request before it; None when there was none."""
    if status is None:
        return say("erase-later")
    if is_success(status):
        return say("erased")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return say("erase-limited")
    return say("erase-refused", status=status) if _is_refusal(status) else say("erase-later")


def _is_refusal(status: int) -> bool:
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
