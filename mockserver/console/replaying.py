"""Makes a call of the journal again: what came in, by calling the mock; what went out, by letting it be sent again."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from flask import g

from mockserver.client import RefusedError
from mockserver.console import calling
from mockserver.masking import Unmasking, mask

#: These belong to the one connection that was, or are counted anew.
_NOT_REPEATED: Final = frozenset(
    {
        *("content-length", "connection", "transfer-encoding", "content-encoding", "accept-encoding"),
        *("expect", "keep-alive", "te", "upgrade", "proxy-connection"),
    }
)
_TOKEN: Final = mask("tpa-0123456789abcdef")
_FORM: Final = "application/x-www-form-urlencoded"

Row = dict[str, Any]


def replay(entry: Row) -> str:
    """Make it again.

    :param entry: as the control API shows it
    :returns: a sentence that says what came of it
    :raises RefusedError: when it cannot be made again
    """
    if entry["direction"] == "in":
        return _call(entry)
    if entry["operation"] == "deliver":
        return _deliver(entry)
    if entry["operation"] == "webhook":
        return _post(entry)
    raise _impossible("Only calls that came in, deliveries of Segment and webhooks can be.")


def _call(entry: Row) -> str:
    fresh = _TOKEN in json.dumps([entry["url"], entry["request"]], ensure_ascii=False)
    partner = entry["operation"] is not None and "{partnerId}" in calling.operation(entry["operation"])["path"]
    secrets = Unmasking(g.sandbox["credentials"], calling.token(partner=partner) if fresh else None)
    url = secrets.url(entry["url"])
    headers = {
        name: secrets.text(value, name)
        for name, value in entry["request"]["headers"].items()
        if name.lower() not in _NOT_REPEATED
    }
    content = _body(entry["request"], secrets)
    if secrets.left:
        sentence = "A secret of it was masked that is no credential of this sandbox, so nobody can put it back. "
        raise _impossible(f"{sentence}Copy it as curl and write the secret in yourself.")
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    result = g.door.send(entry["method"], target, {"Host": parts.netloc, **headers}, content)
    told = " Its token was not kept, so a fresh one went along." if fresh else ""
    return f"The call was made again and answered {result.status}.{told}"


def _body(request: Row, secrets: Unmasking) -> bytes:
    body = request["body"]
    if body is None:
        return b""
    if not isinstance(body, str):
        return json.dumps(secrets.json(body)).encode()
    media_type = next((value for name, value in request["headers"].items() if name.lower() == "content-type"), "")
    form = media_type.partition(";")[0].strip().lower() == _FORM
    return (secrets.form(body) if form else secrets.text(body)).encode()


def _deliver(entry: Row) -> str:
    home = f"/sandboxes/{g.sandbox['id']}/segment"
    message = entry["request"]["body"]
    message_id = str(message.get("messageId", "")) if isinstance(message, dict) else ""
    listed = g.door.control.call("GET", f"{home}/destinations", query={"limit": 1000})["destinations"]
    urls = {one["name"]: one["url"] for one in listed}
    made = g.door.control.call("GET", f"{home}/deliveries", query={"messageId": message_id, "limit": 1000})
    names = {row["destination"] for row in made["deliveries"]}
    wanted = [name for name in sorted(names) if urls.get(name) == entry["url"]] or sorted(names & urls.keys())
    if not wanted:
        raise _impossible("Segment does not know this event or its destination any more.")
    g.door.control.call("POST", f"{home}/destinations/{wanted[0]}/replay", {"messageIds": [message_id]})
    _settle()
    return f"Segment sent the event to {wanted[0]} once more."


def _post(entry: Row) -> str:
    home = f"/sandboxes/{g.sandbox['id']}"
    listed = g.door.control.call("GET", f"{home}/webhooks", query={"url": entry["url"], "limit": 10_000})["webhooks"]
    same = [one for one in listed if one["body"] == entry["request"]["body"]]
    if not same:
        raise _impossible("Trustpilot does not know this webhook any more.")
    g.door.control.call("POST", f"{home}/webhooks/{same[-1]['id']}/replay")
    _settle()
    return "The webhook was posted once more."


def _settle() -> None:
    """So that the next page shows it. What still waits for its time is no failure."""
    try:
        g.door.control.call("POST", f"/sandboxes/{g.sandbox['id']}/settle", {"timeout": "PT2S"})
    except RefusedError as error:
        if error.status != HTTPStatus.GATEWAY_TIMEOUT:
            raise


def _impossible(sentence: str) -> RefusedError:
    return RefusedError(HTTPStatus.CONFLICT, f"It was not made again. {sentence}")
