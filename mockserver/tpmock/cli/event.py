"""``tpmock event``."""

from __future__ import annotations

import json
import sys
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any, Final

import click
from tpmock.cli import engage_events, trigger
from tpmock.cli.errors import ImpossibleError, faker_needed
from tpmock.cli.remote import Remote, on_sandbox, prints
from tpmock.cli.tables import Row
from tpmock.cli.tracking import Tracking, new_number
from tpmock.common.command_group import CommandGroup
from tpmock.common.control_client import RefusedError

#: The calls of the tracking API.
_CALLS: Final = ("track", "identify", "page", "screen", "group", "alias", "batch")
#: Number of events per batch, as in SDKs.
BATCH: Final = 100
#: Labels of the steps of the pipeline.
_WORDS: Final = {
    "successfully-received": "received",
    "failed-on-ingest": "dropped at ingest",
    "filtered-at-source": "filtered at the source",
    "filtered-at-destination": "filtered at the destination",
    "successful-delivery": "delivered",
    "failed-delivery": "failed",
    "pending": "waiting",
}


@click.group(cls=CommandGroup)
def event() -> None:
    """Send events to Segment with a sandbox's write key.

    Example: tpmock event order --id 1001
    """


for _command in engage_events.COMMANDS:
    event.add_command(_command)
event.add_command(trigger.trigger)


def _show_order(sent: Row) -> None:
    if "orderId" in sent:
        click.echo(sent["orderId"])
        return
    steps = ", ".join(f"{sent['steps'][step]:,} {word}" for step, word in _WORDS.items())
    click.echo(f"{sent['orders']:,} orders: {steps}.")


@event.command()
@click.option("--id", "order_id", help="The order number; default: a new one.")
@click.option("--email", default="ada@example.com", show_default=True, help="Who bought.")
@click.option("--name", default="Ada", show_default=True, help="First name.")
@click.option("--surname", default="Example", show_default=True, help="Last name.")
@click.option("--message-id", help="Default: Segment generates one. A repeated id is a duplicate.")
@click.option("--count", type=click.IntRange(1), help="Send this many generated orders instead. Needs Faker.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="With --count: the same seed gives the same orders.",
)
@click.option("--locale", default="en_GB", show_default=True, help="With --count: locale of the names, such as da_DK.")
@prints(_show_order)
@on_sandbox
def order(
    remote: Remote,
    order_id: str | None,
    message_id: str | None,
    count: int | None,
    seed: int,
    locale: str,
    **buyer: str,
) -> Row:
    """Send one Order Completed and print its number, or many and print how far they got.

    Example: tpmock event order --count 10000 --seed 3
    """
    if count is not None:
        return {"orders": count, "steps": _sent_many(remote, count, seed, locale)}
    number = order_id or new_number(remote)
    message = {"userId": buyer["email"], "event": "Order Completed", "properties": {"order_id": number, **buyer}}
    Tracking(remote).send("track", message | ({"messageId": message_id} if message_id else {}))
    return {"orderId": number}


def _sent_many(remote: Remote, count: int, seed: int, locale: str) -> dict[str, int]:
    """Send generated orders in batches, as SDKs do, and wait for their delivery.

    :returns: for each step of the pipeline, the number of additional events
    """
    with faker_needed(locale):
        from tpmock.cli.fake_data import FakeOrders  # noqa: PLC0415 - Faker is an extra

        events = FakeOrders(seed, locale).events(count)
    before = _counts(remote)
    tracking = Tracking(remote)
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


def _send_patiently(remote: Remote, tracking: Tracking, batch: list[dict[str, Any]]) -> None:
    """Wait while Segment refuses more events, as an SDK does."""
    while not tracking.accepts({"batch": batch}):
        before = _counts(remote)["pending"]
        _come_to_rest(remote)
        if _counts(remote)["pending"] >= before:
            raise ImpossibleError(
                "Segment accepts no more events: too many deliveries wait for a retry. Fix the destination, or advance "
                "the clock with 'tpmock clock advance 4h'."
            )


def _come_to_rest(remote: Remote) -> None:
    """Wait while deliveries make progress."""
    while True:
        before = _counts(remote)["pending"]
        try:
            remote.call("POST", "/settle", {"timeout": "PT10S"})
        except RefusedError as error:
            if error.status != HTTPStatus.GATEWAY_TIMEOUT or _counts(remote)["pending"] >= before:
                raise
        else:
            return


@event.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@on_sandbox
def send(remote: Remote, file: Path) -> None:
    """Send the event, or the batch, that a JSON file holds; - is standard input.

    Its type names the call; without a type it is a track call.

    Example: tpmock event send order.json
    """
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        message = json.loads(text)
    except OSError as error:
        raise ImpossibleError(f"{file} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise ImpossibleError(f"{file} cannot be read as JSON: {error}.") from None
    if not isinstance(message, dict):
        raise ImpossibleError(f"{file} must hold one JSON object: an event, or a batch.")
    call = "batch" if "batch" in message else str(message.get("type", "track"))
    if call not in _CALLS:
        raise ImpossibleError(f"type is {call!r}; Segment has {', '.join(_CALLS)}.")
    Tracking(remote).send(call, message)
