"""``tpmock webhook``."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import click

from mockserver.commands.running import Remote, as_json, on_sandbox, show_json, show_table, until_ended

#: More than any webhook has; who sends more is none of ours.
_LARGEST: Final = 1024 * 1024


@click.group()
def webhook() -> None:
    """List the webhooks of a sandbox, and listen to them.

    Example: tpmock webhook listen
    """


@webhook.command("list")
@as_json
@on_sandbox
def list_webhooks(remote: Remote, *, as_json: bool) -> None:
    """List the webhooks of a sandbox with their attempts.

    Example: tpmock webhook list
    """
    listed = remote.call("GET", "/webhooks")
    if as_json:
        show_json(listed)
        return
    rows = (
        (row["id"], row["event"], row["url"], row["state"], ", ".join(map(_attempt, row["attempts"])))
        for row in listed["webhooks"]
    )
    show_table(("webhook", "event", "to", "state", "attempts"), rows)


def _attempt(attempt: dict[str, Any]) -> str:
    return str(attempt["status"] or attempt["error"])


@webhook.command()
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Where to listen; by default a free one.")
@click.option("--count", type=click.IntRange(1), help="End after so many; by default with Ctrl-C.")
@on_sandbox
def listen(remote: Remote, port: int, count: int | None) -> None:
    """Subscribe to every event of a sandbox and print what is posted, a line each.

    Example: tpmock webhook listen --count 1
    """
    heard = _Heard(count, until_ended())
    with _listening(port, heard.take) as url, _subscribed(remote, url):
        click.echo(f"Listening at {url}", err=True)
        heard.enough.wait()


class _Heard:
    """Prints what comes and says when it is enough."""

    def __init__(self, count: int | None, enough: threading.Event) -> None:
        self.enough = enough
        self._left = count
        self._lock = threading.Lock()

    def take(self, body: str) -> None:
        """One webhook."""
        with self._lock:
            if self.enough.is_set():
                return
            click.echo(body)
            if self._left is not None:
                self._left -= 1
                if self._left == 0:
                    self.enough.set()


@contextmanager
def _listening(port: int, take: Callable[[str], None]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(min(length, _LARGEST)).decode("utf-8", "replace")
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            take(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            """Silence: what is printed is for a program."""

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
            thread.join()


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
    """Those that can be subscribed to, as the document has them."""
    from contracts import spec  # noqa: PLC0415 - only here

    [schema] = spec.load("control").operations["createWebhookSubscription"].body.values()
    events: Sequence[str] = schema.document["properties"]["event"]["enum"]
    return events
