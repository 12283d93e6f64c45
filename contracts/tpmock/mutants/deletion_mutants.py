"""Mutants that erase the wrong people, or believe what was not done."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from http import HTTPStatus

from flask import Flask, request
from sqlalchemy import select
from tpmock.destination.rules.messages import DestinationReply, say
from tpmock.destination.service.destination import Destination
from tpmock.destination.service.erasure import Eraser
from tpmock.destination.storage.connections import Connection
from tpmock.destination.storage.schema import orders


class DeletesEverybody(Destination):
    """Deletes everybody when one person is to be deleted."""

    def handle(self, event: object, connection: Connection) -> DestinationReply:
        if not (isinstance(event, Mapping) and event.get("type") == "delete" and event.get("userId")):
            return super().handle(event, connection)
        with self.store.database.reading() as database:
            sealed = database.execute(select(orders.c.address).where(orders.c.address.is_not(None))).scalars().all()
        everybody = sorted({self.store.vault.open(each) for each in sealed})
        reply = super().handle(event, connection)
        if everybody and reply.status < HTTPStatus.BAD_REQUEST:
            self.trustpilot.erase(connection, everybody)
        return reply


class DeletesByBeginning(Destination):
    """Takes the users whose id has one digit more for the user that is to be deleted."""

    def handle(self, event: object, connection: Connection) -> DestinationReply:
        reply = super().handle(event, connection)
        if isinstance(event, Mapping) and event.get("type") == "delete" and reply.status < HTTPStatus.BAD_REQUEST:
            for digit in "0123456789":
                self.eraser.erase(connection, f"{event.get('userId')}{digit}")
        return reply


class DeletesNamesakes(Destination):
    """Takes the user whose id lacks the last digit for the user that is to be deleted."""

    def handle(self, event: object, connection: Connection) -> DestinationReply:
        reply = super().handle(event, connection)
        if isinstance(event, Mapping) and event.get("type") == "delete" and reply.status < HTTPStatus.BAD_REQUEST:
            self.eraser.erase(connection, str(event.get("userId"))[:-1])
        return reply


class BelievesRefusedDeletion(Eraser):
    """Answers that a person is erased when Trustpilot has refused it."""

    def erase(self, connection: Connection, user_id: str) -> DestinationReply:
        reply = super().erase(connection, user_id)
        refused = HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.TOO_MANY_REQUESTS
        return say("erased") if refused else reply


def deletes_without_key(app: Flask) -> None:
    """Does not look at the key of a delete call."""
    key = app.extensions["destination"].store.settings.integration_key

    def let_in() -> None:
        event = request.get_json(silent=True) if request.method == "POST" else None
        if isinstance(event, dict) and event.get("type") == "delete":
            request.environ["HTTP_AUTHORIZATION"] = f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"

    app.before_request(let_in)
