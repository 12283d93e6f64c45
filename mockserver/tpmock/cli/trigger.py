"""``tpmock event trigger``."""

from __future__ import annotations

from typing import Any

import click
from tpmock.cli.errors import ImpossibleError
from tpmock.cli.remote import Remote, on_sandbox, prints
from tpmock.cli.tables import Row, show_table
from tpmock.cli.tracking import Tracking, new_number
from tpmock.common import compiled, package_data
from tpmock.common.suggestions import did_you_mean


def _texts(name: str) -> dict[str, Row]:
    found: dict[str, Row] = compiled.content(package_data.path("texts", f"{name}.yaml"))
    return found


def _kinds() -> list[Row]:
    """Return the sample events by name, each with its way to the mock."""
    sent = [{"event": name, "sends": f"{row['type']} call to Segment"} for name, row in _texts("sample-events").items()]
    caused = [
        {"event": name, "sends": "webhook of Trustpilot" if row.get("webhook") else "call of Segment Engage"}
        for name, row in _texts("triggers").items()
    ]
    return sent + caused


def _show(done: Row) -> None:
    if "kinds" in done:
        show_table(("event", "sends"), [row.values() for row in done["kinds"]])
        return
    click.echo(f"Triggered {done['event']}: {done['result']}")


@click.command()
@click.argument("name", required=False)
@click.option("--list", "listed", is_flag=True, help="List the events that can be triggered.")
@prints(_show)
@on_sandbox
def trigger(remote: Remote, name: str | None, *, listed: bool) -> Row:
    """Cause a sample event by its name: a call to Segment, or a change that Trustpilot posts a webhook for.

    Example: tpmock event trigger service-review-created
    """
    if listed:
        return {"kinds": _kinds()}
    samples, caused = _texts("sample-events"), _texts("triggers")
    if name in samples:
        return {"event": name, "result": _send(remote, samples[name])}
    if name in caused:
        return {"event": name, "result": _cause(remote, name, caused[name])}
    if name is None:
        raise click.UsageError("Give the NAME of an event; --list shows all.")
    raise ImpossibleError(f"There is no event {name!r}. {did_you_mean(name, [*samples, *caused])}")


def _send(remote: Remote, message: Row) -> str:
    properties = message.get("properties", {})
    said = f"{message['type']} call sent to Segment"
    if "order_id" in properties:
        # A second order with the same number gets no invitation.
        number = new_number(remote)
        message = {**message, "properties": {**properties, "order_id": number}}
        said = f"order {number}; 'tpmock trace {number}' shows what became of it"
    Tracking(remote).send(message["type"], message)
    return f"{said}."


def _cause(remote: Remote, name: str, row: Row) -> str:
    first: Any = None
    for method, path, body in row["calls"]:
        answer = remote.call(method, path.format(**(first or {})), body)
        first = first or answer
    if not row.get("webhook"):
        return f"{first['total']} event reached Segment."
    subscribed = remote.call("GET", "/webhook-subscriptions", event=name)["total"]
    if not subscribed:
        return f"review {first['id']}, but no webhook: subscribe first with 'tpmock webhook add URL'."
    return f"review {first['id']}; 'tpmock webhook list' shows what was posted."
