"""Responses and log lines for requests that end with an exception."""

from __future__ import annotations

from http import HTTPStatus

from flask import request
from sqlalchemy.exc import SQLAlchemyError
from tpmock.common.request_limits import BusyError
from tpmock.destination import logs
from tpmock.destination.rules.messages import DestinationReply, Refusal, say
from tpmock.destination.service.destination import failed
from tpmock.destination.storage.vault import WrongKeyError
from werkzeug.exceptions import HTTPException


def reply_to(problem: Exception, http_message: str | None = None, **places: object) -> DestinationReply:
    """Return the reply to an exception, and write it to the log.

    :param http_message: the name of the message for an HTTP exception; by default its status says enough
    :param places: of that message
    """
    match problem:
        case Refusal():
            return logged(problem.reply)
        case HTTPException():
            status = HTTPStatus(problem.code or HTTPStatus.INTERNAL_SERVER_ERROR)
            plain = DestinationReply(status, f"{status.phrase}.")
            return logged(say(http_message, **places) if http_message else plain, request.method)
        case BusyError():
            return logged(say("busy"), request.method)
        case SQLAlchemyError() | WrongKeyError():
            return failed(problem)
        case _:
            logs.unforeseen(problem)
            return say("unforeseen")


def logged(refusal: DestinationReply, method: str | None = None) -> DestinationReply:
    """Write a refusal to the log, and return it."""
    status, name = int(refusal.status), refusal.name or None
    logs.say("refused", status=status, message=name, method=method, text=refusal.message)
    return refusal
