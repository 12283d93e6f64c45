"""Repeats an exchange of the journal: an inbound one by calling the mock, an outbound one by sending it again."""

from __future__ import annotations

import base64
import json
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from flask import g
from tpmock.common.control_client import RefusedError
from tpmock.console import trustpilot_calls
from tpmock.console.views import Row, control
from tpmock.journal.masking import Unmasking, mask

#: Headers of the original connection, or computed again.
_NOT_REPEATED: Final = frozenset(
    {
        *("content-length", "connection", "transfer-encoding", "content-encoding", "accept-encoding"),
        *("expect", "keep-alive", "te", "upgrade", "proxy-connection"),
    }
)
_TOKEN: Final = mask("tpa-0123456789abcdef")
_FORM: Final = "application/x-www-form-urlencoded"


def replay(entry: Row) -> str:
    """Repeat it.

    :param entry: entry of the control API
    :returns: message with the result
    :raises RefusedError: if it cannot be repeated
    """
    if entry["direction"] == "in":
        return _call(entry)
    if entry["operation"] == "deliver":
        return _deliver(entry)
    if entry["operation"] == "webhook":
        return _post(entry)
    raise _impossible("Only inbound requests, deliveries of Segment and webhooks can be repeated.")


def _call(entry: Row) -> str:
    fresh = _TOKEN in json.dumps([entry["url"], entry["request"]], ensure_ascii=False)
    partner = entry["operation"] is not None and "{partnerId}" in trustpilot_calls.operation(entry["operation"])["path"]
    secrets = Unmasking(g.sandbox["credentials"], trustpilot_calls.token(partner=partner) if fresh else None)
    url = secrets.url(entry["url"])
    headers = {
        name: secrets.text(value, name)
        for name, value in entry["request"]["headers"].items()
        if name.lower() not in _NOT_REPEATED
    }
    content = _body(entry, secrets)
    if secrets.left:
        sentence = "One of its secrets is masked and is not a credential of this sandbox, so it cannot be restored. "
        raise _impossible(f"{sentence}Copy it as curl and insert the secret.")
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    response = g.client.send(entry["method"], target, {"Host": parts.netloc, **headers}, content)
    token = " It used a new token, because the original is not stored." if fresh else ""
    return f"The request was repeated; the status is {response.status}.{token}"


def _body(entry: Row, secrets: Unmasking) -> bytes:
    """Return the body byte for byte; only masked secrets are replaced."""
    encoded = control("GET", f"/journal/{entry['id']}/bodies")["request"]
    content = base64.b64decode(encoded)
    body = entry["request"]["body"]
    sizes = (value for name, value in entry["request"]["headers"].items() if name.lower() == "content-length")
    if not content and next(sizes, "0") != "0":
        raise _impossible("Its body was not recorded: it could not be read, so a secret in it could not be masked.")
    if body is None:
        return content
    if not isinstance(body, str):
        restored = secrets.json(body)
        if restored == body:
            return content
        replaced = secrets.text(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        return replaced if json.loads(replaced) == restored else json.dumps(restored).encode()
    headers = entry["request"]["headers"]
    media_type = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    form = media_type.partition(";")[0].strip().lower() == _FORM
    text = secrets.form(body) if form else secrets.text(body)
    changed = (
        parse_qsl(text, keep_blank_values=True) != parse_qsl(body, keep_blank_values=True) if form else text != body
    )
    return text.encode() if changed else content


def _deliver(entry: Row) -> str:
    message = entry["request"]["body"]
    message_id = str(message.get("messageId", "")) if isinstance(message, dict) else ""
    destinations = control("GET", "/segment/destinations", limit=1000)["destinations"]
    urls = {one["name"]: one["url"] for one in destinations}
    deliveries = control("GET", "/segment/deliveries", messageId=message_id, limit=1000)["deliveries"]
    names = {row["destination"] for row in deliveries}
    wanted = [name for name in sorted(names) if urls.get(name) == entry["url"]] or sorted(names & urls.keys())
    if not wanted:
        raise _impossible("Segment no longer has this event or its destination.")
    control("POST", f"/segment/destinations/{wanted[0]}/replay", {"messageIds": [message_id]})
    _settle()
    return f"Segment sent the event to {wanted[0]} again."


def _post(entry: Row) -> str:
    webhooks = control("GET", "/webhooks", url=entry["url"], limit=10_000)["webhooks"]
    same = [one for one in webhooks if one["body"] == entry["request"]["body"]]
    if not same:
        raise _impossible("Trustpilot no longer has this webhook.")
    control("POST", f"/webhooks/{same[-1]['id']}/replay")
    _settle()
    return "The webhook was sent again."


def _settle() -> None:
    """Wait for it, so that the next page shows it. A later due time is not a failure."""
    try:
        control("POST", "/settle", {"timeout": "PT2S"})
    except RefusedError as error:
        if error.status != HTTPStatus.GATEWAY_TIMEOUT:
            raise


def _impossible(sentence: str) -> RefusedError:
    return RefusedError(HTTPStatus.CONFLICT, f"It was not repeated. {sentence}")
