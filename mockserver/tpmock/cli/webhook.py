"""``tpmock webhook``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from queue import SimpleQueue
from typing import Final

import click
from tpmock.cli.errors import impossible
from tpmock.cli.remote import Remote, at_end, control_command, on_sandbox
from tpmock.cli.tables import table
from tpmock.common.command_group import CommandGroup
from tpmock.common.serving import PortTakenError

#: Maximum size in bytes; larger than any webhook.
_LARGEST: Final = 1024 * 1024
#: Timeout in seconds of the address that webhooks are forwarded to.
_PATIENCE: Final = 10


@click.group(cls=CommandGroup)
def webhook() -> None:
    """List, add and remove webhook subscriptions; receive webhooks.

    Example: tpmock webhook listen
    """


control_command(
    webhook,
    "list",
    "GET /webhooks",
    "List the webhooks of a sandbox with their attempts.",
    show=table(
        "webhooks",
        {
            "webhook": "id",
            "event": "event",
            "to": "url",
            "state": "state",
            "attempts": lambda row: ", ".join(str(one["status"] or one["error"]) for one in row["attempts"]),
        },
    ),
)


@webhook.command()
@click.argument("address")
@click.option("--event", "events", multiple=True, help="Only this event; repeatable. Default: all events.")
@on_sandbox
def add(remote: Remote, address: str, events: tuple[str, ...]) -> None:
    """Subscribe an address to events.

    Example: tpmock webhook add http://127.0.0.1:3000/hooks --event service-review-created
    """
    for event in events or _events():
        click.echo(f"{_subscribe(remote, event, address)}: {event} to {address}")


@webhook.command()
@click.argument("subscription")
@on_sandbox
def remove(remote: Remote, subscription: str) -> None:
    """Remove a subscription, by its id or all of an address.

    Example: tpmock webhook remove http://127.0.0.1:3000/hooks
    """
    rows = remote.call("GET", "/webhook-subscriptions")["webhook-subscriptions"]
    for one in [row["id"] for row in rows if row["url"] == subscription] or [subscription]:
        remote.call("DELETE", f"/webhook-subscriptions/{one}")


@webhook.command()
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port to listen on; default: a free one.")
@click.option("--forward-to", metavar="URL", help="Post each webhook to this address too, such as your application's.")
@click.option("--count", type=click.IntRange(1), help="Exit after this many webhooks; default: on Ctrl-C.")
@on_sandbox
def listen(remote: Remote, port: int, forward_to: str | None, count: int | None) -> None:
    """Subscribe to all events of a sandbox and print each webhook on one line.

    Example: tpmock webhook listen --forward-to http://127.0.0.1:3000/hooks
    """
    from tpmock.common.local_server import serving  # noqa: PLC0415 - here and below: others start without a server
    from werkzeug.wrappers import Request, Response  # noqa: PLC0415

    posted: SimpleQueue[str | None] = SimpleQueue()
    at_end(lambda: posted.put(None))

    @Request.application
    def application(request: Request) -> Response:
        request.max_content_length = _LARGEST
        if request.method == "POST":
            posted.put(request.get_data(as_text=True))
        return Response()

    with (
        impossible(PortTakenError),
        serving(application, "127.0.0.1", port) as chosen,
        _subscribed(remote, url := f"http://127.0.0.1:{chosen}/"),
    ):
        click.echo(f"Listening at {url}", err=True)
        for body in islice(iter(posted.get, None), count):
            click.echo(body)
            if forward_to is not None:
                click.echo(_forwarded(forward_to, body), err=True)


def _forwarded(url: str, body: str) -> str:
    """Post a webhook to an address, and return a sentence about the answer."""
    import requests  # noqa: PLC0415 - only here

    with requests.Session() as session:
        # The environment's proxies are for other machines.
        session.trust_env = False
        headers = {"Content-Type": "application/json"}
        try:
            answer = session.post(url, body.encode(), headers=headers, timeout=_PATIENCE, allow_redirects=False)
        except requests.RequestException as error:
            return f"{url} did not answer: {error}"
    return f"{url} answered {answer.status_code}."


@contextmanager
def _subscribed(remote: Remote, url: str) -> Iterator[None]:
    made: list[str] = []
    try:
        made += (_subscribe(remote, event, url) for event in _events())
        yield
    finally:
        for subscription in made:
            remote.call("DELETE", f"/webhook-subscriptions/{subscription}")


def _subscribe(remote: Remote, event: str, url: str) -> str:
    return str(remote.call("POST", "/webhook-subscriptions", {"event": event, "url": url})["id"])


def _events() -> Sequence[str]:
    """Return the events of the API description."""
    from tpmock import spec  # noqa: PLC0415 - only here

    [schema] = spec.load("control").operations["createWebhookSubscription"].body.values()
    events: Sequence[str] = schema.document["properties"]["event"]["enum"]
    return events
