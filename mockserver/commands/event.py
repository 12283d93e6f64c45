"""``tpmock event``."""

from __future__ import annotations

import base64
import json
import sys
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

import click

from mockserver.client import RefusedError
from mockserver.commands import audience
from mockserver.commands.running import ImpossibleError, Remote, as_json, on_sandbox, show_json

#: The calls of the tracking API.
_CALLS: Final = ("track", "identify", "page", "screen", "group", "alias", "batch")
#: Events that go in one call, as SDKs have it.
BATCH: Final = 100
#: What is told of the steps of the pipeline.
_WORDS: Final = {
    "successfully-received": "received",
    "failed-on-ingest": "dropped at ingest",
    "filtered-at-source": "filtered at the source",
    "filtered-at-destination": "filtered at the destination",
    "successful-delivery": "delivered",
    "failed-delivery": "failed",
    "pending": "waiting",
}


@click.group()
def event() -> None:
    """Send events into Segment, as a shop would, with the sandbox's write key.

    Example: tpmock event order --id 1001
    """


for _command in audience.COMMANDS:
    event.add_command(_command)


@event.command()
@click.option("--id", "order_id", help="The order's number; by default a new one is made up.")
@click.option("--email", default="ada@example.com", show_default=True, help="Who bought.")
@click.option("--name", default="Ada", show_default=True, help="First name.")
@click.option("--surname", default="Example", show_default=True, help="Last name.")
@click.option("--message-id", help="By default Segment makes one; the same one twice is a duplicate.")
@click.option("--count", type=click.IntRange(1), help="Send so many invented orders instead. Needs Faker.")
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, help="With --count: same seed, same orders."
)
@click.option("--locale", default="en_GB", show_default=True, help="With --count: of the names, as Faker names it.")
@as_json
@on_sandbox
def order(
    remote: Remote,
    order_id: str | None,
    email: str,
    name: str,
    surname: str,
    message_id: str | None,
    count: int | None,
    seed: int,
    locale: str,
    *,
    as_json: bool,
) -> None:
    """Send one Order Completed and print its number, or many and print how far they got.

    Example: tpmock event order --count 10000 --seed 3
    """
    if count is not None:
        _show_counts(count, _sent_many(remote, count, seed, locale), as_json=as_json)
        return
    number = order_id or _new_number(remote)
    properties = {"order_id": number, "email": email, "name": name, "surname": surname}
    message = {"userId": email, "event": "Order Completed", "properties": properties}
    _Tracking(remote).send("track", message | ({"messageId": message_id} if message_id else {}))
    if as_json:
        show_json({"orderId": number})
    else:
        click.echo(number)


def _sent_many(remote: Remote, count: int, seed: int, locale: str) -> dict[str, int]:
    """Send invented orders in batches, as SDKs do, and wait for what becomes of them.

    :returns: how many more events have reached each step of the pipeline than before
    """
    try:
        from mockserver.orders import Orders  # noqa: PLC0415 - Faker is an extra
    except ImportError:
        raise ImpossibleError("Faker is not installed: pip install 'tpmock[seed]'.") from None
    try:
        events = Orders(seed, locale).events(count)
    except AttributeError:
        raise ImpossibleError(f"Faker knows no locale {locale!r}: write en_GB, da_DK, sv_SE or the like.") from None
    before = _counts(remote)
    tracking = _Tracking(remote)
    with click.progressbar(length=count, label=f"{count:,} orders", file=sys.stderr) as bar:
        while batch := list(islice(events, BATCH)):
            _send_patiently(remote, tracking, batch)
            bar.update(len(batch))
    _come_to_rest(remote)
    after = _counts(remote)
    return {step: after[step] - before[step] for step in after}


def _counts(remote: Remote) -> dict[str, int]:
    since: dict[str, int] = remote.call("GET", "/segment/overview")["since"]
    return since


def _send_patiently(remote: Remote, tracking: _Tracking, batch: list[dict[str, Any]]) -> None:
    """When there is no room for more, wait until something is done, as an SDK would."""
    while not tracking.took({"batch": batch}):
        before = _counts(remote)["pending"]
        _come_to_rest(remote)
        if _counts(remote)["pending"] >= before:
            raise ImpossibleError(
                "Segment takes in no more: too many deliveries wait for another try. Mend the destination, or let time "
                "pass with 'tpmock clock advance 4h'."
            )


def _come_to_rest(remote: Remote) -> None:
    """Wait as long as deliveries come to an end."""
    while True:
        before = _counts(remote)["pending"]
        try:
            remote.call("POST", "/settle", {"timeout": "PT10S"})
        except RefusedError as error:
            if error.status != HTTPStatus.GATEWAY_TIMEOUT or _counts(remote)["pending"] >= before:
                raise
        else:
            return


def _show_counts(count: int, counts: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        show_json({"orders": count, "steps": counts})
        return
    told = ", ".join(f"{counts[step]:,} {word}" for step, word in _WORDS.items())
    click.echo(f"{count:,} orders: {told}.")


def _new_number(remote: Remote) -> str:
    """An order number that no event before had, as long as all come from here."""
    newest = remote.call("GET", "/segment/events", limit=1)["events"]
    return f"order-{newest[0]['id'] + 1 if newest else 1}"


@event.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@on_sandbox
def send(remote: Remote, file: Path) -> None:
    """Send the event, or the batch, that a JSON file holds; - is standard input.

    Its type says which call it is; without one it is a track call.

    Example: tpmock event send order.json
    """
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        message = json.loads(text)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise ImpossibleError(f"{file} cannot be read as JSON: {error}.") from None
    if not isinstance(message, dict):
        raise ImpossibleError(f"{file} must hold one JSON object: an event, or a batch.")
    call = "batch" if "batch" in message else str(message.get("type", "track"))
    if call not in _CALLS:
        raise ImpossibleError(f"type is {call!r}; Segment has {', '.join(_CALLS)}.")
    _Tracking(remote).send(call, message)


class _Tracking:
    """The tracking API of a sandbox, called with its write key."""

    def __init__(self, remote: Remote) -> None:
        described = remote.call("GET", "")
        key = base64.b64encode(f"{described['credentials']['writeKey']}:".encode()).decode()
        self._url = f"{described['urls']['segment']}/v1/"
        self._headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json"}
        # The environment's proxies are for the outside; this is the user's own machine.
        self._opener = build_opener(ProxyHandler({}))

    def send(self, call: str, message: dict[str, Any]) -> None:
        """Give a message to it, and say what the mock says beside the answer.

        :raises ImpossibleError: when Segment refuses it
        """
        status, hint = self._post(call, message)
        if status != HTTPStatus.OK:
            raise ImpossibleError(f"Segment refused it with {status}: {hint}")
        if hint:
            click.echo(hint, err=True)

    def took(self, batch: dict[str, Any]) -> bool:
        """Give a batch to it; whether there was room.

        :raises ImpossibleError: when Segment refuses it for another reason
        """
        status, hint = self._post("batch", batch)
        if status not in (HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS):
            raise ImpossibleError(f"Segment refused it with {status}: {hint}")
        return status == HTTPStatus.OK

    def _post(self, call: str, message: dict[str, Any]) -> tuple[int, str | None]:
        # The address of a mock that has just answered.
        request = Request(self._url + call, data=json.dumps(message).encode(), headers=self._headers)  # noqa: S310
        try:
            with self._opener.open(request, timeout=30) as answer:
                return answer.status, answer.headers.get("X-Mock-Hint")
        except HTTPError as error:
            with error:
                return error.code, error.headers.get("X-Mock-Hint")
        except (URLError, OSError) as error:
            raise ImpossibleError(f"Segment's tracking API does not answer: {error}.") from None
