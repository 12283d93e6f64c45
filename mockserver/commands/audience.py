"""``tpmock event audience-entered`` and its like: what Engage tells Segment's destinations."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from mockserver.commands.running import Remote, as_json, on_sandbox, show_json, show_table

_F = TypeVar("_F", bound=Callable[..., Any])

_OPTIONS: Final = (
    click.option(
        "--form",
        type=click.Choice(["identify", "track"]),
        default="identify",
        show_default=True,
        help="Which of the two calls Engage sends.",
    ),
    click.option("--user", "users", multiple=True, default=("customer-1",), show_default=True, help="Who; repeatable."),
    click.option("--email", "emails", multiple=True, help="Of each of them; every address gets a call of its own."),
    click.option(
        "--destination", "destinations", multiple=True, help="Send it to this one and to no other; repeatable."
    ),
)


def _told(command: _F) -> _F:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command("audience-entered")
@click.argument("audience")
@_told
@as_json
@on_sandbox
def audience_entered(remote: Remote, audience: str, *, as_json: bool, **told: Any) -> None:
    """Let Engage say that users entered an audience.

    Example: tpmock event audience-entered "Order completed last 30days" --email ada@example.com
    """
    _send(remote, "audience-entered", audience, told, as_json=as_json)


@click.command("audience-exited")
@click.argument("audience")
@_told
@as_json
@on_sandbox
def audience_exited(remote: Remote, audience: str, *, as_json: bool, **told: Any) -> None:
    """Let Engage say that users left an audience.

    Example: tpmock event audience-exited "Order completed last 30days" --form track
    """
    _send(remote, "audience-exited", audience, told, as_json=as_json)


@click.command("journey-entered")
@click.argument("step")
@_told
@as_json
@on_sandbox
def journey_entered(remote: Remote, step: str, *, as_json: bool, **told: Any) -> None:
    """Let Engage say that users entered a step of a journey.

    Example: tpmock event journey-entered "Win back"
    """
    _send(remote, "journey-entered", step, told, as_json=as_json)


@click.command("trait-computed")
@click.argument("trait")
@click.argument("value")
@_told
@as_json
@on_sandbox
def trait_computed(remote: Remote, trait: str, value: str, *, as_json: bool, **told: Any) -> None:
    """Let Engage say that a computed trait of users has a new value; JSON is read as JSON.

    Example: tpmock event trait-computed "Total orders" 7
    """
    _send(remote, "trait-computed", trait, told | {"value": _read(value)}, as_json=as_json)


def _read(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _send(remote: Remote, change: str, name: str, told: dict[str, Any], *, as_json: bool) -> None:
    body = {
        "change": change,
        "name": name,
        "form": told["form"],
        "profiles": [{"userId": user, "emails": list(told["emails"])} for user in told["users"]],
        "destinations": list(told["destinations"]),
        **({"value": told["value"]} if "value" in told else {}),
    }
    sent = remote.call("POST", "/segment/engage", body)
    if as_json:
        show_json(sent)
        return
    show_table(
        ("user", "call", "messageId", "dropped"),
        ((row["userId"], row["event"] or row["type"], row["messageId"], row["reason"]) for row in sent["events"]),
    )


#: All of them, for the group they stand in.
COMMANDS: Final = (audience_entered, audience_exited, journey_entered, trait_computed)
