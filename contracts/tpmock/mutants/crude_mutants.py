"""Mutants that are wrong about everything: no case that is about a destination may be content with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from uuid import uuid4

from flask import Flask, Response, jsonify, request
from tpmock.common.mail_addresses import is_address
from tpmock.destination.rules.events import Object
from tpmock.destination.rules.messages import Refusal
from tpmock.destination.rules.orders import Order, OrderReader

_EVENTS = frozenset({"/", "/v1/events"})


def does_nothing(app: Flask) -> None:
    """Answers 200 to everything and does nothing."""
    app.before_request(lambda: jsonify(message="Done.") if _is_event() else None)


def fails_afterwards(app: Flask) -> None:
    """Does what it should, and then always answers 503."""
    app.after_request(_answering(lambda _: HTTPStatus.SERVICE_UNAVAILABLE))


def succeeds_afterwards(app: Flask) -> None:
    """Does what it should, and then always answers 200."""
    app.after_request(_answering(lambda _: HTTPStatus.OK))


def fails_on_others(app: Flask) -> None:
    """Does what it should, and answers 503 to everything that is not a completed order."""
    app.after_request(_answering(lambda answer: answer.status_code if _order() else HTTPStatus.SERVICE_UNAVAILABLE))


def repeats_the_event(app: Flask) -> None:
    """Repeats the event, and the key, in every answer."""

    def repeating(answer: Response) -> Response:
        if _is_event():
            key = request.authorization.username if request.authorization else None
            said = request.get_data(as_text=True)
            answer.set_data(json.dumps({"message": f"{key} sent {said}"}, ensure_ascii=False))
        return answer

    app.after_request(repeating)


class InvitesForEverything(OrderReader):
    """Makes an order of whatever it gets."""

    def deletion(self, event: object) -> str | None:
        del event
        return None

    def read(self, event: object) -> Order:
        try:
            return super().read(event)
        except Refusal:
            return super().read(_as_order(event))


def _is_event() -> bool:
    return request.method == "POST" and request.path in _EVENTS


def _order() -> str:
    """Return the id of the order in the event; empty when it is none."""
    event = request.get_json(silent=True)
    if not isinstance(event, dict) or (event.get("type"), event.get("event")) != ("track", "Order Completed"):
        return ""
    properties = event.get("properties")
    if not isinstance(properties, dict):
        return ""
    return str(properties.get("order_id") or "").strip()


def _answering(status: Callable[[Response], int]) -> Callable[[Response], Response]:
    def change(answer: Response) -> Response:
        if _is_event():
            answer.status_code = status(answer)
        return answer

    return change


def _as_order(event: object) -> Object:
    known = event if isinstance(event, Mapping) else {}
    inner = known.get("properties")
    properties = inner if isinstance(inner, Mapping) else {}
    reference, address = properties.get("order_id"), properties.get("email")
    usable = isinstance(reference, str | int) and not isinstance(reference, bool) and str(reference).isprintable()
    order = {
        "order_id": str(reference)[:64] if usable and reference else uuid4().hex,
        "email": address if isinstance(address, str) and is_address(address) else "somebody@example.com",
    }
    return {"type": "track", "event": "Order Completed", "properties": order}
